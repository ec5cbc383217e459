import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { eventually, pause, startOperatorWorld } from '../support/operator-world.ts';

const world = await startOperatorWorld({ instances: 3 });
const { cloud } = world;
const { kubectl } = world.cluster;
const [one, two, three] = cloud.nodes;
assert.ok(one !== undefined && two !== undefined && three !== undefined);

const TABLE = 'vtb-bp1emulator0000000000';
const FLAGS = [
  '--controllers=node-ipam-controller',
  '--allocate-node-cidrs',
  '--cidr-allocator-type=CloudAllocator',
  '--cluster-cidr=172.20.0.0/16',
];

interface NodeObject {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly podCIDRs?: readonly string[] };
}

beforeEach(async () => {
  await world.stopOperators();
  await kubectl.run('delete', '--raw', '/api/v1/nodes');
  await kubectl.run('delete', '--raw', '/apis/events.k8s.io/v1/namespaces/default/events');
  cloud.removeFaults();
  cloud.reset();
});

function route(destinationCidrBlock: string, instanceId: string): void {
  cloud.admin.seed({
    routeEntries: [
      { routeTableId: TABLE, destinationCidrBlock, nextHopType: 'Instance', nextHopId: instanceId },
    ],
  });
}

async function addNode(name: string, providerID?: string, podCidr?: string): Promise<void> {
  const spec = {
    providerID,
    ...(podCidr !== undefined && { podCIDR: podCidr, podCIDRs: [podCidr] }),
  };
  await kubectl.runWithInput(
    { apiVersion: 'v1', kind: 'Node', metadata: { name }, spec },
    ...['create', '-f', '-'],
  );
}

async function podCidrs(): Promise<Readonly<Record<string, readonly string[]>>> {
  const { items } = await kubectl.get<{ readonly items: readonly NodeObject[] }>('nodes');
  return Object.fromEntries(
    items.map(({ metadata, spec }) => [metadata.name, spec.podCIDRs ?? []]),
  );
}

function eventOn(node: string, reason: string): Promise<string> {
  return eventually(async () => {
    const found = (await world.events('default')).find(
      ({ regarding, reason: given }) => regarding.name === node && given === reason,
    );
    assert.ok(found !== undefined, `${reason} on ${node}`);
    return found.note;
  });
}

function routeListings(): number {
  return cloud.calls().filter(({ action }) => action === 'DescribeRouteEntryList').length;
}

test('IPAM-07: nodes get the ranges that routes of the VPC lead to their instances with', async () => {
  route('172.20.3.0/24', one.instanceId);
  route('172.20.7.0/24', two.instanceId);
  route('192.168.0.0/24', two.instanceId);
  await addNode('one', one.providerId);
  await addNode('two', two.providerId);
  await addNode('foreign', 'aws:///eu-west-1a/i-0123456789');
  await addNode('unknown');
  await world.startOperator(...FLAGS);
  await eventually(async () => {
    assert.deepEqual(await podCidrs(), {
      one: ['172.20.3.0/24'],
      two: ['172.20.7.0/24'],
      foreign: [],
      unknown: [],
    });
  });
  assert.equal(routeListings(), 1, 'One listing for all of them');

  // A node whose provider id comes later, and a restart that has nothing left to do.
  route('172.20.9.0/24', three.instanceId);
  await world.stopOperators();
  await world.startOperator(...FLAGS);
  await kubectl.run(
    'patch',
    'node',
    'unknown',
    '-p',
    `{"spec":{"providerID":"${three.providerId}"}}`,
  );
  await eventually(async () => {
    assert.deepEqual((await podCidrs()).unknown, ['172.20.9.0/24']);
  });
  const writes = (await world.operatorWrites()).map(({ objectRef }) => objectRef?.name);
  assert.deepEqual(writes.sort(), ['one', 'two', 'unknown'], 'Each once');
  assert.ok(!cloud.calls().some(({ mutating }) => mutating), 'The cloud is only read');
});

test('IPAM-07: a route that says another range than the node has is told of, and nothing written', async () => {
  route('172.20.3.0/24', one.instanceId);
  await addNode('one', one.providerId, '172.20.99.0/24');
  await world.startOperator(...FLAGS);
  assert.match(
    await eventOn('one', 'PodCIDRMismatch'),
    /has 172\.20\.99\.0\/24, but the routes of the VPC lead to it with 172\.20\.3\.0\/24/,
  );
  await pause(1_000);
  assert.deepEqual(await podCidrs(), { one: ['172.20.99.0/24'] });
  const before = (await world.operatorWrites()).length;
  await pause(500);
  assert.equal((await world.operatorWrites()).length, before);
});

test('IPAM-07: a range that another node has is not given to a second', async () => {
  route('172.20.3.0/24', one.instanceId);
  await addNode('holder', 'aws:///eu-west-1a/i-0123456789', '172.20.3.0/25');
  await addNode('one', one.providerId);
  await world.startOperator(...FLAGS);
  assert.match(await eventOn('one', 'CIDRNotAvailable'), /node "holder" has 172\.20\.3\.0\/25/);
  assert.deepEqual((await podCidrs()).one, []);
});

test('a node that no route leads to waits and says so', async () => {
  await addNode('one', one.providerId);
  await world.startOperator(...FLAGS);
  assert.match(
    await eventOn('one', 'CIDRNotAvailable'),
    /no route of the VPC leads to its instance .* inside 172\.20\.0\.0\/16/,
  );
  assert.equal(routeListings(), 1);
});

test('routes that cannot be read are told of on the nodes that wait, and give nothing', async () => {
  cloud.addFault({
    action: 'DescribeRouteEntryList',
    kind: 'error',
    code: 'Forbidden.RAM',
    times: 0,
  });
  route('172.20.3.0/24', one.instanceId);
  await addNode('one', one.providerId);
  await addNode('settled', two.providerId, '172.20.7.0/24');
  await world.startOperator(...FLAGS);
  assert.match(await eventOn('one', 'CIDRAssignmentFailed'), /Forbidden\.RAM/);
  assert.deepEqual((await podCidrs()).one, []);
  const events = await world.events('default');
  assert.ok(!events.some(({ regarding }) => regarding.name === 'settled'));
});
