import { emulatorEnvironment } from '../../emulator/emulator-environment.ts';
import { startEmulator, type RunningEmulator } from '../../emulator/emulator.ts';
import type { AdminDesk } from '../../emulator/admin/admin-desk.ts';
import type { ObjectPatch } from '../../emulator/admin/object-patch.ts';
import type { StateDocument } from '../../emulator/admin/state-document.ts';
import type { CallRecord } from '../../emulator/model/call-log.ts';
import {
  DEFAULT_ACCOUNT,
  DEFAULT_REGION,
  DEFAULT_SEED,
  seedInstances,
  type CloudSeed,
} from '../../emulator/model/cloud-seed.ts';
import type { EmulatorSettings, SettingsChange } from '../../emulator/model/emulator-settings.ts';
import type { EmulatorClock } from '../../emulator/model/emulator-clock.ts';
import type { Fault, FaultOrder } from '../../emulator/model/fault-board.ts';
import type { HeldCall } from '../../emulator/model/hold-desk.ts';

/** What a test's cloud is started with. */
export interface LocalCloudOptions {
  /** How many instances run in it; three unless told. */
  readonly instances?: number;
  readonly settings?: SettingsChange;
  readonly port?: number;
  /** The clock moves only when `advance` moves it. */
  readonly manualClock?: boolean;
  /** A clock of the test's own; the machine's unless given. */
  readonly clock?: EmulatorClock;
}

/** What a Node object needs to stand for an instance. */
export interface CloudNode {
  readonly instanceId: string;
  readonly hostName: string;
  readonly privateIp: string;
  readonly zone: string;
  readonly region: string;
  readonly providerId: string;
}

/** A local cloud in the test's own process, with the admin verbs as methods. */
export interface LocalCloud {
  readonly url: string;
  readonly accountId: string;
  readonly regionId: string;
  readonly vpcId: string;
  readonly accessKey: { readonly id: string; readonly secret: string };
  /** The environment that points the operator, or an SDK, at this cloud. */
  readonly env: Readonly<Record<string, string>>;
  readonly instanceIds: readonly string[];
  readonly nodes: readonly CloudNode[];
  /** All admin verbs, and the model behind them. */
  readonly admin: AdminDesk;
  readonly emulator: RunningEmulator;
  state(options?: { readonly deleted?: boolean }): StateDocument;
  calls(since?: number): readonly CallRecord[];
  addFault(order: FaultOrder): Fault;
  removeFaults(id?: string): void;
  /** Waits for held calls, at most `waitMs`. */
  held(waitMs?: number): Promise<readonly HeldCall[]>;
  release(id: string): void;
  patchObject(id: string, patch: ObjectPatch): Record<string, unknown>;
  settings(change?: SettingsChange): EmulatorSettings;
  /** Moves a manual clock on. */
  advance(advanceMs: number): void;
  /** Adds instances, as a scale-out does, and gives the nodes for them. */
  addInstances(count: number): readonly CloudNode[];
  /** Forgets everything that happened and seeds the same networks and instances again. */
  reset(): void;
  stop(): Promise<void>;
}

/**
 * Harder than the real cloud: a load balancer stays locked for a while after an answer, as it may be
 * when others write to it too. The answers come at once, for the sake of speed.
 */
const HARD: SettingsChange = { writeMs: 0, lockMs: 200 };

const ACCESS_KEY = { id: 'emulator', secret: 'emulator-secret' };

/** Starts a local cloud with the standard network and the given number of instances. */
export async function startLocalCloud(options: LocalCloudOptions = {}): Promise<LocalCloud> {
  let count = options.instances ?? 3;
  const seed: CloudSeed = { ...DEFAULT_SEED, instances: seedInstances(count) };
  const emulator = await startEmulator({
    seed,
    clock: options.clock ?? (options.manualClock === true ? 'manual' : 'real'),
    settings: { ...HARD, ...options.settings },
    ...(options.port === undefined ? {} : { port: options.port }),
  });
  const { admin, url } = emulator;
  return {
    url,
    accountId: DEFAULT_ACCOUNT,
    regionId: DEFAULT_REGION,
    vpcId: DEFAULT_SEED.vpcs?.[0]?.vpcId ?? '',
    accessKey: ACCESS_KEY,
    env: emulatorEnvironment(url, ACCESS_KEY),
    instanceIds: seedInstances(count).map(({ instanceId }) => instanceId),
    nodes: cloudNodes(count),
    admin,
    emulator,
    state: (wanted) => admin.state(wanted),
    calls: (since) => admin.calls(since),
    addFault: (order) => admin.addFault(order),
    removeFaults: (id) => {
      admin.removeFaults(id);
    },
    held: (waitMs = 10_000) => admin.held(waitMs),
    release: (id) => {
      admin.release(id);
    },
    patchObject: (id, patch) => admin.patchObject(id, patch),
    settings: (change) => (change === undefined ? admin.settings() : admin.changeSettings(change)),
    advance: (advanceMs) => {
      admin.advanceClock(advanceMs);
    },
    addInstances: (more) => {
      const added = seedInstances(count + more).slice(count);
      admin.seed({ instances: added });
      const nodes = cloudNodes(count + more).slice(count);
      count += more;
      return nodes;
    },
    reset: () => {
      admin.reset();
      admin.seed({ vpcs: seed.vpcs ?? [], instances: seedInstances(count) });
    },
    stop: () => emulator.stop(),
  };
}

function cloudNodes(count: number): CloudNode[] {
  return seedInstances(count).map((instance) => ({
    instanceId: instance.instanceId,
    hostName: instance.hostName ?? instance.instanceId,
    privateIp: instance.privateIps[0] ?? '',
    zone: instance.zoneId,
    region: DEFAULT_REGION,
    providerId: `${DEFAULT_REGION}.${instance.instanceId}`,
  }));
}
