import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instanceOf, interfaceOf } from '../../../test/support/cloud-builders.ts';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import type { CloudInstance, EcsClient } from './ecs-client.ts';
import { GatheredEcsReads } from './gathered-ecs-reads.ts';

const options = { signal: new AbortController().signal, lane: 'live' } as const;

const NOTHING: EcsClient = {
  listInstances: () => Promise.resolve([]),
  listInstancesByPrivateIp: () => Promise.resolve([]),
  listNetworkInterfaces: () => Promise.resolve([]),
  setSourceDestCheck: () => Promise.resolve(),
  listDisks: () => Promise.resolve([]),
};

test('findInstancesByPrivateIp: one call for the addresses of a VPC, each gets its holders', async () => {
  const clock = new VirtualClock();
  const instances: readonly CloudInstance[] = [
    instanceOf({ id: 'i-1', privateIps: ['10.0.0.1'] }),
    instanceOf({
      id: 'i-2',
      privateIps: ['10.0.0.2'],
      interfaces: [interfaceOf('eni-2', ['10.0.0.2', '10.0.0.1'])],
    }),
  ];
  const calls: unknown[] = [];
  const ecs: EcsClient = {
    ...NOTHING,
    listInstancesByPrivateIp: (place, privateIps) => {
      calls.push([place, privateIps]);
      return Promise.resolve(instances);
    },
  };
  const reads = new GatheredEcsReads({ ecs, clock, windowMs: 1_000 });
  const [here, there] = ['vpc-1', 'vpc-2'].map((vpcId) => ({ regionId: 'r', vpcId }));
  assert.ok(here && there);
  const answers = Promise.all([
    reads.findInstancesByPrivateIp(here, '10.0.0.1', options),
    reads.findInstancesByPrivateIp(here, '10.0.0.2', options),
    reads.findInstancesByPrivateIp(here, '10.0.0.3', options),
    reads.findInstancesByPrivateIp(there, '10.0.0.1', options),
  ]);
  await clock.advance(1_000);
  const ids = (await answers).map((found) => found.map(({ id }) => id));
  assert.deepEqual(ids, [['i-1', 'i-2'], ['i-2'], [], ['i-1', 'i-2']]);
  assert.deepEqual(calls, [
    [here, ['10.0.0.1', '10.0.0.2', '10.0.0.3']],
    [there, ['10.0.0.1']],
  ]);
});
