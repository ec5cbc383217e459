import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { parse } from 'yaml';
import { AdminInterface } from './admin/admin-interface.ts';
import { emulatorEnvironment } from './emulator-environment.ts';
import { startEmulator } from './emulator.ts';
import { DEFAULT_SEED, type CloudSeed } from './model/cloud-seed.ts';

interface CliOptions {
  readonly port: number;
  readonly seed?: string;
  readonly state?: string;
  readonly manualClock: boolean;
}

const MAX_PORT = 65_535;

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > MAX_PORT) {
    throw new InvalidArgumentError(`A port is a number from 0 to ${MAX_PORT}; 0 takes a free one.`);
  }
  return port;
}

function readSeed(path: string): CloudSeed {
  let seed: unknown;
  try {
    // JSON is YAML too.
    seed = parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new Error(`Cannot read the seed "${path}": ${String(cause)}`, { cause });
  }
  new AdminInterface().checkBody('POST', '/_admin/seed', seed);
  return seed as CloudSeed;
}

async function main(): Promise<void> {
  const options = new Command('emulator')
    .description(
      'A local Alibaba Cloud: CLB, VPC, ECS and STS, as far as a cloud controller manager asks',
    )
    .option('--port <number>', 'port on the loopback interface; 0 takes a free one', parsePort, 0)
    .option('--seed <file>', 'accounts, keys, networks and instances to begin with (JSON or YAML)')
    .option('--state <file>', 'keeps the state in this file; a later start goes on from it')
    .option('--manual-clock', 'the clock moves only when POST /_admin/clock moves it', false)
    .parse()
    .opts<CliOptions>();
  const seed = options.seed === undefined ? DEFAULT_SEED : readSeed(options.seed);
  const emulator = await startEmulator({
    port: options.port,
    seed,
    clock: options.manualClock ? 'manual' : 'real',
    ...(options.state === undefined ? {} : { stateFile: options.state }),
  });

  const stop = (): void => {
    // A long poll that nobody waits for any more must not keep the process.
    void emulator.stop().finally(() => process.exit(0));
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);

  const [key] = emulator.cloud.state.accessKeys.values();
  const client = { id: key?.accessKeyId ?? '', secret: key?.accessKeySecret ?? '' };
  const lines = [
    `The local Alibaba Cloud listens on ${emulator.url}`,
    '',
    ...Object.entries(emulatorEnvironment(emulator.url, client)).map(
      ([name, value]) => `export ${name}=${value}`,
    ),
    '',
    `Admin interface: curl ${emulator.url}/_admin/state`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
