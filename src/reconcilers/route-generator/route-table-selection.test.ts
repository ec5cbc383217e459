import assert from 'node:assert/strict';
import { test } from 'node:test';
import { routeTableOf } from '../../../test/support/route-builders.ts';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import { Failure } from '../../cloud/failure.ts';
import type { CloudRouteTable } from '../../cloud/vpc/vpc-client.ts';
import type { RouteTableResource } from '../kubernetes-objects.ts';
import { GENERATED_LABELS } from '../names.ts';
import { RouteTablePlaces } from '../route-table/route-table-places.ts';
import { RouteTableSelection, type SelectedTables } from './route-table-selection.ts';

const MINUTE_MS = 60_000;
const { signal } = new AbortController();

function generated(...routeTableIds: readonly string[]): RouteTableResource[] {
  return routeTableIds.map((routeTableId) =>
    routeTableOf([], { metadata: { labels: GENERATED_LABELS }, spec: { routeTableId } }),
  );
}

/** A VPC whose tables change, and a selection that counts how often it asks. */
function sceneOf(configuredIds: readonly string[] = []) {
  const clock = new VirtualClock();
  const places = new RouteTablePlaces();
  const scene = { tables: ['vtb-1'], failure: undefined as Failure | undefined, calls: 0 };
  const selection = new RouteTableSelection({
    vpc: {
      listRouteTables: (vpcId): Promise<readonly CloudRouteTable[]> => {
        scene.calls += 1;
        if (scene.failure !== undefined) return Promise.reject(scene.failure);
        return Promise.resolve(
          scene.tables.map((id) => ({ id, name: '', vpcId, type: 'System', status: 'Available' })),
        );
      },
    },
    places,
    vpcId: () => Promise.resolve('vpc-a'),
    clock,
    configuredIds,
  });
  const select = (...ids: readonly string[]): Promise<SelectedTables> =>
    selection.select(generated(...ids), signal);
  return { clock, scene, places, select };
}

test('tables that the configuration names are taken without a question to the cloud', async () => {
  const { scene, select } = sceneOf(['vtb-7', 'vtb-8']);
  assert.deepEqual(await select('vtb-1'), { ids: ['vtb-7', 'vtb-8'] });
  assert.equal(scene.calls, 0);
});

test('where the tables of the VPC are is kept for those who ask for one of them', async () => {
  const { places, select } = sceneOf();
  await select();
  assert.equal(places.findVpcId('vtb-1'), 'vpc-a');
});

test('the one table of the VPC is believed to be the only one for half an hour', async () => {
  const { clock, scene, select } = sceneOf();
  for (let minute = 0; minute < 30; minute += 5) {
    assert.deepEqual(await select(), { ids: ['vtb-1'] });
    await clock.advance(5 * MINUTE_MS);
  }
  assert.equal(scene.calls, 1);
  await select();
  assert.equal(scene.calls, 2);
});

test('a second table that appears is a problem, and the table with rows goes on', async () => {
  const { clock, scene, select } = sceneOf();
  await select();
  scene.tables = ['vtb-1', 'vtb-2'];
  await clock.advance(31 * MINUTE_MS);
  const selected = await select('vtb-1');
  assert.deepEqual(selected.ids, ['vtb-1']);
  assert.equal(selected.problem?.reason, 'SeveralRouteTables');
  assert.match(selected.problem.message, /vtb-1, vtb-2: name those .*; vtb-1 goes on as before/);

  // Once it is gone again that is noticed soon.
  scene.tables = ['vtb-1'];
  await clock.advance(MINUTE_MS);
  assert.deepEqual(await select('vtb-1'), { ids: ['vtb-1'] });
});

test('of several tables none is guessed', async () => {
  const { scene, select } = sceneOf();
  scene.tables = ['vtb-1', 'vtb-2'];
  const { ids, problem } = await select();
  assert.deepEqual(ids, []);
  assert.match(problem?.message ?? '', /no routes are made until then/);
});

test('no table is a problem, and the tables with rows are not given up', async () => {
  const { scene, select } = sceneOf();
  scene.tables = [];
  const { problem } = await select('vtb-1');
  assert.equal(problem?.reason, 'NoRouteTable');
});

test('while the cloud does not answer, the tables with rows go on, and it is asked again soon', async () => {
  const { scene, select } = sceneOf();
  scene.failure = new Failure('retryable', 'The connection was lost');
  assert.deepEqual(await select('vtb-1', 'vtb-1', 'vtb-2'), {
    ids: ['vtb-1', 'vtb-2'],
    isStale: true,
  });
  const { ids, problem, isStale } = await select();
  assert.deepEqual([ids, isStale], [[], true]);
  assert.match(problem?.message ?? '', /cannot be read: The connection was lost/);
});

test('that the cloud refuses to tell is a problem, and the tables with rows go on', async () => {
  const { scene, select } = sceneOf();
  scene.failure = new Failure('terminal', 'The identity lacks the permission', {
    code: 'Forbidden',
  });
  const { ids, problem } = await select('vtb-1');
  assert.deepEqual(ids, ['vtb-1']);
  assert.equal(problem?.reason, 'RouteTablesUnreadable');
  assert.match(problem.message, /lacks the permission/);
});
