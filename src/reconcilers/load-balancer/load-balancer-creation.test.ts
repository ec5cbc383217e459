import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadBalancerOf } from '../../../test/support/kubernetes-builders.ts';
import {
  attributesOfCreation,
  canStillAppear,
  creationParameters,
  isLookUpNeeded,
  newCreationRecord,
} from './load-balancer-creation.ts';
import type { DesiredAttributes } from './load-balancer-desired.ts';

const identity = { accountId: '1001', regionId: 'cn-hangzhou' };
const attributes: DesiredAttributes = {
  name: 'aweb',
  deleteProtection: 'on',
  modificationProtection: 'ConsoleProtection',
  tags: [
    { key: 'ack.aliyun.com', value: 'c1' },
    { key: 'empty', value: '' },
  ],
};

test('creationParameters: an address of the internet by use, protected and marked', () => {
  assert.deepEqual(creationParameters(loadBalancerOf(), attributes, { vSwitchId: 'vsw-1' }), {
    AddressType: 'internet',
    LoadBalancerName: 'aweb',
    InstanceChargeType: 'PayByCLCU',
    DeleteProtection: 'on',
    ModificationProtectionStatus: 'ConsoleProtection',
    ModificationProtectionReason: 'managed.by.ack',
    'Tag.1.Key': 'ack.aliyun.com',
    'Tag.1.Value': 'c1',
    'Tag.2.Key': 'empty',
    'Tag.2.Value': '',
  });
});

test('creationParameters: an intranet address in the vSwitch of the spec, else the configured', () => {
  const asked = loadBalancerOf({ spec: { addressType: 'Intranet', clb: { vSwitchId: 'vsw-2' } } });
  const open = loadBalancerOf({ spec: { addressType: 'Intranet' } });
  const defaults = { vSwitchId: 'vsw-1' };
  assert.equal(creationParameters(asked, attributes, defaults).VSwitchId, 'vsw-2');
  assert.equal(creationParameters(open, attributes, defaults).VSwitchId, 'vsw-1');
});

test('creationParameters: a specification goes only with PayBySpec', () => {
  const spec = { ...attributes, spec: 'slb.s2.small' };
  const byUse = creationParameters(loadBalancerOf(), spec, {});
  assert.equal(byUse.LoadBalancerSpec, undefined);
  const bySpec = { ...attributes, instanceChargeType: 'PayBySpec' as const };
  const got = creationParameters(loadBalancerOf(), bySpec, {});
  assert.equal(got.LoadBalancerSpec, 'slb.s1.small');
});

test('attributesOfCreation: reads back what was asked for', () => {
  const parameters = creationParameters(loadBalancerOf(), attributes, {});
  const got = attributesOfCreation(parameters);
  assert.equal(got.name, 'aweb');
  assert.deepEqual(got.tags, attributes.tags);
  assert.equal(got.deleteProtection, 'on');
});

test('SVC-80 newCreationRecord: the token tells objects, epochs and requests apart', () => {
  const parameters = { AddressType: 'internet' };
  const token = (
    change: Parameters<typeof loadBalancerOf>[0],
    asked: Record<string, string> = parameters,
  ): string => newCreationRecord(loadBalancerOf(change), asked, identity, 0).token;
  assert.equal(token({}), token({}));
  const others = [
    token({ metadata: { uid: 'other' } }),
    token({ status: { creationEpoch: 1 } }),
    token({}, { AddressType: 'intranet' }),
  ];
  assert.equal(new Set([token({}), ...others]).size, 4);
  assert.match(token({}), /^[0-9a-f]{1,64}$/);
});

test('isLookUpNeeded, canStillAppear: ten minutes of repeating, five of looking', () => {
  const startedMs = Date.parse('2026-01-01T00:00:00Z');
  const record = newCreationRecord(loadBalancerOf(), {}, identity, startedMs);
  assert.equal(isLookUpNeeded(record, startedMs + 10 * 60_000 - 1), false);
  assert.equal(isLookUpNeeded(record, startedMs + 10 * 60_000), true);
  assert.equal(canStillAppear(record, startedMs + 5 * 60_000 - 1), true);
  assert.equal(canStillAppear(record, startedMs + 5 * 60_000), false);
});
