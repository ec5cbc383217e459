import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeOf } from '../../../test/support/kubernetes-builders.ts';
import type { CloudIdentity } from '../../cloud/cloud-identity.ts';
import { Failure } from '../../cloud/failure.ts';
import { AbsenceBreaker } from '../absence-breaker.ts';
import type { Node } from '../kubernetes-objects.ts';
import { VanishedNodes } from './vanished-nodes.ts';

const here: CloudIdentity = { accountId: '1', regionId: 'cn-hangzhou' };
const otherAccount: CloudIdentity = { ...here, accountId: '2' };
const otherRegion: CloudIdentity = { ...here, regionId: 'cn-beijing' };
const nothing = { debug: ignore, info: ignore, warn: ignore, error: ignore };

function ignore(): void {
  // What is logged is no part of these tests.
}

interface Scene {
  readonly recorded?: readonly CloudIdentity[];
  readonly proven?: CloudIdentity;
  readonly mayWrite?: boolean;
  readonly isAborted?: boolean;
  readonly failure?: Failure;
  /** How many are gone. */
  readonly gone?: number;
}

/** Removes nodes of a cluster of ten, and tells what was done and said. */
async function remove(scene: Scene): Promise<{ deleted: string[]; said: string[] }> {
  const deleted: string[] = [];
  const said: string[] = [];
  const abort = new AbortController();
  if (scene.isAborted === true) abort.abort(new Error('the operator is stopping'));
  const vanished = new VanishedNodes({
    breaker: new AbsenceBreaker({ monotonicMs: () => 0 }),
    recordedPlaces: () => scene.recorded ?? [],
    mayWrite: () => scene.mayWrite ?? true,
    logger: nothing,
    events: {
      record: ({ metadata }, { reason }) => {
        said.push(`${metadata.name} ${reason}`);
      },
    },
    writer: {
      delete: (node: Node) => {
        if (scene.failure !== undefined) return Promise.reject(scene.failure);
        deleted.push(node.metadata.name);
        return Promise.resolve();
      },
    },
  });
  if (scene.proven !== undefined) vanished.provePlace(scene.proven);
  const nodes = Array.from({ length: scene.gone ?? 1 }, (_, index) => nodeOf(`n${index}`));
  await vanished.remove(nodes, { identity: here, total: 10 }, abort.signal);
  return { deleted, said };
}

const cases: readonly {
  readonly name: string;
  readonly scene: Scene;
  readonly deleted: readonly string[];
  readonly said: readonly string[];
  readonly reason: string;
}[] = [
  {
    name: 'NothingRecorded',
    scene: {},
    deleted: ['n0'],
    said: ['n0 DeletingNode'],
    reason: 'Nothing speaks against it.',
  },
  {
    name: 'SamePlace',
    scene: { recorded: [here], proven: here },
    deleted: ['n0'],
    said: ['n0 DeletingNode'],
    reason: 'All say the same.',
  },
  {
    name: 'OtherAccountRecorded',
    scene: { recorded: [otherAccount] },
    deleted: [],
    said: ['n0 DeletionHeld'],
    reason: 'The instances are in an account that these credentials do not see.',
  },
  {
    name: 'OtherRegionRecorded',
    scene: { recorded: [otherRegion] },
    deleted: [],
    said: ['n0 DeletionHeld'],
    reason: 'The instances are in a region that is not asked.',
  },
  {
    name: 'ThisPlaceAmongRecorded',
    scene: { recorded: [otherAccount, here] },
    deleted: ['n0'],
    said: ['n0 DeletingNode'],
    reason: 'An object of an account that was left does not stop the cluster.',
  },
  {
    name: 'OtherAccountProven',
    scene: { proven: otherAccount, recorded: [here] },
    deleted: [],
    said: ['n0 DeletionHeld'],
    reason: 'This process itself has seen the instances in another account.',
  },
  {
    name: 'FormerLeader',
    scene: { mayWrite: false },
    deleted: [],
    said: [],
    reason: 'Another process leads by now.',
  },
  {
    name: 'Stopping',
    scene: { isAborted: true },
    deleted: [],
    said: [],
    reason: 'What is left is for the next leader.',
  },
  {
    name: 'Refused',
    scene: { failure: new Failure('terminal', 'forbidden') },
    deleted: [],
    said: ['n0 DeletingNode', 'n0 DeletingNodeFailed'],
    reason: 'A deletion that fails is told.',
  },
  {
    name: 'TooMany',
    scene: { gone: 4 },
    deleted: [],
    said: ['n0 DeletionHeld', 'n1 DeletionHeld', 'n2 DeletionHeld', 'n3 DeletionHeld'],
    reason: 'Of four of ten none goes, and each is told.',
  },
];

for (const { name, scene, deleted, said, reason } of cases) {
  test(`LIFE-07 LIFE-08 LIFE-10: VanishedNodes: ${name}`, async () => {
    assert.deepEqual(await remove(scene), { deleted, said }, reason);
  });
}

test('LIFE-07: VanishedNodes tells at most twenty nodes, and names the rest as a number', async () => {
  const { said } = await remove({ gone: 30 });
  assert.equal(said.length, 20);
});
