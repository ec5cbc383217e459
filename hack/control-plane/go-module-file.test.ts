import assert from 'node:assert/strict';
import { test } from 'node:test';
import { etcdModuleFile, kubernetesModuleFile } from './go-module-file.ts';

test('kubernetesModuleFile: replaces the staging modules, and them only', () => {
  const upstream = {
    Go: '1.24.0',
    Require: [
      { Path: 'k8s.io/client-go', Version: 'v0.0.0' },
      { Path: 'k8s.io/api', Version: 'v0.0.0' },
      { Path: 'k8s.io/klog/v2', Version: 'v2.130.1' },
      { Path: 'example.com/other', Version: 'v0.0.0' },
    ],
  };
  assert.equal(
    kubernetesModuleFile('1.33.13', upstream),
    `module control-plane/kubernetes

go 1.24.0

require k8s.io/kubernetes v1.33.13

replace k8s.io/api => k8s.io/api v0.33.13
replace k8s.io/client-go => k8s.io/client-go v0.33.13
`,
  );
});

test('etcdModuleFile: requires the server', () => {
  assert.match(
    etcdModuleFile('3.6.16', { Go: '1.25.0' }),
    /^go 1\.25\.0\n\nrequire go\.etcd\.io\/etcd\/server\/v3 v3\.6\.16\n$/m,
  );
});
