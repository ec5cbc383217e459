import { AdminDesk } from './admin/admin-desk.ts';
import { AdminInterface } from './admin/admin-interface.ts';
import { addAdminRoutes } from './admin/admin-routes.ts';
import {
  createHttpApp,
  listenOnLoopback,
  readWireRequest,
  writeWireAnswer,
} from './http/http-server.ts';
import { MetadataService } from './http/metadata-service.ts';
import { RpcGateway } from './http/rpc-gateway.ts';
import type { WireAnswer, WireRequest } from './http/wire-message.ts';
import { CloudParts } from './model/cloud-parts.ts';
import { DEFAULT_SEED, type CloudSeed } from './model/cloud-seed.ts';
import type { SettingsChange } from './model/emulator-settings.ts';
import { StateFile } from './state-file.ts';
import { ManualClock, RealClock, type EmulatorClock } from './model/emulator-clock.ts';

/** How an emulator is started. */
export interface EmulatorOptions {
  /** The default seed unless told. */
  readonly seed?: CloudSeed;
  readonly settings?: SettingsChange;
  /**
   * `real` unless told. With a clock of the caller's own, timestamps of requests are judged by
   * that clock; with `manual`, they are judged by the machine's.
   */
  readonly clock?: 'real' | 'manual' | EmulatorClock;
  /** Makes the ids; the same seed gives the same ids in the same order. */
  readonly idSeed?: string;
  /** A file that the state is kept in; what it holds counts instead of the seed. */
  readonly stateFile?: string;
}

/** One local cloud without a door to the network. */
export interface Emulator {
  readonly cloud: CloudParts;
  readonly admin: AdminDesk;
  /** Takes a request as it would come over the wire: RPC calls and instance metadata. */
  handle(request: WireRequest): Promise<WireAnswer>;
  /** Ends what is under way and writes the state file. */
  close(): void;
}

/** A local cloud that listens on the loopback interface. */
export interface RunningEmulator extends Emulator {
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

/** Makes a local cloud for callers in the same process. */
export function createEmulator(options: EmulatorOptions = {}): Emulator {
  const clock = clockOf(options.clock ?? 'real');
  const file = options.stateFile === undefined ? undefined : new StateFile(options.stateFile);
  const cloud = new CloudParts({
    clock,
    idSeed: options.idSeed ?? 'emulator',
    seed: options.seed ?? DEFAULT_SEED,
    settings: options.settings ?? {},
    onChange: () => file?.noteChange(),
  });
  file?.attach(cloud);
  const callerClock = typeof options.clock === 'object' ? clock : new RealClock();
  const { state, runner, log } = cloud;
  const gateway = new RpcGateway({
    state,
    runner,
    log,
    clock,
    callerNow: () => callerClock.now(),
  });
  const metadata = new MetadataService({ state, log, clock });
  cloud.onReset(() => {
    gateway.clear();
    metadata.clear();
  });
  return {
    cloud,
    admin: new AdminDesk(cloud),
    handle: (request) => {
      const { pathname } = new URL(request.target, 'http://localhost');
      return pathname.startsWith('/latest/')
        ? Promise.resolve(metadata.handle(request))
        : gateway.handle(request);
    },
    close: () => {
      cloud.runner.cutRunning();
      file?.write();
    },
  };
}

/** Starts a local cloud on the loopback interface; port 0 takes a free one. */
export async function startEmulator(
  options: EmulatorOptions & { readonly port?: number } = {},
): Promise<RunningEmulator> {
  const emulator = createEmulator(options);
  const app = createHttpApp();
  addAdminRoutes(app, emulator.admin, new AdminInterface());
  app.all('*', async (context) => {
    const request = await readWireRequest(context);
    return writeWireAnswer(context, await emulator.handle(request));
  });
  const server = await listenOnLoopback(app, options.port ?? 0);
  return {
    ...emulator,
    url: server.url,
    port: server.port,
    stop: async () => {
      emulator.close();
      await server.close();
    },
  };
}

function clockOf(clock: 'real' | 'manual' | EmulatorClock): EmulatorClock {
  if (clock === 'real') return new RealClock();
  if (clock === 'manual') return new ManualClock(Date.now());
  return clock;
}
