import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ObjectMeta, RouteTableResource } from '../kubernetes-objects.ts';
import { CONFIRM_DELETION_ANNOTATION } from '../names.ts';
import { nodeRow, personsRow, routeTableOf } from '../../../test/support/route-builders.ts';
import type { RouteRow } from './route-table-ports.ts';
import { memberOf } from './route-table-verdict.ts';

const identity = { accountId: '1', regionId: 'cn-hangzhou' };
const DELETED = '2026-01-02T00:00:00Z';
const UID = 'uid-of-vtb-1';
const NODES_ROW = nodeRow('10.0.1.0/24', 'i-a');

const cases: readonly {
  readonly name: string;
  readonly rows?: readonly RouteRow[];
  readonly metadata?: Partial<ObjectMeta>;
  readonly spec?: Partial<RouteTableResource['spec']>;
  readonly status?: RouteTableResource['status'];
  readonly nodeUids?: readonly string[];
  readonly isDryRun?: boolean;
  /** The stance and the reason beside it, if any. */
  readonly want: readonly [string, string?] | undefined;
  readonly reason: string;
}[] = [
  { name: 'Plain', want: ['apply'], reason: 'What is asked for is done.' },
  {
    name: 'WrongAccount',
    status: { accountId: '2' },
    want: ['leave', 'WrongAccount'],
    reason: 'The table belongs to another account.',
  },
  {
    name: 'WrongRegion',
    status: { accountId: '1', regionId: 'cn-beijing' },
    want: ['leave', 'WrongRegion'],
    reason: 'The table is in another region.',
  },
  {
    name: 'WrongVpc',
    status: { vpcId: 'vpc-other' },
    want: ['leave', 'WrongVpc'],
    reason: 'The cloud shows another table under this id.',
  },
  {
    name: 'WrongAccountDeleting',
    metadata: { deletionTimestamp: DELETED },
    status: { accountId: '2' },
    want: ['leave', 'WrongAccount'],
    reason: 'A deletion would act on another account too.',
  },
  {
    name: 'Paused',
    spec: { reconcilePolicy: 'Paused' },
    want: ['leave', 'Paused'],
    reason: 'Nothing is read or written.',
  },
  {
    name: 'PausedDeleting',
    metadata: { deletionTimestamp: DELETED },
    spec: { reconcilePolicy: 'Paused' },
    want: ['leave', 'Paused'],
    reason: 'A deletion waits.',
  },
  {
    name: 'Observe',
    spec: { reconcilePolicy: 'Observe' },
    want: ['observe'],
    reason: 'It is only looked at.',
  },
  {
    name: 'ObserveDeleting',
    metadata: { deletionTimestamp: DELETED },
    spec: { reconcilePolicy: 'Observe' },
    want: ['observe', 'Observing'],
    reason: 'A deletion would change the cloud.',
  },
  {
    name: 'DryRun',
    isDryRun: true,
    want: ['observe'],
    reason: 'Nothing is written, whatever is asked for.',
  },
  {
    name: 'DryRunRetainDeleting',
    isDryRun: true,
    metadata: { deletionTimestamp: DELETED },
    spec: { deletionPolicy: 'Retain' },
    want: ['observe', 'Observing'],
    reason: 'Even to let the object go would be a write.',
  },
  {
    name: 'DryRunPaused',
    isDryRun: true,
    spec: { reconcilePolicy: 'Paused' },
    want: ['leave', 'Paused'],
    reason: 'What is paused would not be changed without the flag either.',
  },
  {
    name: 'Deleting',
    rows: [personsRow('10.0.1.0/24', 'i-a')],
    metadata: { deletionTimestamp: DELETED },
    want: ['remove', 'Deleting'],
    reason: 'A person has deleted rows of people.',
  },
  {
    name: 'DeletingRetain',
    rows: [NODES_ROW],
    metadata: { deletionTimestamp: DELETED },
    spec: { deletionPolicy: 'Retain' },
    nodeUids: ['uid-of-node-i-a'],
    want: ['release', 'Deleting'],
    reason: 'No route is lost, so that nothing is held.',
  },
  {
    name: 'DeletingHeld',
    rows: [NODES_ROW],
    metadata: { deletionTimestamp: DELETED },
    nodeUids: ['uid-of-node-i-a'],
    want: ['apply', 'DeletionHeld'],
    reason: 'The pods of a node would be cut off.',
  },
  {
    name: 'DeletingConfirmed',
    rows: [NODES_ROW],
    metadata: {
      deletionTimestamp: DELETED,
      annotations: { [CONFIRM_DELETION_ANNOTATION]: UID },
    },
    nodeUids: ['uid-of-node-i-a'],
    want: ['remove', 'Deleting'],
    reason: 'A person has said that it is meant.',
  },
  {
    name: 'DeletingConfirmedForAnother',
    rows: [NODES_ROW],
    metadata: {
      deletionTimestamp: DELETED,
      annotations: { [CONFIRM_DELETION_ANNOTATION]: 'uid-of-another' },
    },
    nodeUids: ['uid-of-node-i-a'],
    want: ['apply', 'DeletionHeld'],
    reason: 'The word was about an earlier object of the name.',
  },
  {
    name: 'DeletingNodesGone',
    rows: [NODES_ROW],
    metadata: { deletionTimestamp: DELETED },
    nodeUids: ['uid-of-node-i-b'],
    want: ['remove', 'Deleting'],
    reason: 'No node wants any of it.',
  },
  {
    name: 'DeletingNotOurs',
    metadata: { deletionTimestamp: DELETED, finalizers: ['example.com/other'] },
    want: undefined,
    reason: 'Nothing of it is in the cloud, and it goes without us.',
  },
];

for (const { name, rows = [], nodeUids = [], isDryRun = false, want, reason, ...change } of cases) {
  test(`OWN-05 OWN-10: memberOf: ${name}`, () => {
    const resource = routeTableOf(rows, change);
    const member = memberOf({
      resource,
      identity,
      vpcId: 'vpc-1',
      nodeUids: new Set(nodeUids),
      isDryRun,
    });
    const said = member?.refusal?.reason ?? member?.notReady?.reason;
    const got = member && [member.stance, ...(said === undefined ? [] : [said])];
    assert.deepEqual(got, want, reason);
  });
}
