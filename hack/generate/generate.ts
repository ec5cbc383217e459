import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Command } from 'commander';
import { annotationReference } from './annotation-reference.ts';
import { chartCrds } from './chart-crds.ts';
import { cloudOperations } from './cloud-operations.ts';
import { conditionReference } from './condition-reference.ts';
import { conformance } from './conformance.ts';
import { emulatorReference } from './emulator-reference.ts';
import { repositoryRoot, type GeneratedFile } from './generated-file.ts';
import { resourceSchemas } from './resource-schema.ts';
import { resourceTypes } from './resource-types.ts';

/** Everything in the repository that is made from something else in it. */
const GENERATORS: readonly (() => Promise<GeneratedFile[]>)[] = [
  annotationReference,
  chartCrds,
  cloudOperations,
  conditionReference,
  conformance,
  emulatorReference,
  resourceTypes,
  resourceSchemas,
];

const { write = false } = new Command('generate')
  .description('Writes the generated files, or checks that they are up to date')
  .option('--write', 'write the files that differ')
  .option('--check', 'fail when a file differs')
  .parse()
  .opts<{ write?: true; check?: true }>();

const stale: GeneratedFile[] = [];
for (const generator of GENERATORS) {
  for (const file of await generator()) {
    const present = await readFile(path.join(repositoryRoot, file.path), 'utf8').catch(
      () => undefined,
    );
    if (present !== file.content) stale.push(file);
  }
}
if (write) {
  for (const file of stale) {
    const target = path.join(repositoryRoot, file.path);
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, file.content);
    process.stdout.write(`Wrote ${file.path}\n`);
  }
} else if (stale.length > 0) {
  const names = stale.map((file) => file.path).join(', ');
  process.stderr.write(`Not up to date: ${names}; run \`npm run generate\`\n`);
  process.exitCode = 1;
}
