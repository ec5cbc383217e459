import assert from 'node:assert/strict';
import { test } from 'node:test';
import { localArguments, localEnvironment } from './pod-blueprint.ts';

const local = { podName: 'operator-0', namespace: 'kube-system', volumes: '/tmp/volumes' };

test('localArguments: only paths below a mount change', () => {
  const container = {
    args: ['--cloud-config=/etc/operator/cloud-config.yaml', '--other=/etc/operatorx/a', '-v=2'],
    volumeMounts: [{ name: 'config', mountPath: '/etc/operator' }],
  };
  assert.deepEqual(localArguments(container, local), [
    '--cloud-config=/tmp/volumes/config/cloud-config.yaml',
    '--other=/etc/operatorx/a',
    '-v=2',
  ]);
});

test('localEnvironment: a pod knows its name and its namespace', () => {
  const field = (fieldPath: string) => ({ fieldRef: { fieldPath } });
  const container = {
    env: [
      { name: 'PLAIN', value: 'a' },
      { name: 'POD_NAME', valueFrom: field('metadata.name') },
      { name: 'POD_NAMESPACE', valueFrom: field('metadata.namespace') },
    ],
  };
  assert.deepEqual(localEnvironment(container, local), {
    PLAIN: 'a',
    POD_NAME: 'operator-0',
    POD_NAMESPACE: 'kube-system',
  });
});

test('localEnvironment: a source without a counterpart is an error', () => {
  const secret: object = { secretKeyRef: { name: 's', key: 'k' } };
  const container = { env: [{ name: 'KEY', valueFrom: secret }] };
  assert.throws(() => localEnvironment(container, local), /Cannot set "KEY"/);
});

test('localEnvironment: a share of the memory is that of the container, not of the machine', () => {
  const container = {
    env: [{ name: 'NODE_OPTIONS', value: '--no-warnings --max-old-space-size-percentage=75' }],
    resources: { limits: { memory: '320Mi' } },
  };
  const { NODE_OPTIONS } = localEnvironment(container, local);
  assert.equal(NODE_OPTIONS, '--no-warnings --max-old-space-size=240');
});
