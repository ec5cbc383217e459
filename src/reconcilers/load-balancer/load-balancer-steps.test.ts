import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ObservedLoadBalancer } from './load-balancer-observed.ts';
import type { LoadBalancerAction } from './load-balancer-plan.ts';
import { creationStep, planSummary, plannedSteps } from './load-balancer-steps.ts';

const observed: ObservedLoadBalancer = {
  id: 'lb-1',
  attributes: {
    kind: 'seen',
    value: {
      name: 'old',
      spec: 'slb.s1.small',
      instanceChargeType: 'PayBySpec',
      internetChargeType: 'paybytraffic',
      bandwidthMbps: 0,
      deleteProtection: 'off',
      modificationProtection: 'NonProtection',
      tags: [{ key: 'team', value: 'a' }],
    },
  },
  listeners: [],
  serverGroups: [],
  serverGroupsComplete: true,
};

const backends = [
  {
    serverId: 'i-1',
    port: 30_080,
    weightPercent: 100,
    type: 'ecs',
    serverIp: '',
    description: '',
  },
] as const;
const key = { protocol: 'tcp', port: 80 } as const;
const settings = {
  description: 'k8s/80/web/shop/c1',
  scheduler: 'rr',
  persistenceTimeoutSeconds: 0,
  establishedTimeoutSeconds: 900,
  healthCheck: {
    enabled: false,
    type: 'tcp',
    port: 0,
    path: '',
    domain: '',
    httpCodes: '',
    intervalSeconds: 2,
    timeoutSeconds: 5,
    healthyThreshold: 3,
    unhealthyThreshold: 3,
  },
} as const;

const cases: readonly { readonly action: LoadBalancerAction; readonly want: string }[] = [
  {
    action: { kind: 'setName', name: 'new' },
    want: 'Update load balancer: name: is "old", asked for "new"',
  },
  {
    action: { kind: 'setInstanceSpec', spec: 'slb.s2.small' },
    want: 'Update load balancer: spec: is "slb.s1.small", asked for "slb.s2.small"',
  },
  {
    action: { kind: 'setInstanceChargeType', instanceChargeType: 'PayByCLCU' },
    want: 'Update load balancer: instance charge: is "PayBySpec", asked for "PayByCLCU"',
  },
  {
    action: { kind: 'setInternetCharge', internetChargeType: 'paybybandwidth' },
    want: 'Update load balancer: internet charge: is "paybytraffic", asked for "paybybandwidth"',
  },
  {
    action: { kind: 'setDeleteProtection', protection: 'on' },
    want: 'Update load balancer: deletion protection: is "off", asked for "on"',
  },
  {
    action: { kind: 'setModificationProtection', protection: 'ConsoleProtection' },
    want: 'Update load balancer: modification protection: is "NonProtection", asked for "ConsoleProtection"',
  },
  {
    action: { kind: 'tag', tags: [{ key: 'team', value: 'b' }] },
    want: 'Update tags: tag team: is "a", asked for "b"',
  },
  { action: { kind: 'untag', keys: ['team'] }, want: 'Delete tags: team' },
  {
    action: { kind: 'createServerGroup', nodePort: 30_080, name: 'k8s/30080', backends },
    want: 'Create server group of node port 30080: "k8s/30080" with i-1:30080',
  },
  {
    action: { kind: 'createServerGroup', nodePort: 30_080, name: 'k8s/30080', backends: [] },
    want: 'Create server group of node port 30080: "k8s/30080" with no backends',
  },
  {
    action: { kind: 'addBackends', nodePort: 30_080, backends },
    want: 'Create backends of node port 30080: i-1:30080',
  },
  {
    action: { kind: 'setBackends', nodePort: 30_080, backends },
    want: 'Update backends of node port 30080: backend i-1:30080: weight is not 100',
  },
  {
    action: { kind: 'removeBackends', nodePort: 30_080, backends },
    want: 'Delete backends of node port 30080: i-1:30080',
  },
  {
    action: { kind: 'deleteServerGroup', serverGroupId: 'rsp-1' },
    want: 'Delete server group: "rsp-1"',
  },
  {
    action: { kind: 'createListener', key, nodePort: 30_080, settings },
    want: 'Create listener TCP:80: to node port 30080',
  },
  {
    action: { kind: 'setListener', key, nodePort: 30_080, settings },
    want: 'Update listener TCP:80: settings',
  },
  { action: { kind: 'startListener', key }, want: 'Start listener TCP:80' },
  {
    action: { kind: 'stopListener', key },
    want: 'Stop listener TCP:80: is "running", asked for "stopped"',
  },
  {
    action: { kind: 'deleteListener', key },
    want: 'Delete listener TCP:80: not asked for',
  },
];

for (const { action, want } of cases) {
  test(`MIG-08 plannedSteps: ${action.kind} is one step: ${want}`, () => {
    const steps = plannedSteps([action], observed).map((step) =>
      [`${step.action} ${step.object}`, step.change].filter(Boolean).join(': '),
    );
    assert.deepEqual(steps, [want]);
  });
}

test('MIG-08 creationStep: tells the settings, without the marks, and what it would replace', () => {
  const parameters = { AddressType: 'internet', 'Tag.1.Key': 'mark', 'Tag.1.Value': 'x' };
  assert.equal(creationStep(parameters).change, 'AddressType: "internet"');
  assert.match(creationStep(parameters, 'lb-1').change ?? '', /^in the place of "lb-1".*address; /);
});

test('MIG-08 plannedSteps: what is said of a step fits the schema', () => {
  const many = Array.from({ length: 20 }, (_, index) => ({
    ...backends[0],
    serverId: `i-${'0'.repeat(80)}${index}`,
  }));
  const [step] = plannedSteps(
    [{ kind: 'addBackends', nodePort: 30_080, backends: many }],
    observed,
  );
  assert.equal(step?.change?.length, 1_024);
  assert.ok(step.change.endsWith('…'));
});

test('MIG-08 planSummary: says a plan in one sentence, and that there is nothing to do', () => {
  assert.equal(planSummary([]), 'Nothing would be changed: all is as asked for');
  assert.equal(
    planSummary(plannedSteps([{ kind: 'startListener', key }], observed)),
    '1 step would be taken: Start listener TCP:80',
  );
});
