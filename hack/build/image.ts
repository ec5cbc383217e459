import { spawnSync } from 'node:child_process';
import path from 'node:path';
import manifest from '../../package.json' with { type: 'json' };

const root = path.join(import.meta.dirname, '../..');
const asked = process.env.IMAGE ?? '';
const image = asked === '' ? `${manifest.name}:${manifest.version}` : asked;

/** Programs that build an image from a Dockerfile with the same arguments. */
const BUILDERS = ['docker', 'podman'];

const builder = BUILDERS.find((program) => spawnSync(program, ['--version']).status === 0);
if (builder === undefined) {
  process.stderr.write(`Cannot build the image: install ${BUILDERS.join(' or ')}\n`);
  process.exitCode = 1;
} else {
  const node = `NODE_VERSION=${manifest.devDependencies.node}`;
  const { status } = spawnSync(
    builder,
    ['build', '--file', 'hack/build/Dockerfile', '--build-arg', node, '--tag', image, '.'],
    { cwd: root, stdio: 'inherit' },
  );
  if (status === 0) process.stdout.write(`${image}\n`);
  process.exitCode = status ?? 1;
}
