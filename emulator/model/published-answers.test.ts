import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';
import { startRuleBench, type RuleBench } from '../../test/support/rule-bench.ts';
import { findErrorStatus, listPublishedOperations } from './api-catalog.ts';

let bench: RuleBench;

before(async () => {
  bench = await startRuleBench({ lockMs: 0, transitionMs: 0 });
});
after(() => bench.cloud.stop());

/** Lists where an answer is not of the published shape. */
function mistakes(shape: unknown, value: unknown, path: string): string[] {
  if (Array.isArray(shape)) {
    if (!Array.isArray(value)) return [`${path} is not a list`];
    return value.flatMap((item, index) => mistakes(shape[0], item, `${path}[${index}]`));
  }
  if (typeof shape === 'object' && shape !== null) {
    if (typeof value !== 'object' || value === null) return [`${path} is not an object`];
    const members = shape as Readonly<Record<string, unknown>>;
    return Object.entries(value).flatMap(([name, member]) =>
      name in members
        ? mistakes(members[name], member, `${path}.${name}`)
        : [`${path}.${name} is not published`],
    );
  }
  const right =
    (shape === 'string' && typeof value === 'string') ||
    (shape === 'boolean' && typeof value === 'boolean') ||
    (String(shape).startsWith('int') && Number.isInteger(value));
  return right ? [] : [`${path} is ${JSON.stringify(value)}, not ${String(shape)}`];
}

test('every operation answers in the published shape', async () => {
  const LoadBalancerId = await bench.loadBalancer({ Tag: [{ Key: 'a', Value: '1' }] });
  const VServerGroupId = await bench.group(LoadBalancerId, 2, { Tag: [{ Key: 'a', Value: '1' }] });
  const spare = await bench.group(LoadBalancerId);
  const lb = { LoadBalancerId };
  const port = { ...lb, ListenerPort: 80 };
  const udp = { ...lb, ListenerPort: 53 };
  const member = (index: number) =>
    JSON.stringify([{ ServerId: bench.cloud.instanceIds[index], Port: 30080, Weight: 9 }]);
  const resource = { ResourceType: 'instance', ResourceId: [LoadBalancerId] };
  const legacyTags = '[{"TagKey":"b","TagValue":"2"}]';
  const create = { Bandwidth: -1, VServerGroupId, Tag: [{ Key: 'a', Value: '1' }] };
  const ecs = '2014-05-26';
  const vpc = '2016-04-28';
  const life: [action: string, parameters: Record<string, unknown>, version?: string][] = [
    ['CreateLoadBalancer', { LoadBalancerSpec: 'slb.s1.small' }],
    ['SetLoadBalancerName', { ...lb, LoadBalancerName: 'b' }],
    ['SetLoadBalancerStatus', { ...lb, LoadBalancerStatus: 'active' }],
    ['SetLoadBalancerDeleteProtection', { ...lb, DeleteProtection: 'off' }],
    [
      'SetLoadBalancerModificationProtection',
      { ...lb, ModificationProtectionStatus: 'NonProtection' },
    ],
    ['ModifyLoadBalancerInstanceSpec', { ...lb, LoadBalancerSpec: 'slb.s2.small' }],
    ['ModifyLoadBalancerInternetSpec', { ...lb, InternetChargeType: 'paybytraffic' }],
    [
      'ModifyLoadBalancerInstanceChargeType',
      { ...lb, InstanceChargeType: 'PayBySpec', LoadBalancerSpec: 'slb.s1.small' },
    ],
    ['CreateLoadBalancerTCPListener', { ...port, ...create }],
    ['CreateLoadBalancerUDPListener', { ...udp, ...create }],
    ['SetLoadBalancerTCPListenerAttribute', { ...port, Scheduler: 'rr' }],
    ['SetLoadBalancerUDPListenerAttribute', { ...udp, Scheduler: 'rr' }],
    ['StartLoadBalancerListener', port],
    ['DescribeLoadBalancerTCPListenerAttribute', port],
    ['DescribeLoadBalancerUDPListenerAttribute', udp],
    ['DescribeLoadBalancerListeners', { LoadBalancerId: [LoadBalancerId], MaxResults: 1 }],
    ['DescribeHealthStatus', lb],
    ['DescribeLoadBalancers', {}],
    ['DescribeLoadBalancerAttribute', lb],
    ['CreateVServerGroup', { ...lb, BackendServers: member(0) }],
    ['AddVServerGroupBackendServers', { VServerGroupId, BackendServers: member(2) }],
    ['SetVServerGroupAttribute', { VServerGroupId, BackendServers: member(2) }],
    ['ModifyVServerGroupBackendServers', { VServerGroupId, NewBackendServers: member(3) }],
    ['RemoveVServerGroupBackendServers', { VServerGroupId, BackendServers: member(3) }],
    ['DescribeVServerGroups', { ...lb, IncludeListener: true }],
    ['DescribeVServerGroupAttribute', { VServerGroupId }],
    ['DeleteVServerGroup', { VServerGroupId: spare }],
    ['TagResources', { ...resource, Tag: [{ Key: 'c', Value: '3' }] }],
    ['ListTagResources', resource],
    ['UntagResources', { ...resource, TagKey: ['c'] }],
    ['AddTags', { ...lb, Tags: legacyTags }],
    ['DescribeTags', {}],
    ['RemoveTags', { ...lb, Tags: legacyTags }],
    ['DescribeRegions', {}],
    ['DescribeZones', {}],
    ['StopLoadBalancerListener', port],
    ['DeleteLoadBalancerListener', port],
    ['DeleteLoadBalancer', lb],
    ['DescribeInstances', { MaxResults: 10 }, ecs],
    ['DescribeVpcs', {}, vpc],
    ['DescribeVSwitches', {}, vpc],
    ['GetCallerIdentity', {}, '2015-04-01'],
  ];
  const published = listPublishedOperations();
  assert.deepEqual(
    life.map(([action]) => action).sort(),
    published.map(({ action }) => action).sort(),
  );
  for (const [action, parameters, version = '2014-05-15'] of life) {
    const answer = await bench.accept(action, parameters, version);
    const operation = published.find((each) => each.action === action);
    assert.deepEqual(mistakes(operation?.response, answer.body, action), []);
  }
});

// Seen in a client, and in no table.
const UNPUBLISHED = ['OperationFailed.ListenerStatusNotSupport'];

test('every code that this cloud answers is published for some operation', () => {
  const root = fileURLToPath(new URL('../', import.meta.url));
  const sources = globSync('**/*.ts', { cwd: root, exclude: (name) => name.endsWith('.test.ts') })
    .map((name) => readFileSync(`${root}${name}`, 'utf8'))
    .join('\n');
  const codes = [
    ...sources.matchAll(/(?:failure|apiError)\(\s*(?:\w+,\s*)?(?:operation,\s*)?'([^']+)'/g),
  ].map(([, code = '']) => code);
  assert.ok(codes.length > 50, String(codes.length));
  for (const code of codes) {
    // Text of a call whose code is chosen elsewhere.
    if (UNPUBLISHED.includes(code) || /[ "]/.test(code)) continue;
    const known = listPublishedOperations().some(
      (operation) => findErrorStatus(operation, code) !== undefined,
    );
    assert.ok(known, code);
  }
});
