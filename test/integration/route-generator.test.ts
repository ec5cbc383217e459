import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import {
  APPROVE_REMOVAL_ANNOTATION,
  CONFIRM_DELETION_ANNOTATION,
} from '../../src/reconcilers/names.ts';
import { eventually, startOperatorWorld } from '../support/operator-world.ts';
import {
  countRuns,
  ROUTE_FLAGS,
  RouteScene,
  rowTexts,
  SYSTEM_TABLE,
} from '../support/route-scene.ts';

const CUSTOM_VPC = 'vpc-with-two-tables';
const TABLES = ['vtb-first', 'vtb-second'] as const;

// Ten seconds lie between two runs over all nodes.
const world = await startOperatorWorld({ instances: 1, factor: 8 });
const scene = new RouteScene(world);
const { nodes } = scene;
const { kubectl } = world.cluster;
const directory = await mkdtemp(path.join(tmpdir(), 'route-generator-'));
after(() => rm(directory, { recursive: true, force: true }));

const [a, b, c] = [
  await scene.join('a', ['10.100.1.0/24']),
  await scene.join('b', ['10.100.2.0/24']),
  await scene.join('c', ['10.100.3.0/24']),
];
const rowA = `10.100.1.0/24 ${a.instanceId}`;
const rowB = `10.100.2.0/24 ${b.instanceId}`;
const rowC = `10.100.3.0/24 ${c.instanceId}`;
/** The rows of the Nodes that stay. */
const rows = [rowA, rowB, rowC];
let operator = await world.startOperator(...ROUTE_FLAGS);

test('ROUTE-01: every node with pods has a row with its name and uid, in an object named as the table', async () => {
  const table = await scene.waitForRows([rowA, rowB, rowC]);
  assert.equal(table.spec.routeTableId, SYSTEM_TABLE);
  const first = table.spec.routes?.find(
    ({ destinationCidr }) => destinationCidr === '10.100.1.0/24',
  );
  assert.deepEqual(first?.node, { name: 'a', uid: a.uid });
  await scene.waitForTableCondition('Generated', 'True Generated');
  await scene.waitForTableCondition('Ready', 'True Ready');
});

test('people see the table, what is asked of it and what is left in one line', async () => {
  await eventually(async () => {
    const [, line = ''] = (await kubectl.run('get', 'alirt')).trim().split('\n');
    assert.match(line, /^vtb-bp1emulator0000000000 +vtb-bp1emulator0000000000 +3 +3 +\d+ +True/);
  });
});

test('ROUTE-03: heartbeats, taints and readiness start no run', async () => {
  await world.clock.sleep(11_000);
  const before = await countRuns(operator);
  for (let beat = 0; beat < 20; beat += 1) {
    await nodes.patchStatus('a', {
      conditions: [
        { type: 'Ready', status: beat % 2 === 0 ? 'True' : 'False', reason: `R${beat}` },
      ],
    });
  }
  await nodes.patch('a', { spec: { unschedulable: true } });
  await world.clock.sleep(30_000);
  assert.equal(await countRuns(operator), before);
});

test('rows that people add stay beside those of Nodes', async () => {
  const own = {
    destinationCidr: '192.168.40.0/24',
    nextHop: { type: 'Instance', id: a.instanceId },
  };
  await kubectl.runWithInput(
    {
      apiVersion: 'networking.alibabacloud.com/v1alpha1',
      kind: 'AlibabaRouteTable',
      metadata: { name: SYSTEM_TABLE },
      spec: { routeTableId: SYSTEM_TABLE, routes: [own] },
    },
    ...['apply', '--server-side', '--field-manager=people', '-f', '-'],
  );
  const d = await scene.join('d', ['10.100.4.0/24']);
  rows.push(`10.100.4.0/24 ${d.instanceId}`);
  await scene.waitForRows([...rows, `192.168.40.0/24 ${a.instanceId}`]);
  await eventually(() => {
    assert.ok(scene.entries().some((entry) => entry.includes('192.168.40.0/24')));
  });
});

test('a next hop that a person has set wins over that of the Node, is listed, and can be given back', async () => {
  const table = await scene.table();
  const index = table?.spec.routes?.findIndex(
    ({ destinationCidr }) => destinationCidr === '10.100.2.0/24',
  );
  const patch = [{ op: 'replace', path: `/spec/routes/${index}/nextHop/id`, value: a.instanceId }];
  await kubectl.run('patch', 'alirt', SYSTEM_TABLE, '--type=json', '-p', JSON.stringify(patch));
  await eventually(async () => {
    assert.deepEqual((await scene.table())?.status?.overriddenRoutes, [
      {
        destinationCidr: '10.100.2.0/24',
        nodeName: 'b',
        nextHopId: a.instanceId,
        generatedNextHopId: b.instanceId,
      },
    ]);
  });
  await eventually(() => {
    assert.ok(scene.entries().includes(`${SYSTEM_TABLE} 10.100.2.0/24 ${a.instanceId}`));
  });
  // The person has decided, so the node is as it should be.
  await scene.waitForNetwork('b', 'False RouteCreated');

  const removal = [{ op: 'remove', path: `/spec/routes/${index}/nextHop` }];
  await kubectl.run('patch', 'alirt', SYSTEM_TABLE, '--type=json', '-p', JSON.stringify(removal));
  await eventually(() => {
    assert.ok(scene.entries().includes(`${SYSTEM_TABLE} ${rowB}`), scene.entries().join());
  });
  await eventually(async () => {
    assert.equal((await scene.table())?.status?.overriddenRoutesTotal, undefined);
  });
});

test('a row of a Node that somebody deletes comes again', async () => {
  const table = await scene.table();
  const index = table?.spec.routes?.findIndex(
    ({ destinationCidr }) => destinationCidr === '10.100.3.0/24',
  );
  const patch = [{ op: 'remove', path: `/spec/routes/${index}` }];
  await kubectl.run('patch', 'alirt', SYSTEM_TABLE, '--type=json', '-p', JSON.stringify(patch));
  await scene.waitForRows([...rows, `192.168.40.0/24 ${a.instanceId}`]);
});

test('a deletion of the object is held while Nodes have rows in it, and these go on following the Nodes', async () => {
  await kubectl.run('delete', 'alirt', SYSTEM_TABLE, '--wait=false');
  await scene.waitForTableCondition('Ready', 'False DeletionHeld');
  const e = await scene.join('e', ['10.100.5.0/24']);
  await eventually(() => {
    assert.ok(scene.entries().includes(`${SYSTEM_TABLE} 10.100.5.0/24 ${e.instanceId}`));
  });
  rows.push(`10.100.5.0/24 ${e.instanceId}`);
});

test('a deletion that is confirmed takes the routes, and the rows of Nodes come again in a new object', async () => {
  const before = await scene.table();
  const uid = before?.metadata.uid ?? '';
  await scene.patchTable(SYSTEM_TABLE, {
    metadata: { annotations: { [CONFIRM_DELETION_ANNOTATION]: uid } },
  });
  await eventually(async () => {
    const now = await scene.table();
    assert.ok(now !== undefined && now.metadata.uid !== uid, 'still the former one');
    assert.deepEqual(rowTexts(now), [...rows].sort());
  }, 60_000);
  await eventually(() => {
    assert.equal(scene.entries().length, rows.length, scene.entries().join());
  });
});

test('ROUTE-22: routes of a node that went while no operator ran are removed, where the Go CCM leaves them for good (B-54)', async () => {
  await operator.stop();
  await nodes.remove('c');
  operator = await world.startOperator(...ROUTE_FLAGS);
  const left = rows.filter((row) => row !== rowC).sort();
  await scene.waitForRows(left);
  await eventually(() => {
    assert.deepEqual(
      scene.entries(),
      left.map((row) => `${SYSTEM_TABLE} ${row}`),
    );
  });
});

test('ROUTE-24: a wrong cluster CIDR that would remove many routes is held, said, and approved by a person', async () => {
  const more = await Promise.all(
    Array.from({ length: 6 }, (_, index) =>
      scene.join(`held-${index}`, [`10.100.${20 + index}.0/24`]),
    ),
  );
  await eventually(() => {
    assert.equal(scene.entries().length, 10);
  });
  await operator.stop();
  operator = await world.startOperator(...ROUTE_FLAGS.slice(0, 1), '--cluster-cidr=10.200.0.0/16');
  const { message } = await scene.waitForTableCondition('Generated', 'False RemovalHeld');
  assert.match(message, /The removal of 10 rows is held back/);
  assert.match(message, new RegExp(APPROVE_REMOVAL_ANNOTATION));
  await eventually(async () => {
    assert.ok((await scene.tableEvents()).includes('RemovalHeld'));
  });
  const text = await operator.operator.metrics.registry.metrics();
  assert.match(text, /^alibaba_cloud_operator_absence_held\{kind="routes"\} 10$/m);
  assert.equal(scene.entries().length, 10, 'nothing has gone');

  const uid = (await scene.table())?.metadata.uid ?? '';
  await scene.patchTable(SYSTEM_TABLE, {
    metadata: { annotations: { [APPROVE_REMOVAL_ANNOTATION]: uid } },
  });
  await scene.waitForRows([]);
  await eventually(() => {
    assert.deepEqual(scene.entries(), []);
  }, 60_000);
  await eventually(async () => {
    const annotations = (await scene.table())?.metadata.annotations ?? {};
    assert.ok(!(APPROVE_REMOVAL_ANNOTATION in annotations), 'what was acted on is taken away');
  });
  await operator.stop();
  for (const { name } of more) await nodes.remove(name);
});

test('a VPC with several route tables of which none is named is told on the nodes, and nothing is guessed', async () => {
  world.cloud.admin.seed({
    vpcs: [
      {
        vpcId: CUSTOM_VPC,
        cidrBlock: '172.16.0.0/12',
        vSwitches: [{ vSwitchId: 'vsw-two', zoneId: 'cn-hangzhou-h', cidrBlock: '172.16.0.0/20' }],
        routeTables: TABLES.map((routeTableId, index) => ({
          routeTableId,
          type: index === 0 ? ('System' as const) : ('Custom' as const),
        })),
      },
    ],
  });
  operator = await world.startOperator(...ROUTE_FLAGS, `--vpc-id=${CUSTOM_VPC}`);
  await eventually(async () => {
    const found = await scene.network('a');
    assert.match(found?.message ?? '', /has 2 route tables, vtb-first, vtb-second: name those/);
  });
  const told = (await nodes.eventsOf('a')).filter(({ note }) => note.includes('route tables'));
  assert.deepEqual(told, [], 'it is no fault of the node');
  assert.equal(await scene.table('vtb-first'), undefined);
  await operator.stop();
});

test('ROUTE-01 ROUTE-13: all configured tables are filled, their ids trimmed (B-60), and only then the node is told so (B-57)', async () => {
  const [first] = TABLES;
  const two = nodes.startInstance({ vSwitchId: 'vsw-two', privateIps: ['172.16.0.9'] });
  await nodes.register('two', {
    providerId: `${world.cloud.regionId}.${two.instanceId}`,
    taints: [],
    spec: { podCIDR: '10.100.60.0/24', podCIDRs: ['10.100.60.0/24'] },
  });
  for (const name of ['a', 'b', 'd', 'e']) await nodes.remove(name);
  const file = path.join(directory, 'cloud-config.yaml');
  await writeFile(
    file,
    `Global:\n  vpcid: ${CUSTOM_VPC}\n  routeTableIDs: ' ${TABLES.join(' , ')} '\n`,
  );
  world.cloud.addFault({
    action: 'CreateRouteEntries',
    match: { 'RouteEntries.1.RouteTableId': 'vtb-second' },
    kind: 'error',
    code: 'Forbidden.RAM',
    httpStatus: 403,
    times: 0,
  });
  operator = await world.startOperator(...ROUTE_FLAGS, `--cloud-config=${file}`);
  const row = `10.100.60.0/24 ${two.instanceId}`;
  for (const table of TABLES) await scene.waitForRows([row], table);
  await eventually(() => {
    assert.ok(scene.entries().includes(`${first} ${row}`), scene.entries().join());
  });
  await eventually(async () => {
    const found = await scene.network('two');
    assert.equal(found?.status, 'True');
    assert.match(found.message, /in route table vtb-second/);
  });
  await operator.stop();
  world.cloud.removeFaults();
  operator = await world.startOperator(...ROUTE_FLAGS, `--cloud-config=${file}`);
  await scene.waitForNetwork('two', 'False RouteCreated');
  for (const table of TABLES) assert.ok(scene.entries().includes(`${table} ${row}`));
});

test('a second table that appears is a condition of the objects, and the nodes go on', async () => {
  await operator.stop();
  operator = await world.startOperator(...ROUTE_FLAGS, `--vpc-id=${CUSTOM_VPC}`);
  for (const table of TABLES) {
    const { message } = await scene.waitForTableCondition(
      'Generated',
      'False SeveralRouteTables',
      table,
    );
    assert.match(message, /vtb-first and vtb-second go on as before/);
    await scene.waitForTableCondition('Ready', 'True Ready', table);
  }
  assert.equal((await scene.network('two'))?.reason, 'RouteCreated');
});

test('an object of a table that is no longer configured goes once its rows may', async () => {
  await operator.stop();
  const file = path.join(directory, 'one-table.yaml');
  await writeFile(file, `Global:\n  vpcid: ${CUSTOM_VPC}\n  routeTableIDs: vtb-first\n`);
  operator = await world.startOperator(...ROUTE_FLAGS, `--cloud-config=${file}`);
  await eventually(async () => {
    assert.equal(await scene.table('vtb-second'), undefined);
  });
  const row = (await scene.table('vtb-first')) ?? assert.fail('the other one stays');
  assert.equal(row.spec.routes?.length, 1);
  assert.equal(scene.entries().length, 1, scene.entries().join());
});
