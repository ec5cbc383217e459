import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  loadBalancerOf,
  nodeOf,
  serviceOf,
  sliceOf,
} from '../../../test/support/kubernetes-builders.ts';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import type { LoadBalancerResource, Node, Service } from '../../reconcilers/kubernetes-objects.ts';
import { SERVICE_CLEANUP_FINALIZER } from '../../reconcilers/names.ts';
import type { ObjectKey } from '../../reconcilers/reconciler.ts';
import { EventRouting } from './event-routing.ts';
import { WorkQueue } from '../queue/work-queue.ts';

const WEB = { namespace: 'shop', name: 'web' };

/** Routing between caches that a test fills and queues that it reads. */
class RoutingBench {
  readonly clock = new VirtualClock();
  readonly serviceQueue = new WorkQueue(this.clock);
  readonly loadBalancerQueue = new WorkQueue(this.clock);
  readonly fannedOut: string[][] = [];
  services: readonly Service[] = [];
  loadBalancers: readonly LoadBalancerResource[] = [];
  /** The Services with an endpoint on a node, by the node's name. */
  placed: Readonly<Record<string, readonly ObjectKey[]>> = {};
  readonly routing: EventRouting;

  constructor() {
    const isOf = (key: ObjectKey, namespace: string, name: string): boolean =>
      key.namespace === namespace && key.name === name;
    this.routing = new EventRouting({
      services: {
        find: (key) =>
          this.services.find(({ metadata }) => isOf(key, metadata.namespace, metadata.name)),
        list: () => this.services,
      },
      loadBalancers: {
        find: (key) =>
          this.loadBalancers.find(({ metadata }) => isOf(key, metadata.namespace, metadata.name)),
        list: () => this.loadBalancers,
        listForService: (key) =>
          this.loadBalancers.filter(({ metadata, spec }) =>
            isOf(key, metadata.namespace, spec.serviceRef.name),
          ),
      },
      serviceQueue: this.serviceQueue,
      loadBalancerQueue: this.loadBalancerQueue,
      servicesOnNode: (nodeName) => this.placed[nodeName] ?? [],
      clock: this.clock,
      onNodeFanOut: (keys) => this.fannedOut.push(keys.map(({ name }) => name)),
    });
  }

  /** Takes everything that waits. */
  async waiting(): Promise<{ services: string[]; loadBalancers: string[] }> {
    return {
      services: await namesIn(this.serviceQueue),
      loadBalancers: await namesIn(this.loadBalancerQueue),
    };
  }
}

async function namesIn(queue: WorkQueue): Promise<string[]> {
  const names: string[] = [];
  while (queue.depth > 0) {
    const key = await queue.next(new AbortController().signal);
    if (key === undefined) break;
    names.push(key.name);
    queue.done(key);
  }
  return names;
}

test('SVC-05: at start everything that could need work is queued, and nothing before', async () => {
  const bench = new RoutingBench();
  bench.services = [
    serviceOf(),
    serviceOf({ metadata: { name: 'plain' }, spec: { type: 'ClusterIP' } }),
    serviceOf({
      metadata: { name: 'leaving', finalizers: [SERVICE_CLEANUP_FINALIZER] },
      spec: { type: 'ClusterIP' },
    }),
  ];
  bench.loadBalancers = [
    loadBalancerOf({ metadata: { name: 'own' }, spec: { serviceRef: { name: 'gone' } } }),
  ];
  bench.routing.onService({ key: WEB, previous: undefined, current: serviceOf() });
  assert.deepEqual(await bench.waiting(), { services: [], loadBalancers: [] });
  bench.routing.start();
  assert.deepEqual(await bench.waiting(), {
    services: ['web', 'leaving', 'gone', 'own'],
    loadBalancers: ['own'],
  });
});

test('SVC-06: a change of a Service queues it once, and its load balancers', async () => {
  const bench = new RoutingBench();
  bench.routing.start();
  bench.loadBalancers = [loadBalancerOf({ metadata: { name: 'mine' } })];
  const current = serviceOf({ spec: { externalTrafficPolicy: 'Local' } });
  bench.routing.onService({ key: WEB, previous: serviceOf(), current });
  bench.routing.onService({ key: WEB, previous: serviceOf(), current });
  assert.deepEqual(await bench.waiting(), { services: ['web'], loadBalancers: ['mine'] });
});

test('SVC-07: a change that matters to nobody queues nothing', async () => {
  const bench = new RoutingBench();
  bench.routing.start();
  const current = serviceOf({ metadata: { labels: { a: 'b' } } });
  bench.routing.onService({ key: WEB, previous: serviceOf(), current });
  const plain = serviceOf({ spec: { type: 'ClusterIP' } });
  bench.routing.onService({ key: WEB, previous: undefined, current: plain });
  assert.deepEqual(await bench.waiting(), { services: [], loadBalancers: [] });
});

test('SVC-19: a Service that turns from a load balancer to something else is queued', async () => {
  const bench = new RoutingBench();
  bench.routing.start();
  const current = serviceOf({ spec: { type: 'ExternalName' } });
  bench.routing.onService({ key: WEB, previous: serviceOf(), current });
  assert.deepEqual((await bench.waiting()).services, ['web']);
});

test('EventRouting: endpoints are gathered, and only the policy Local looks at them', async () => {
  const bench = new RoutingBench();
  bench.routing.start();
  bench.loadBalancers = [loadBalancerOf()];
  const change = {
    key: { namespace: 'shop', name: 'web-1' },
    previous: sliceOf([]),
    current: sliceOf([{ nodeName: 'n1' }]),
  };
  bench.services = [serviceOf()];
  bench.routing.onEndpointSlice(change);
  await bench.clock.advance(1_000);
  assert.deepEqual((await bench.waiting()).loadBalancers, [], 'With Cluster any node will do');

  bench.services = [serviceOf({ spec: { externalTrafficPolicy: 'Local' } })];
  bench.routing.onEndpointSlice(change);
  await bench.clock.advance(200);
  bench.routing.onEndpointSlice(change);
  assert.deepEqual((await bench.waiting()).loadBalancers, []);
  await bench.clock.advance(50);
  assert.deepEqual((await bench.waiting()).loadBalancers, ['web']);
  await bench.clock.advance(1_000);
  assert.deepEqual((await bench.waiting()).loadBalancers, [], 'One window, one look');
});

const local = serviceOf({ spec: { externalTrafficPolicy: 'Local' } });

const nodeChanges: readonly {
  readonly name: string;
  readonly services: readonly Service[];
  readonly placed?: Readonly<Record<string, readonly ObjectKey[]>>;
  readonly previous?: Node;
  readonly current?: Node;
  readonly want: readonly string[];
  readonly reason: string;
}[] = [
  {
    name: 'ClusterAnyNode',
    services: [serviceOf()],
    current: nodeOf('n1'),
    want: ['web'],
    reason: 'Every node answers for every endpoint.',
  },
  {
    name: 'LocalNodeWithEndpoint',
    services: [local],
    placed: { n1: [WEB] },
    current: nodeOf('n1'),
    want: ['web'],
    reason: 'Its endpoint can be reached as soon as the node is known.',
  },
  {
    name: 'LocalNodeWithEndpointLeaves',
    services: [local],
    placed: { n1: [WEB] },
    previous: nodeOf('n1'),
    want: ['web'],
    reason: 'The endpoints of a node that is gone can be removed later than the node.',
  },
  {
    name: 'LocalNodeWithoutEndpoint',
    services: [local],
    placed: { n2: [WEB] },
    current: nodeOf('n1'),
    want: [],
    reason: 'It is not, and will not be, a backend.',
  },
  {
    name: 'LocalNodeOfTheNamesake',
    services: [local],
    placed: { n1: [{ namespace: 'other', name: 'web' }] },
    current: nodeOf('n1'),
    want: [],
    reason: 'A Service is known by its namespace too.',
  },
  {
    name: 'ServiceGone',
    services: [],
    current: nodeOf('n1'),
    want: [],
    reason: 'Nothing is registered for a Service that is not there.',
  },
];

for (const { name, services, placed = {}, previous, current, want, reason } of nodeChanges) {
  test(`SVC-42 EventRouting: ${name}`, async () => {
    const bench = new RoutingBench();
    bench.routing.start();
    bench.services = services;
    bench.placed = placed;
    bench.loadBalancers = [loadBalancerOf()];
    bench.routing.onNode({ key: { namespace: '', name: 'n1' }, previous, current });
    await bench.clock.advance(500);
    assert.deepEqual((await bench.waiting()).loadBalancers, want, reason);
    assert.deepEqual(bench.fannedOut, [want]);
  });
}

test('SVC-47: every node of a moment counts, and those of the moment before no longer', async () => {
  const bench = new RoutingBench();
  bench.routing.start();
  const API = { ...WEB, name: 'api' };
  bench.services = [
    local,
    serviceOf({ metadata: { name: 'api' }, spec: { externalTrafficPolicy: 'Local' } }),
  ];
  bench.loadBalancers = [
    loadBalancerOf(),
    loadBalancerOf({ metadata: { name: 'api' }, spec: { serviceRef: { name: 'api' } } }),
  ];
  bench.placed = { n1: [WEB], n2: [API] };
  const comes = (name: string): void => {
    const current = nodeOf(name);
    bench.routing.onNode({ key: current.metadata, previous: undefined, current });
  };
  comes('n1');
  comes('n2');
  await bench.clock.advance(500);
  comes('n2');
  await bench.clock.advance(500);
  assert.deepEqual(bench.fannedOut, [['web', 'api'], ['api']]);
});

test('SVC-47: a hundred nodes within a moment lead to one look at each load balancer', async () => {
  const bench = new RoutingBench();
  bench.routing.start();
  bench.services = [serviceOf()];
  bench.loadBalancers = [loadBalancerOf(), loadBalancerOf({ metadata: { name: 'api' } })];
  for (let index = 0; index < 100; index += 1) {
    const current = nodeOf(`n${index}`);
    bench.routing.onNode({ key: current.metadata, previous: undefined, current });
    await bench.clock.advance(4);
  }
  await bench.clock.advance(500);
  assert.deepEqual((await bench.waiting()).loadBalancers, ['web', 'api']);
  assert.deepEqual(bench.fannedOut, [['web', 'api']]);
});

test('CTL-07: a status that was written wakes the Service and not the object itself', async () => {
  const bench = new RoutingBench();
  bench.routing.start();
  bench.routing.onLoadBalancer({
    key: { namespace: 'shop', name: 'mine' },
    previous: loadBalancerOf({ metadata: { name: 'mine' } }),
    current: loadBalancerOf({ metadata: { name: 'mine' }, status: { backends: '1/1' } }),
  });
  assert.deepEqual(await bench.waiting(), { services: ['web', 'mine'], loadBalancers: [] });
});

test('EventRouting: after the stop nothing is queued, not even what was being gathered', async () => {
  const bench = new RoutingBench();
  bench.routing.start();
  bench.loadBalancers = [loadBalancerOf()];
  const current = nodeOf('n1');
  bench.routing.onNode({ key: current.metadata, previous: undefined, current });
  bench.routing.stop();
  await bench.clock.advance(1_000);
  bench.routing.onService({ key: WEB, previous: undefined, current: serviceOf() });
  assert.deepEqual(await bench.waiting(), { services: [], loadBalancers: [] });
});
