/**
 * Runs all that CI runs, one step after the other, and stops at the first that fails.
 *
 * Each step is an npm script, so that whoever sees it fail can run it alone.
 */
import { spawn } from 'node:child_process';
import { formatElapsed } from '../control-plane/elapsed-progress.ts';

const STEPS = [
  { script: 'control-plane', parameters: ['prepare'], title: 'Kubernetes programs' },
  { script: 'format', parameters: [], title: 'Format' },
  { script: 'lint', parameters: [], title: 'Lint' },
  { script: 'types', parameters: [], title: 'Types' },
  { script: 'generated', parameters: [], title: 'Generated files' },
  { script: 'test:unit', parameters: [], title: 'Unit tests' },
  { script: 'build', parameters: [], title: 'Build' },
  { script: 'test:integration', parameters: [], title: 'Integration tests' },
  { script: 'test:e2e', parameters: [], title: 'End-to-end tests' },
] as const;

const startedMs = performance.now();
for (const [index, { script, parameters, title }] of STEPS.entries()) {
  const stepStartedMs = performance.now();
  say(`${title} (${index + 1} of ${STEPS.length}): npm run ${script}`);
  const code = await run(['run', '-s', script, '--', ...parameters]);
  const took = formatElapsed(performance.now() - stepStartedMs);
  if (code !== 0) {
    say(`${title} failed after ${took}: npm run ${[script, ...parameters].join(' -- ')}`);
    process.exit(1);
  }
  say(`${title} passed in ${took}`);
}
say('Everything passed');

function say(text: string): void {
  process.stderr.write(`[${formatElapsed(performance.now() - startedMs)}] ${text}\n`);
}

function run(parameters: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn('npm', parameters, { stdio: 'inherit' });
    child.on('error', reject);
    child.on('exit', (code) => {
      resolve(code ?? 1);
    });
  });
}
