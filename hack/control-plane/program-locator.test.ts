import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import {
  cachedProgram,
  findProgram,
  isGoRecentEnough,
  missingPrerequisite,
} from './program-locator.ts';
import { selectVersions } from './program-versions.ts';

const root = await mkdtemp(path.join(tmpdir(), 'program-locator-'));
after(() => rm(root, { recursive: true }));

const versions = selectVersions({});
const assets = path.join(root, 'assets');
const environment = { XDG_CACHE_HOME: path.join(root, 'cache') };
await mkdir(assets);
await writeFile(path.join(assets, 'etcd'), '');
for (const program of ['etcd', 'kwok'] as const) {
  const file = cachedProgram(program, versions, environment);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, '');
}

test('findProgram: takes it from KUBEBUILDER_ASSETS before the cache', () => {
  const withAssets = { ...environment, KUBEBUILDER_ASSETS: assets };
  assert.equal(findProgram('etcd', versions, withAssets), path.join(assets, 'etcd'));
});

test('findProgram: looks into the cache for what the assets lack', () => {
  const withAssets = { ...environment, KUBEBUILDER_ASSETS: assets };
  const cached = path.join(
    root,
    `cache/alibaba-cloud-operator/control-plane/kwok-${versions.kwok}/kwok`,
  );
  assert.equal(findProgram('kwok', versions, withAssets), cached);
});

test('findProgram: another version in the cache does not count', () => {
  assert.equal(findProgram('etcd', { ...versions, etcd: '3.5.0' }, environment), undefined);
  assert.equal(findProgram('kubectl', versions, environment), undefined);
});

const goVersions = [
  { name: 'Same', found: 'go1.26.8', want: true, reason: 'A patch release counts.' },
  { name: 'NextMinor', found: 'go1.27', want: true, reason: 'Newer builds older modules.' },
  { name: 'Candidate', found: 'go1.26rc1', want: true, reason: 'It understands the language.' },
  { name: 'Older', found: 'go1.9.7', want: false, reason: 'Numbers, not text, are compared.' },
  { name: 'NextMajor', found: 'go2.0', want: true, reason: 'The major version decides first.' },
];

for (const { name, found, want, reason } of goVersions) {
  test(`isGoRecentEnough: ${name}`, () => {
    assert.equal(isGoRecentEnough(found, '1.26'), want, reason);
  });
}

test('missingPrerequisite: one sentence that names both ways out', () => {
  const none = missingPrerequisite(['etcd', 'kubectl'], versions, undefined);
  assert.equal(
    none,
    `Cannot get etcd ${versions.etcd}, kubectl ${versions.kubernetes}: no Go is installed; install ` +
      `Go ${versions.go} or newer, which builds them from source, or set KUBEBUILDER_ASSETS to a ` +
      'folder that holds etcd, kubectl',
  );
  assert.match(missingPrerequisite(['etcd'], versions, 'go1.22.1'), /: Go here is go1\.22\.1; /);
});
