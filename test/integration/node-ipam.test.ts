import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { parseCidrRange, rangesOverlap } from '../../src/reconcilers/cidr-range.ts';
import { InterposedApiServer, type InterposedRequest } from '../support/interposed-api-server.ts';
import { KubectlError } from '../support/kubectl.ts';
import {
  eventually,
  pause,
  startOperatorWorld,
  type RunningOperator,
} from '../support/operator-world.ts';

const folder = await mkdtemp(path.join(tmpdir(), 'node-ipam-'));
after(() => rm(folder, { recursive: true }));
const world = await startOperatorWorld({ instances: 1 });
const { kubectl, kubeconfig } = world.cluster;

const ON = ['--controllers=node-ipam-controller', '--allocate-node-cidrs'];
/** Blocks 10.96.0.0/24 to 10.96.3.0/24. */
const FOUR_BLOCKS = [...ON, '--cluster-cidr=10.96.0.0/22'];

interface NodeObject {
  readonly metadata: { readonly name: string; readonly uid: string };
  readonly spec: { readonly podCIDR?: string; readonly podCIDRs?: readonly string[] };
}

beforeEach(async () => {
  await world.stopOperators();
  await kubectl.run('delete', '--raw', '/api/v1/nodes');
  await kubectl.run('delete', '--raw', '/apis/events.k8s.io/v1/namespaces/default/events');
});

async function addNodes(...nodes: readonly (string | readonly [string, string])[]): Promise<void> {
  await kubectl.runWithInput(
    {
      apiVersion: 'v1',
      kind: 'List',
      items: nodes.map((node) => {
        const [name, podCidr] = typeof node === 'string' ? [node] : node;
        const spec = podCidr === undefined ? {} : { podCIDR: podCidr, podCIDRs: [podCidr] };
        return { apiVersion: 'v1', kind: 'Node', metadata: { name }, spec };
      }),
    },
    ...['create', '-f', '-'],
  );
}

async function podCidrs(): Promise<Readonly<Record<string, readonly string[]>>> {
  const { items } = await kubectl.get<{ readonly items: readonly NodeObject[] }>('nodes');
  return Object.fromEntries(
    items.map(({ metadata, spec }) => {
      assert.equal(spec.podCIDR, spec.podCIDRs?.[0], 'The single field is the first of the list');
      return [metadata.name, spec.podCIDRs ?? []];
    }),
  );
}

/** Waits until every node has ranges but those that are to have none. */
function allGiven(
  options: { readonly without?: readonly string[]; readonly timeoutMs?: number } = {},
): Promise<Readonly<Record<string, readonly string[]>>> {
  return eventually(async () => {
    const given = await podCidrs();
    const bare = Object.keys(given).filter((name) => given[name]?.length === 0);
    assert.deepEqual(bare.sort(), options.without ?? []);
    return given;
  }, options.timeoutMs);
}

/** Waits for an event on a node and returns what it says. */
function eventOn(node: string, reason: string): Promise<string> {
  return eventually(async () => {
    const events = await world.events('default');
    const found = events.find(
      ({ regarding, reason: given }) =>
        regarding.kind === 'Node' && regarding.name === node && given === reason,
    );
    assert.ok(found !== undefined, `${reason} on ${node}`);
    assert.equal(found.type, 'Warning');
    return found.note;
  });
}

/** Starts an operator that reaches the API server through one that stands between. */
async function startBehind(
  ...flags: readonly string[]
): Promise<{ readonly api: InterposedApiServer; readonly operator: RunningOperator }> {
  const api = await InterposedApiServer.start(kubeconfig);
  const file = path.join(folder, `${performance.now()}.json`);
  await writeFile(file, api.kubeConfig().exportConfig());
  const operator = await world.startOperatorAs(file, ...flags);
  after(async () => {
    await operator.stop();
    await api.stop();
  });
  return { api, operator };
}

function isPodCidrWrite({ method, path: target }: InterposedRequest): boolean {
  return method === 'PATCH' && target.startsWith('/api/v1/nodes/');
}

function assertDistinct(given: readonly string[]): void {
  const ranges = given.map(parseCidrRange).filter((range) => range !== undefined);
  assert.equal(ranges.length, given.length);
  const sorted = [...ranges].sort((one, other) => one.text.localeCompare(other.text));
  sorted.forEach((range, index) => {
    const next = sorted[index + 1];
    assert.ok(next === undefined || !rangesOverlap(range, next), `${range.text} ${next?.text}`);
  });
  assert.equal(new Set(given).size, given.length);
}

test('IPAM-02: a start without the controller gives no node a range', async () => {
  await addNodes('bare');
  await world.startOperator('--allocate-node-cidrs', '--cluster-cidr=10.96.0.0/16');
  await pause(3_000);
  assert.deepEqual(await podCidrs(), { bare: [] });
});

test('IPAM-01 IPAM-03 IPAM-04: 300 nodes get distinct pairs, and a restart gives nothing twice', async () => {
  const flags = [
    ...ON,
    '--cluster-cidr=fd00:96::/48,10.96.0.0/14',
    '--node-cidr-mask-size-ipv4=25',
    '--service-cluster-ip-range=10.96.0.0/20,fd00:96::/108',
  ];
  await addNodes(...Array.from({ length: 300 }, (_, index) => `n-${index}`));
  const first = await world.startOperator(...flags);
  const given = await allGiven({ timeoutMs: 60_000 });
  const pairs = Object.values(given);
  assert.ok(
    pairs.every(([one, other]) => /^fd00:96:.*\/64$/.test(one ?? '') && other !== undefined),
  );
  assertDistinct(pairs.map(([ipv6 = '']) => ipv6));
  assertDistinct(pairs.map(([, ipv4 = '']) => ipv4));
  const services = ['10.96.0.0/20', 'fd00:96::/108'].map(parseCidrRange);
  for (const text of pairs.flat()) {
    const range = parseCidrRange(text);
    for (const service of services) {
      assert.ok(range !== undefined && service !== undefined && !rangesOverlap(range, service));
    }
  }

  await first.stop();
  await addNodes(...Array.from({ length: 40 }, (_, index) => `late-${index}`));
  await world.startOperator(...flags);
  const all = await allGiven({ timeoutMs: 60_000 });
  for (const [name, pair] of Object.entries(given)) assert.deepEqual(all[name], pair);
  assertDistinct(Object.values(all).map(([ipv6 = '']) => ipv6));
  assertDistinct(Object.values(all).map(([, ipv4 = '']) => ipv4));

  const writes = (await world.operatorWrites()).filter(
    ({ objectRef }) => objectRef?.resource === 'nodes',
  );
  assert.equal(writes.length, 340, 'One write for each node, and none at the restart');
  await assert.rejects(
    kubectl.run('patch', 'node', 'n-0', '-p', '{"spec":{"podCIDR":"10.96.77.0/25"}}'),
    KubectlError,
    'The API server refuses a second write',
  );
});

test('IPAM-04: a new leader whose watch lags gives out nothing that the former one gave', async () => {
  const former = await startBehind(...FOUR_BLOCKS);
  let mayPass: readonly string[] = [];
  former.api.intervene = (request) =>
    isPodCidrWrite(request) && !mayPass.some((name) => request.path.endsWith(`/${name}`))
      ? { kind: 'reset' }
      : undefined;
  // The former leader looks at them in this order, the next one by name.
  await addNodes('given', 'bare');
  await eventOn('bare', 'CIDRAssignmentFailed');
  const next = await startBehind(...FOUR_BLOCKS);
  await eventually(() => {
    assert.equal(next.api.openWatches, 1);
  });
  const letGo = next.api.holdWatches();
  mayPass = ['given'];
  const { given = [] } = await allGiven({ without: ['bare'] });
  await former.operator.stop();

  const all = await allGiven();
  assert.deepEqual(all.given, given);
  assertDistinct(Object.values(all).flat());
  letGo();
});

test('IPAM-04: a range outside the cluster stops everything until its node is gone', async () => {
  await addNodes(['odd', '192.168.7.0/24'], ['fine', '10.96.1.0/24'], 'bare');
  const { operator } = await world.startOperator(...FOUR_BLOCKS);
  assert.match(
    await eventOn('odd', 'InvalidPodCIDR'),
    /192\.168\.7\.0\/24.*outside.*10\.96\.0\.0\/22/,
  );
  assert.match(await eventOn('bare', 'CIDRNotAvailable'), /"odd"/);
  const stopped = async (): Promise<string> =>
    operator.metrics.registry.getSingleMetricAsString('alibaba_cloud_operator_node_ipam_stopped');
  assert.match(await stopped(), / 1$/m);
  await addNodes('later');
  await pause(1_500);
  await allGiven({ without: ['bare', 'later'] });

  await kubectl.run('delete', 'node', 'odd');
  const given = await allGiven();
  assertDistinct(Object.values(given).flat());
  assert.match(await stopped(), / 0$/m);
});

test('IPAM-04: a range that stops this controller stops no other', async () => {
  await addNodes(['odd', '192.168.7.0/24']);
  const { operator } = await world.startOperator(
    '--controllers=*,node-ipam-controller',
    ...FOUR_BLOCKS.slice(1),
    '--configure-cloud-routes=false',
  );
  await eventOn('odd', 'InvalidPodCIDR');
  const running = await operator.metrics.registry.getSingleMetricAsString(
    'running_managed_controllers',
  );
  for (const name of ['service-lb-controller', 'cloud-node-controller', 'node-ipam-controller']) {
    assert.match(running, new RegExp(`name="${name}".* 1$`, 'm'));
  }
});

test('IPAM-05 IPAM-06: when all is given out it is said, and a node that goes frees its block', async () => {
  await addNodes('a', 'b', 'c', 'd');
  await world.startOperator(...FOUR_BLOCKS);
  const full = await allGiven();
  await addNodes('e');
  assert.match(await eventOn('e', 'CIDRNotAvailable'), /every block of 10\.96\.0\.0\/22 is taken/);
  await kubectl.run('delete', 'node', 'b');
  const given = await allGiven();
  assert.deepEqual(given.e, full.b);
});

test('IPAM-05: after a lost answer the block is still of its node', async () => {
  await addNodes('a');
  const { api } = await startBehind(...FOUR_BLOCKS);
  await allGiven();
  let lost = 0;
  api.intervene = (request) => {
    if (!isPodCidrWrite(request) || lost > 0) return undefined;
    lost += 1;
    return { kind: 'loseAnswer' };
  };
  await addNodes('b', 'c', 'd');
  const given = await allGiven();
  assert.equal(lost, 1);
  assertDistinct(Object.values(given).flat());
  assert.equal(Object.values(given).flat().length, 4, 'None of the four blocks was lost to it');
});

test('IPAM-05: a block of a write that never arrived stays that of its node', async () => {
  const { api } = await startBehind(...FOUR_BLOCKS);
  const bodies: string[] = [];
  api.intervene = (request) => {
    if (!isPodCidrWrite(request) || !request.path.endsWith('/first')) return undefined;
    bodies.push(request.body);
    return bodies.length <= 2 ? { kind: 'reset' } : undefined;
  };
  await addNodes('first', 'second', 'third');
  const given = await allGiven();
  assertDistinct(Object.values(given).flat());
  assert.equal(bodies.length, 3);
  assert.equal(new Set(bodies).size, 1, 'The same block each time');
});

test('IPAM-05: a write that is refused is told of on the node', async () => {
  const { api } = await startBehind(...FOUR_BLOCKS);
  api.intervene = (request) =>
    isPodCidrWrite(request)
      ? {
          kind: 'answer',
          status: 403,
          body: {
            kind: 'Status',
            status: 'Failure',
            reason: 'Forbidden',
            message: 'no, you may not',
          },
        }
      : undefined;
  await addNodes('a');
  assert.match(await eventOn('a', 'CIDRAssignmentFailed'), /no, you may not/);
});

test('IPAM-02: a range from another program is told of and never given to a second node', async () => {
  await addNodes('a', 'b', 'c', 'd');
  await world.startOperator(...FOUR_BLOCKS);
  const full = await allGiven();
  await addNodes('waiting');
  await eventOn('waiting', 'CIDRNotAvailable');
  const theirs = full.a?.[0] ?? '';
  await kubectl.run(
    ...[
      'patch',
      'node',
      'waiting',
      '-p',
      `{"spec":{"podCIDR":"${theirs}","podCIDRs":["${theirs}"]}}`,
    ],
  );
  assert.match(await eventOn('waiting', 'PodCIDROverlap'), /overlaps that of node "a"/);
  await kubectl.run('delete', 'node', 'a');
  await addNodes('next');
  assert.match(await eventOn('next', 'CIDRNotAvailable'), /every block/);
});

test('IPAM-01 IPAM-02: what kube-controller-manager gave meanwhile stays, and is told of', async () => {
  const { api } = await startBehind(...FOUR_BLOCKS);
  api.intervene = (request) => (isPodCidrWrite(request) ? { kind: 'reset' } : undefined);
  await addNodes('a');
  await eventOn('a', 'CIDRAssignmentFailed');
  const letGo = api.holdWatches();
  const spec = { podCIDR: '10.96.3.0/24', podCIDRs: ['10.96.3.0/24'] };
  await kubectl.run('patch', 'node', 'a', '-p', JSON.stringify({ spec }));
  let tries = 0;
  api.intervene = (request) => {
    if (isPodCidrWrite(request)) tries += 1;
    return undefined;
  };
  await eventually(() => {
    assert.ok(tries > 0);
  });
  letGo();
  assert.match(
    await eventOn('a', 'ForeignPodCIDR'),
    /10\.96\.3\.0\/24; start kube-controller-manager/,
  );
  assert.deepEqual(await podCidrs(), { a: ['10.96.3.0/24'] });
  const events = await world.events('default');
  assert.ok(
    !events.some(({ note }) => /forbidden|invalid/i.test(note)),
    'It is a lost race, no more',
  );
});
