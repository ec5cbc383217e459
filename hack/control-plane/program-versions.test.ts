import assert from 'node:assert/strict';
import { test } from 'node:test';
import { selectVersions, versionOf } from './program-versions.ts';
import pinned from './versions.json' with { type: 'json' };

const selections = [
  { name: 'Unset', asked: undefined, want: pinned.kubernetes, reason: 'The pinned version.' },
  { name: 'Empty', asked: '', want: pinned.kubernetes, reason: '`make K8S=` says nothing.' },
  { name: 'Other', asked: '1.33.13', want: '1.33.13', reason: 'What was asked for.' },
  { name: 'WithLetter', asked: 'v1.33.13', want: '1.33.13', reason: 'As Kubernetes writes it.' },
];

for (const { name, asked, want, reason } of selections) {
  test(`selectVersions: ${name}`, () => {
    assert.equal(selectVersions({ K8S: asked }).kubernetes, want, reason);
  });
}

for (const asked of ['1.33', 'latest', '2.0.0', '1.33.x', '1.33.13 ']) {
  test(`selectVersions: refuses "${asked}"`, () => {
    assert.throws(() => selectVersions({ K8S: asked }), /K8S must be a full version/);
  });
}

test('versionOf: another Kubernetes leaves etcd, kwok and helm as they are pinned', () => {
  const versions = selectVersions({ K8S: '1.33.13' });
  assert.equal(versionOf('kubectl', versions), '1.33.13');
  assert.equal(versionOf('kube-scheduler', versions), '1.33.13');
  assert.equal(versionOf('etcd', versions), pinned.etcd);
  assert.equal(versionOf('kwok', versions), pinned.kwok);
  assert.equal(versionOf('helm', versions), pinned.helm);
});
