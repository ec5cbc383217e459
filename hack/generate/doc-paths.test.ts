import assert from 'node:assert/strict';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { repositoryRoot } from './generated-file.ts';

/** Where the paths begin that documents name from the root of the repository. */
const FOLDERS = /^(?:\.ci|config|crds|docs|emulator|hack|helm|src|test)\//;

async function documents(): Promise<string[]> {
  const inDocs = await readdir(path.join(repositoryRoot, 'docs'), { recursive: true });
  const names = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'];
  return [...names, ...inDocs.map((name) => `docs/${name}`)].filter((name) => name.endsWith('.md'));
}

async function isThere(file: string): Promise<boolean> {
  return stat(path.join(repositoryRoot, file)).then(
    () => true,
    () => false,
  );
}

/** Lists the paths that a document names: in backticks from the root, in links from where it is. */
function pathsIn(document: string, text: string): string[] {
  const prose = text.replaceAll(/^```[\s\S]*?^```/gm, '');
  const named = [...prose.matchAll(/`([^`\s]+)`/g)]
    .map(([, name = '']) => name)
    .filter((name) => FOLDERS.test(name) && !/[*<>{}…]/.test(name));
  const linked = [...prose.matchAll(/\]\(([^)\s#]+)[^)]*\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => path.join(path.dirname(document), target));
  return [...new Set([...named, ...linked])];
}

for (const document of await documents()) {
  test(`documents name what exists: ${document}`, async () => {
    const text = await readFile(path.join(repositoryRoot, document), 'utf8');
    const missing: string[] = [];
    for (const name of pathsIn(document, text)) {
      if (!(await isThere(name))) missing.push(name);
    }
    assert.deepEqual(missing, []);
  });
}

test('documents name what exists: paths and links are found', () => {
  const text =
    'See `src/a.ts`, `a.ts`, `src/*.ts`, [b](../b.md#c), [d](https://x) and\n```\n`src/e.ts`\n```';
  assert.deepEqual(pathsIn('docs/x.md', text), ['src/a.ts', 'b.md']);
});
