import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import {
  CrashWalk,
  PointCounter,
  type Act,
  type Scenario,
  type Weather,
} from '../support/crash-walk.ts';
import { OperatorHarness, servicePath } from '../support/operator-harness.ts';
import { ServiceCrashStage } from '../support/service-crash-stage.ts';

const createService: Act<ServiceCrashStage> = {
  what: 'a Service with two ports is created',
  perform: ({ harness, namespace }) => harness.createService(namespace),
};
const deleteService: Act<ServiceCrashStage> = {
  what: 'the Service is deleted',
  perform: ({ harness, namespace }) => harness.admin.delete(servicePath(namespace)),
};

function changeService(what: string, change: object): Act<ServiceCrashStage> {
  return {
    what,
    perform: ({ harness, namespace }) => harness.admin.patch(servicePath(namespace), change),
  };
}

const movePorts = changeService('its second port is another one, with another scheduler', {
  metadata: {
    annotations: {
      'service.beta.kubernetes.io/alibaba-cloud-loadbalancer-scheduler': 'wrr',
    },
  },
  spec: {
    ports: [
      { name: 'tcp-80', port: 80, protocol: 'TCP' },
      { name: 'tcp-8443', port: 8443, protocol: 'TCP' },
    ],
  },
});

/** Opens a stage on which in the end these ports are served, or everything is gone. */
function serving(...ports: readonly number[]): Pick<Scenario<ServiceCrashStage>, 'open'> {
  return { open: (harness) => ServiceCrashStage.open(harness, ports) };
}

const scenarios: readonly Scenario<ServiceCrashStage>[] = [
  { name: 'create', story: [createService], ...serving(80, 443) },
  { name: 'change', before: createService, story: [movePorts], ...serving(80, 8443) },
  { name: 'delete', before: createService, story: [deleteService], ...serving() },
  {
    name: 'delete during create',
    story: [createService, { ...deleteService, when: 'CreateLoadBalancer' }],
    ...serving(),
    mayMakeLess: true,
  },
  {
    name: 'change during an open creation',
    story: [
      createService,
      {
        ...movePorts,
        when: 'CreateLoadBalancer',
        until: async ({ harness, namespace }) => {
          const resource = await harness.findLoadBalancer(namespace);
          return resource?.spec.listeners?.some(({ port }) => port === 8443) === true;
        },
      },
    ],
    ...serving(80, 8443),
  },
  {
    name: 'type flip',
    before: createService,
    story: [
      changeService('its type is ClusterIP', { spec: { type: 'ClusterIP' } }),
      {
        ...changeService('its type is LoadBalancer again', { spec: { type: 'LoadBalancer' } }),
        when: 'DeleteLoadBalancer',
      },
    ],
    ...serving(80, 443),
  },
];

const weathers: readonly Weather[] = [
  {
    name: 'in a cloud that shows tags at once',
    tagLagMs: 0,
    moments: () => ['before', 'after'],
  },
  {
    name: 'in a cloud that shows tags 5 s late',
    tagLagMs: 5_000,
    moments: ({ channel }) => (channel === 'cloud' ? ['before', 'after'] : []),
  },
  {
    name: 'with requests that take effect after their sender is dead',
    tagLagMs: 0,
    moments: ({ channel, isWrite }) => (channel === 'cloud' && isWrite ? ['late'] : []),
  },
];

/** The least number of processes that are killed. */
const PROCESSES = 20;

const harness = await OperatorHarness.start({ factor: 30 });
const counter = new PointCounter();
let points = 0;

after(() => {
  process.stdout.write(
    `Crash walk: ${points} points, ${counter.processes} of them processes that were killed\n`,
  );
});

for (const scenario of scenarios) {
  const walk = new CrashWalk(harness, scenario, counter);
  for (const weather of weathers) {
    test(`SVC-80: dying at every point of "${scenario.name}", ${weather.name}`, async () => {
      points += await walk.walk(weather);
    });
  }
}

test('SVC-80: enough of the deaths were those of processes', () => {
  assert.ok(counter.processes >= PROCESSES);
});
