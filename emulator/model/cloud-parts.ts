import { CallLog } from './call-log.ts';
import { CallRunner } from './call-runner.ts';
import { Cloud } from './cloud.ts';
import { DEFAULT_REGION, type CloudSeed } from './cloud-seed.ts';
import {
  DEFAULT_SETTINGS,
  changedSettings,
  type EmulatorSettings,
  type SettingsChange,
} from './emulator-settings.ts';
import { CloudState } from './cloud-state.ts';
import { ManualClock, type EmulatorClock } from './emulator-clock.ts';
import { FaultBoard } from './fault-board.ts';
import { HoldDesk } from './hold-desk.ts';
import { plantSeed } from './seed-planting.ts';

/** What a cloud is started with. */
export interface CloudStart {
  readonly clock: EmulatorClock;
  readonly idSeed: string;
  readonly seed: CloudSeed;
  readonly settings: SettingsChange;
  /** Told after every change of what the cloud holds. */
  readonly onChange: () => void;
}

/** One cloud: its state machine, the calls it got, and what was ordered to go wrong. */
export class CloudParts {
  readonly clock: EmulatorClock;
  readonly state: CloudState;
  readonly cloud: Cloud;
  readonly log = new CallLog();
  readonly faults = new FaultBoard();
  readonly holds = new HoldDesk();
  readonly runner: CallRunner;
  readonly #start: CloudStart;
  readonly #resetters: (() => void)[] = [];

  constructor(start: CloudStart) {
    this.#start = start;
    this.clock = start.clock;
    this.state = new CloudState(start.idSeed, initialSettings(start));
    plantSeed(this.state, start.seed);
    this.state.letKeysLast();
    this.cloud = new Cloud(this.state);
    this.runner = new CallRunner({
      cloud: this.cloud,
      clock: this.clock,
      log: this.log,
      faults: this.faults,
      holds: this.holds,
      onApplied: start.onChange,
    });
  }

  /** Has something else forgotten with every reset. */
  onReset(reset: () => void): void {
    this.#resetters.push(reset);
  }

  /**
   * Forgets objects, calls, faults and what is held.
   *
   * Shape: accounts and keys stay; region, role, settings and quotas are those of the start.
   */
  reset(): void {
    this.runner.cutRunning();
    this.faults.clear();
    this.cloud.clear();
    this.log.clear();
    const { seed } = this.#start;
    this.state.regionId = seed.regionId ?? DEFAULT_REGION;
    this.state.ramRole = seed.ramRole;
    this.state.settings = changedSettings(initialSettings(this.#start), {
      quotas: seed.quotas ?? {},
    });
    for (const reset of this.#resetters) reset();
    this.changed();
  }

  /** Says that what the cloud holds has changed. */
  changed(): void {
    this.#start.onChange();
  }
}

function initialSettings({ clock, settings }: CloudStart): EmulatorSettings {
  // An answer must not wait for a clock that only another request moves.
  const usual = clock instanceof ManualClock ? { writeMs: 0 } : {};
  return changedSettings(changedSettings(DEFAULT_SETTINGS, usual), settings);
}
