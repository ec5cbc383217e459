import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { CLOUD_RULES } from './cloud-rules.ts';

const root = fileURLToPath(new URL('../', import.meta.url));

test('every rule has a name of its own and a test that carries it', () => {
  const ids = CLOUD_RULES.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  const titles = globSync('**/*.test.ts', { cwd: root })
    .filter((name) => !name.endsWith('cloud-rules.test.ts'))
    .map((name) => readFileSync(`${root}${name}`, 'utf8'))
    .join('\n');
  const proven = new Set(
    [...titles.matchAll(/rule ((?:[a-z0-9]+(?:-[a-z0-9]+)+[ :])+)/g)].flatMap(([, names = '']) =>
      names.split(/[ :]+/),
    ),
  );
  // Some titles are made from tables: their rule stands in a member of the table.
  for (const [, name = ''] of titles.matchAll(/(?:rule|[a-z]+): '([a-z0-9]+(?:-[a-z0-9]+)+)'/g)) {
    proven.add(name);
  }
  assert.deepEqual(
    ids.filter((id) => !proven.has(id)),
    [],
  );
});
