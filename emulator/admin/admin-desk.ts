import type { CallRecord } from '../model/call-log.ts';
import type { CloudSeed } from '../model/cloud-seed.ts';
import {
  changedSettings,
  type EmulatorSettings,
  type SettingsChange,
} from '../model/emulator-settings.ts';
import { ManualClock } from '../model/emulator-clock.ts';
import type { Fault, FaultOrder } from '../model/fault-board.ts';
import type { HeldCall } from '../model/hold-desk.ts';
import type { CloudParts } from '../model/cloud-parts.ts';
import { plantSeed } from '../model/seed-planting.ts';
import { AdminRefusal } from './admin-refusal.ts';
import { patchObject, type ObjectPatch } from './object-patch.ts';
import { stateDocument, type StateDocument } from './state-document.ts';

/** The orders that the admin interface takes, for callers in the same process. */
export class AdminDesk {
  readonly #cloud: CloudParts;

  constructor(cloud: CloudParts) {
    this.#cloud = cloud;
  }

  /** Forgets objects, calls, faults and what is held; keys and start-up settings stay. */
  reset(): void {
    this.#cloud.reset();
  }

  /** Adds what the seed names; `SeedConflict` when an id is taken. */
  seed(seed: CloudSeed): void {
    this.#cloud.state.settle(this.#cloud.clock.now());
    plantSeed(this.#cloud.state, seed);
    this.#cloud.changed();
  }

  state(options: { readonly deleted?: boolean } = {}): StateDocument {
    const { state, clock } = this.#cloud;
    state.settle(clock.now());
    return stateDocument(state, clock.now(), options.deleted === true);
  }

  /** Lists the calls after a number, in the order of arrival. */
  calls(since = 0): readonly CallRecord[] {
    return this.#cloud.log.list(since);
  }

  addFault(order: FaultOrder): Fault {
    return this.#cloud.faults.add(order);
  }

  listFaults(): readonly Fault[] {
    return this.#cloud.faults.list();
  }

  /** Removes one fault, or all of them. */
  removeFaults(id?: string): void {
    if (!this.#cloud.faults.remove(id)) throw new AdminRefusal(404, `No fault "${id ?? ''}"`);
  }

  /**
   * Lists the held calls as soon as there is one.
   *
   * Units: waits at most `waitMs` of real time, then gives an empty list.
   */
  async held(waitMs = 0): Promise<readonly HeldCall[]> {
    const { holds } = this.#cloud;
    if (holds.list().length > 0 || waitMs <= 0) return holds.list();
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        stopWatching();
        resolve();
      };
      const timer = setTimeout(done, waitMs);
      const stopWatching = holds.watch(done);
    });
    return holds.list();
  }

  /** Lets a held call go on. */
  release(id: string): void {
    if (!this.#cloud.holds.release(id)) throw new AdminRefusal(404, `No held call "${id}"`);
  }

  settings(): EmulatorSettings {
    return this.#cloud.state.settings;
  }

  changeSettings(change: SettingsChange): EmulatorSettings {
    const { state } = this.#cloud;
    state.settings = changedSettings(state.settings, change);
    this.#cloud.changed();
    return state.settings;
  }

  /** Changes or removes an object behind the back of whoever manages it. */
  patchObject(id: string, patch: ObjectPatch): Record<string, unknown> {
    const { state, clock } = this.#cloud;
    state.settle(clock.now());
    const shown = patchObject(state, id, patch, clock.now());
    this.#cloud.changed();
    return shown;
  }

  /** Moves a manual clock on; gives the new time. */
  advanceClock(advanceMs: number): string {
    const { clock } = this.#cloud;
    if (!(clock instanceof ManualClock)) {
      throw new AdminRefusal(409, 'The emulator was not started with a manual clock');
    }
    clock.advance(advanceMs);
    return new Date(clock.now()).toISOString();
  }
}
