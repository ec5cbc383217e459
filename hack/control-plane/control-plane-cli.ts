import path from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { ADD_ONS, startControlPlane, type AddOn } from './control-plane.ts';
import { installedHelm } from './installed-helm.ts';
import { stopKeptGroup } from './process-group.ts';
import { ensurePrograms } from './program-locator.ts';

const program = new Command('control-plane').description(
  'A real Kubernetes control plane on this machine, for trying things out and for tests',
);

program
  .command('up')
  .description('start a control plane that runs on in the background')
  .requiredOption('--dir <directory>', 'where its data, keys and logs go')
  .option('--with <parts>', `what else to run, of ${Object.keys(ADD_ONS).join(', ')}`, parseAddOns)
  .option('--audit', 'write every request on an object to logs/audit.log')
  .action(async (options: { dir: string; with?: AddOn[]; audit?: true }) => {
    if (await stopKeptGroup(path.resolve(options.dir))) {
      process.stderr.write('Stopped the control plane that ran in that directory\n');
    }
    const controlPlane = await startControlPlane({
      directory: options.dir,
      with: options.with ?? [],
      audit: options.audit === true,
    });
    await controlPlane.keepRunning();
    process.stdout.write(
      `KUBECONFIG=${controlPlane.kubeconfig}\n` +
        `URL=${controlPlane.url}\n` +
        `KUBECTL=${controlPlane.kubectl}\n`,
    );
  });

program
  .command('down')
  .description('stop the control plane that was started in a directory')
  .requiredOption('--dir <directory>', 'the directory it was started with')
  .action(async (options: { dir: string }) => {
    const directory = path.resolve(options.dir);
    if (!(await stopKeptGroup(directory))) {
      process.stderr.write(`No control plane runs in ${directory}\n`);
    }
  });

program
  .command('prepare')
  .description('make sure that every program can be run, building what is missing')
  .action(async () => {
    await ensurePrograms([
      'etcd',
      'kube-apiserver',
      'kubectl',
      'kube-controller-manager',
      'kube-scheduler',
      'kwok',
      ...((await installedHelm()) === undefined ? (['helm'] as const) : []),
    ]);
  });

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

function parseAddOns(text: string): AddOn[] {
  return text.split(',').map((name) => {
    if (!Object.hasOwn(ADD_ONS, name)) {
      throw new InvalidArgumentError(`must be of ${Object.keys(ADD_ONS).join(', ')}`);
    }
    return name as AddOn;
  });
}
