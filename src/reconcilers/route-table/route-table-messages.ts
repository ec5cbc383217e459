import {
  SHOWN,
  type ShownCondition,
  type ShownEvent,
  type ShownMessage,
} from '../reason-message.ts';

/** Where a reason is shown: a state of a condition, a row of `status.notAsWished`, or an event. */
export type RouteTableShownAs =
  | ShownCondition<'Accepted' | 'Programmed' | 'Ready' | 'Reconciling' | 'Stalled'>
  | { readonly row: 'pending' | 'conflicting' | 'failed' | 'held' }
  | ShownEvent;

/** What a reason tells people. */
export type RouteTableMessage = ShownMessage<RouteTableShownAs>;

const { accepted, notReady, normal, warning, refused, refusedByCloud, inProgress } = SHOWN;
const programmed = { condition: 'Programmed', status: 'True' } as const;
const pendingRow = [{ row: 'pending' }] as const;
const conflictingRow = [{ row: 'conflicting' }, ...refusedByCloud] as const;
const failedRow = [{ row: 'failed' }, ...refusedByCloud] as const;

/**
 * Every reason of a condition, a row or an event of AlibabaRouteTables, but for those of the rows that
 * come from Nodes.
 *
 * Shape: the source of the page for users; a test compares it with what the code says.
 */
export const ROUTE_TABLE_MESSAGES = {
  Accepted: {
    shownAs: [accepted],
    meaning: 'The spec is valid, and the route table is ours to write to.',
    when: 'Account, region and VPC are those that were written to before.',
    remedy: '',
  },
  AccountProblem: {
    shownAs: refusedByCloud,
    meaning: 'The account of the cloud stands in the way.',
    when: 'Its balance or its verification is not in order.',
    remedy: 'Set the account right in the console; it is tried again at the next comparison.',
  },
  AdoptedRoutes: {
    shownAs: [normal],
    meaning: 'Entries that were there already are ours from now on.',
    when: 'They bear no mark and equal rows, as those of the Go CCM do.',
    remedy: '',
  },
  AnswerLost: {
    shownAs: inProgress,
    meaning: 'A change may or may not have reached the cloud.',
    when: 'Its answer was lost, by this process or by the one before.',
    remedy: 'None: the cloud is read once the change must have arrived.',
  },
  ClaimedElsewhere: {
    shownAs: conflictingRow,
    meaning: 'Another AlibabaRouteTable of the same route table asks for the destination.',
    when: 'Two objects have a row for it; the older one counts.',
    remedy: 'Remove one of the two rows.',
  },
  Creating: {
    shownAs: pendingRow,
    meaning: 'The entry is being made.',
    when: 'The row is new.',
    remedy: '',
  },
  DeletedRoutes: {
    shownAs: [normal],
    meaning: 'Nothing of the object is left to manage.',
    when: 'Its entries were removed, or were given away under the policy Retain.',
    remedy: '',
  },
  Deleting: {
    shownAs: [notReady],
    meaning: 'The entries of the object are being removed from the route table.',
    when: 'The object is being deleted.',
    remedy: '',
  },
  DeletionHeld: {
    shownAs: [notReady, warning],
    meaning: 'The object is kept although it was deleted, and goes on working.',
    when: 'Nodes still want its routes, and their pods would be cut off.',
    remedy:
      'Remove the Nodes, or annotate the object with `networking.alibabacloud.com/confirm-deletion` and its uid.',
  },
  DestinationRefused: {
    shownAs: failedRow,
    meaning: 'The cloud takes no route to this destination.',
    when: 'It lies in a vSwitch, or is reserved by the cloud.',
    remedy: 'Use another network of pods.',
  },
  DestinationTaken: {
    shownAs: conflictingRow,
    meaning: 'An entry that is not ours has the destination, and is left alone.',
    when: 'It leads elsewhere, bears the mark of another cluster, or is of the system or of a routing protocol; the message names it.',
    remedy:
      'Remove that entry, or the row. Entries of instances that are gone can be removed by `spec.adoptStaleRoutes`.',
  },
  DriftDetected: {
    shownAs: [warning],
    meaning: 'The route table has something otherwise than asked for, and it is set right.',
    when: 'The comparison found a difference, mostly made in the console.',
    remedy: 'Change the AlibabaRouteTable instead.',
  },
  Forbidden: {
    shownAs: refusedByCloud,
    meaning: 'The credentials lack a permission.',
    when: 'The cloud refused a call for want of a right.',
    remedy:
      'Give the role or user the permission that the message names; it is tried again at the next comparison.',
  },
  ForeignRoute: {
    shownAs: [{ row: 'conflicting' }, programmed, warning],
    meaning: 'The network of pods has a route that nobody here made, and it is left alone.',
    when: 'A person or a predecessor made it, and no row asks for its destination.',
    remedy:
      'Remove it if nobody needs it. Entries of instances that are gone can be removed by `spec.adoptStaleRoutes`.',
  },
  InvalidCredentials: {
    shownAs: refusedByCloud,
    meaning: 'The cloud does not accept the credentials.',
    when: 'The access key is wrong, disabled or expired, or the clock is off.',
    remedy:
      'Correct the cloud-config or the role of the instance; a change counts without a restart.',
  },
  InvalidRow: {
    shownAs: failedRow,
    meaning: 'The destination of the row cannot be routed.',
    when: 'It is no network in canonical form, or is the default route.',
    remedy: 'Correct the row.',
  },
  NextHopNotFound: {
    shownAs: failedRow,
    meaning: 'The next hop is not in the VPC of the route table.',
    when: 'The instance was released, or the id in the row is wrong.',
    remedy: 'Check the instance, or correct the row; it is tried again from time to time.',
  },
  NoIpv6: {
    shownAs: failedRow,
    meaning: 'The VPC cannot route the family IPv6; the rows of IPv4 are not concerned.',
    when: 'Nodes have networks of pods of IPv6 in a VPC without a range of IPv6.',
    remedy: 'Give the VPC a range of IPv6, or remove IPv6 from the networks of pods.',
  },
  NoNextHop: {
    shownAs: failedRow,
    meaning: 'The row makes no route.',
    when: 'A person wrote it without a next hop.',
    remedy: 'Give it one, or remove the row.',
  },
  NotFound: {
    shownAs: inProgress,
    meaning: 'Something that a call is about cannot be found.',
    when: 'The route table or its VPC was deleted a moment ago.',
    remedy: 'None: it is looked for again.',
  },
  NotObserved: {
    shownAs: [{ condition: 'Programmed', status: 'Unknown' }],
    meaning: 'The route table was not looked at.',
    when: 'The object is paused, or belongs to another account, region or VPC.',
    remedy: 'See the condition Ready.',
  },
  NotSupported: {
    shownAs: failedRow,
    meaning: 'The cloud does not support what the row asks for.',
    when: 'The region or the VPC lacks it; the message has the words of the cloud.',
    remedy: 'Change the row.',
  },
  Observing: {
    shownAs: inProgress,
    meaning: 'Nothing is changed; the status shows what would be done.',
    when: '`spec.reconcilePolicy` is Observe, or the operator runs with `--dry-run`; a deletion waits too.',
    remedy:
      'Set the field to Apply, or run the operator without the flag, to have `status.plan` done.',
  },
  Paused: {
    shownAs: [notReady],
    meaning: 'Nothing is read or changed, and a deletion waits.',
    when: '`spec.reconcilePolicy` is Paused.',
    remedy: 'Set the field to Apply to go on.',
  },
  Pending: {
    shownAs: [...pendingRow, ...inProgress],
    meaning: 'The route table is being brought to what is asked for.',
    when: 'Something was asked for a moment ago, or the cloud puts an entry into use.',
    remedy: '',
  },
  PlanChanged: {
    shownAs: [normal],
    meaning: 'What would be done is another plan than before.',
    when: 'The object is only looked at, and its rows or the route table have changed.',
    remedy: '',
  },
  Programmed: {
    shownAs: [programmed],
    meaning: 'Every route that is asked for is in the route table.',
    when: 'The cloud has accepted them all, or was seen to have them.',
    remedy: '',
  },
  QuotaExceeded: {
    shownAs: failedRow,
    meaning: 'The route table has as many entries as its quota allows.',
    when: 'There are more rows than places; those that have none wait.',
    remedy:
      'Remove entries, or raise the quota `vpc_quota_route_entrys_num`; a free place is used at once.',
  },
  QuotaLow: {
    shownAs: [warning],
    meaning: 'The quota of the route table will be used up before long.',
    when: 'Less than a tenth is left, or as many Nodes as joined within a day would use it up within a week.',
    remedy: 'Raise the quota `vpc_quota_route_entrys_num`, or use a further route table.',
  },
  Ready: {
    shownAs: [
      { condition: 'Ready', status: 'True' },
      { condition: 'Reconciling', status: 'False' },
      { condition: 'Stalled', status: 'False' },
      normal,
    ],
    meaning: 'Every route that is asked for is in the route table.',
    when: 'Accepted and Programmed are True for this generation.',
    remedy: '',
  },
  ReferenceNotFound: {
    shownAs: failedRow,
    meaning: 'Something that the row refers to is not there.',
    when: 'The message has the words of the cloud.',
    remedy: 'Correct the row.',
  },
  Reconciling: {
    shownAs: [{ condition: 'Stalled', status: 'False' }],
    meaning: 'It is being worked on, and nothing has to be done about it.',
    when: 'Ready is not True, and no person has to act.',
    remedy: '',
  },
  Refused: {
    shownAs: failedRow,
    meaning: 'The cloud refused the entry, or the call.',
    when: 'The message has the words and the code of the cloud.',
    remedy: 'Do as the message says; it is tried again from time to time.',
  },
  RemovalHeld: {
    shownAs: [{ row: 'held' }, ...refusedByCloud],
    meaning: 'Entries stay although no row asks for them.',
    when: 'Their removal rests on absence alone, and that of many others too.',
    remedy:
      'If they are to go, annotate the object with `networking.alibabacloud.com/approve-removal` and its uid.',
  },
  Removing: {
    shownAs: pendingRow,
    meaning: 'The entry is being removed.',
    when: 'No row asks for it any more, or its instance is proven to be gone.',
    remedy: '',
  },
  Replacing: {
    shownAs: pendingRow,
    meaning: 'The entry leads elsewhere and is replaced.',
    when: 'The next hop was changed; the old entry has to be gone before another one is made.',
    remedy: '',
  },
  Retrying: {
    shownAs: inProgress,
    meaning: 'A call keeps failing for a reason that passes by itself.',
    when: 'The cloud or the way to it is disturbed for more than ten seconds.',
    remedy: 'None, unless it lasts: then check the network and the state of the cloud.',
  },
  SeveralReasons: {
    shownAs: refusedByCloud,
    meaning: 'Rows are not as asked for several reasons.',
    when: '`status.notAsWished` has rows with different reasons.',
    remedy: 'See the rows.',
  },
  Stalled: {
    shownAs: [{ condition: 'Reconciling', status: 'False' }],
    meaning: 'Nothing goes on before a person acts.',
    when: 'The condition Stalled is True.',
    remedy: 'See the condition Stalled.',
  },
  TableNotFound: {
    shownAs: refusedByCloud,
    meaning: 'There is no such route table in the region.',
    when: 'The id is wrong, or the table was deleted.',
    remedy: 'Correct the id or the region, or delete the object.',
  },
  UnclaimedRoute: {
    shownAs: [{ row: 'conflicting' }, programmed, warning],
    meaning: 'An entry bears the mark of this cluster, but is on no record, and is left alone.',
    when: 'An object gave it away under the policy Retain, was restored without its status, or went by force.',
    remedy:
      'Remove the entry, or write a row for it. It is removed by itself once its instance is proven to be gone.',
  },
  WrongAccount: {
    shownAs: refused,
    meaning: 'The credentials belong to another account than the route table.',
    when: 'They were exchanged; nothing is written until they are right.',
    remedy: 'Give the operator credentials of the account in `status.accountId`.',
  },
  WrongRegion: {
    shownAs: refused,
    meaning: 'The operator works in another region than that of the route table.',
    when: 'Its configuration was changed; nothing is written until it is right.',
    remedy: 'Configure the region in `status.regionId`.',
  },
  WrongVpc: {
    shownAs: refused,
    meaning: 'The cloud has the route table in another VPC than before.',
    when: 'The endpoint or the account is another one; nothing is written until it is right.',
    remedy: 'Check the account and the endpoint.',
  },
} as const satisfies Readonly<Record<string, RouteTableMessage>>;
