import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import packageJson from '../../package.json' with { type: 'json' };
import { isFailure } from '../cloud/failure.ts';
import { composeOperator, type ComposedOperator } from './composition.ts';
import { readConfig, type Config } from './config/config.ts';
import { loadKubeConfig } from './kubeconfig-source.ts';
import { SystemClock, SystemRandomness } from './system-clock.ts';
import { createProcessLogger } from './telemetry/process-logger.ts';
import { SecretScrubber } from './telemetry/secret-scrubber.ts';

/** A mistake in the configuration, which starting again does not mend. */
const EXIT_MISTAKE = 2;
const EXIT_FAILURE = 1;

/** The process: reads the environment, makes the real clock, and lets one operator live. */
async function main(): Promise<number> {
  const reading = await readConfig({
    argv: process.argv.slice(2),
    env: process.env,
    version: packageJson.version,
    readFile: (path) => readFile(path, 'utf8'),
  });
  switch (reading.kind) {
    case 'text':
      process.stdout.write(reading.text);
      return 0;
    case 'invalid':
      process.stderr.write(`${reading.mistakes.join('\n')}\n`);
      return EXIT_MISTAKE;
    case 'config':
      return run(reading.config);
  }
}

async function run(config: Config): Promise<number> {
  const clock = new SystemClock();
  const scrubber = new SecretScrubber();
  const logger = createProcessLogger({ ...config.logging, clock, scrubber });
  let operator: ComposedOperator;
  try {
    const kubeConfig = loadKubeConfig(config.kubeconfigPath, process.env);
    // The base class of the operator would read this file again, and stop at a fault in it.
    delete process.env.KUBECONFIG;
    operator = composeOperator({
      config,
      clock,
      randomness: new SystemRandomness(),
      kubeConfig,
      logger,
      scrubber,
      hostName: hostname(),
    });
  } catch (error) {
    if (!isFailure(error, 'terminal')) throw error;
    process.stderr.write(`${error.message}\n`);
    return EXIT_MISTAKE;
  }
  const onFault = (error: unknown): void => {
    operator.fail('Ending, because of an error that nobody handled', { err: error });
  };
  process.on('uncaughtException', onFault);
  process.on('unhandledRejection', onFault);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      operator.stop();
    });
  }
  try {
    await operator.start();
  } catch (error) {
    logger.error('Failed to start', { err: error });
    return EXIT_FAILURE;
  }
  return operator.done;
}

process.exit(await main());
