import {
  SHOWN,
  type ShownCondition,
  type ShownEvent,
  type ShownMessage,
} from '../reason-message.ts';

/** Where a reason is shown: a state of a condition, or an event. */
export type ShownAs =
  | ShownCondition<
      'Accepted' | 'Programmed' | 'BackendsSynced' | 'Ready' | 'Reconciling' | 'Stalled'
    >
  | ShownEvent;

/** What a reason tells people. */
export type LoadBalancerMessage = ShownMessage<ShownAs>;

const { accepted, notProgrammed, notReady, normal, warning, refused, refusedByCloud, inProgress } =
  SHOWN;

/**
 * Every reason of a condition or an event of AlibabaLoadBalancers.
 *
 * Shape: the source of the page for users; a test compares it with what the code says.
 */
export const LOAD_BALANCER_MESSAGES = {
  Accepted: {
    shownAs: [accepted],
    meaning: 'The spec is valid, and the load balancer is ours to manage.',
    when: 'Nothing that is asked for is refused.',
    remedy: '',
  },
  AccountProblem: {
    shownAs: refusedByCloud,
    meaning: 'The account of the cloud may not buy what is asked for.',
    when: 'Its balance, its verification or its way of paying stands in the way.',
    remedy: 'Set the account right in the console; it is tried again at the next resync.',
  },
  AnswerLost: {
    shownAs: inProgress,
    meaning: 'A change may or may not have reached the cloud.',
    when: 'Its answer was lost, by this process or by the one before.',
    remedy: 'None: the cloud is read once the change must have arrived.',
  },
  Conflict: {
    shownAs: refused,
    meaning: 'The Service has an AlibabaLoadBalancer of its own already.',
    when: 'An AlibabaLoadBalancer of another name asks for a Service that we generate one for.',
    remedy: "Edit the AlibabaLoadBalancer of the Service's name, and delete the other one.",
  },
  CreatedLoadBalancer: {
    shownAs: [normal],
    meaning: 'The cloud has made the load balancer.',
    when: 'The request for it was answered.',
    remedy: '',
  },
  CreationUnknown: {
    shownAs: inProgress,
    meaning: 'Whether there is a load balancer to delete is not known yet.',
    when: 'The object is deleted while a request for its load balancer is unanswered.',
    remedy:
      'None: it is looked for by tag and name until five minutes after the request, then the object goes.',
  },
  DeletedLoadBalancer: {
    shownAs: [normal],
    meaning: 'Nothing of the load balancer is left to manage.',
    when: 'It was deleted, was gone already, or was given away under the policy Retain.',
    remedy: '',
  },
  Deleting: {
    shownAs: [notReady],
    meaning: 'The load balancer is being removed from the cloud.',
    when: 'The object is being deleted.',
    remedy: '',
  },
  DeletionBlocked: {
    shownAs: [notReady, warning],
    meaning: 'A person has protected the load balancer against deletion.',
    when: 'The object is being deleted while `spec.clb.deletionProtection` is On.',
    remedy: 'Set the field to Off, or remove it.',
  },
  DeletionHeld: {
    shownAs: [notReady, warning],
    meaning: 'The object is kept although it was deleted, and goes on working.',
    when: 'Its Service still wants it, and would lose its address.',
    remedy:
      'Delete the Service, or annotate the object with `networking.alibabacloud.com/confirm-deletion` and its uid.',
  },
  DeletionProtected: {
    shownAs: refusedByCloud,
    meaning: 'The cloud refuses a deletion because of its own protection.',
    when: 'Deletion protection was switched on in the console while we deleted.',
    remedy: 'Switch it off in the console; it is tried again at the next resync.',
  },
  DriftDetected: {
    shownAs: [warning],
    meaning: 'The cloud has something otherwise than asked for, and it is set right.',
    when: 'The sweep found a difference, mostly made in the console.',
    remedy:
      'Change the Service or the AlibabaLoadBalancer instead; `status.drift` tells what it was.',
  },
  Forbidden: {
    shownAs: refusedByCloud,
    meaning: 'The credentials lack a permission.',
    when: 'The cloud refused a call for want of a right.',
    remedy:
      'Give the role or user the permission that the message names; it is tried again at the next resync.',
  },
  ForeignMark: {
    shownAs: refused,
    meaning: 'The load balancer bears the tag of another owner and is left alone.',
    when: 'Its ownership tags name another Service or cluster.',
    remedy: "Correct the tags if the load balancer is this object's.",
  },
  Immutable: {
    shownAs: refused,
    meaning: 'The cloud cannot change this of a load balancer that exists.',
    when: 'Address type, vSwitch, zone or resource group were changed afterwards; all else goes on.',
    remedy:
      'Set the field back, or delete and create the Service to get another load balancer with another address.',
  },
  Invalid: {
    shownAs: refused,
    meaning: 'A setting has a value that is not allowed.',
    when: 'A field, or an annotation of the Service, cannot be used; its last good value stays.',
    remedy: 'Correct it as the message says.',
  },
  InvalidCredentials: {
    shownAs: refusedByCloud,
    meaning: 'The cloud does not accept the credentials.',
    when: 'The access key is wrong, disabled or expired, or the clock is off.',
    remedy:
      'Correct the cloud-config or the role of the instance; a change counts without a restart.',
  },
  NoBackends: {
    shownAs: [{ condition: 'BackendsSynced', status: 'True' }, warning],
    meaning: 'The load balancer has no node to send traffic to.',
    when: 'No node has a provider id of this cloud, or all of them are excluded from load balancers.',
    remedy:
      'Give nodes their provider id, or take the label `node.kubernetes.io/exclude-from-external-load-balancers` off.',
  },
  NoReadyEndpoint: {
    shownAs: [{ condition: 'BackendsSynced', status: 'True' }],
    meaning: 'The registered nodes stay, and the health check decides about them.',
    when: 'The Service has the traffic policy Local, and no node holds an endpoint that is ready or still serves.',
    remedy: 'Look at the pods of the Service.',
  },
  NodePortNotAllocated: {
    shownAs: refused,
    meaning: 'A port cannot be served, because nodes are registered by their node port.',
    when: 'The port of the Service has no node port.',
    remedy: 'Set `allocateLoadBalancerNodePorts` to true, or give the port a `nodePort`.',
  },
  NotFound: {
    shownAs: inProgress,
    meaning: 'The load balancer, or a part of it, cannot be found in the cloud.',
    when: 'Somebody deleted it there, or it cannot be read yet.',
    remedy:
      'None: it is looked for twice, a minute apart, before another one is made. Check the account and region if it should be there.',
  },
  NotSupported: {
    shownAs: [...refused, notProgrammed],
    meaning: 'What is asked for is not done.',
    when: 'This version does not serve a field or an annotation, or the cloud does not offer it in this region; where access is restricted, no new listener opens.',
    remedy: 'Remove the setting, or choose another value.',
  },
  NotVisibleYet: {
    shownAs: inProgress,
    meaning: 'The load balancer was made a moment ago and cannot be read yet.',
    when: 'It is deleted right after its creation.',
    remedy: 'None: it is looked for again until five minutes after its creation.',
  },
  Observing: {
    shownAs: [notProgrammed, { condition: 'BackendsSynced', status: 'False' }, notReady],
    meaning: 'Nothing is changed; the status shows what would be done.',
    when: '`spec.reconcilePolicy` is Observe, or the operator runs with `--dry-run`; a deletion waits too.',
    remedy:
      'Set the field to Apply, or run the operator without the flag, to have `status.plan` done.',
  },
  OpenWiderThanAsked: {
    shownAs: refused,
    meaning: 'A listener runs without a restriction of its clients that is asked for.',
    when: 'The restriction was added to a listener that runs, and this version cannot apply it; one that runs is not closed.',
    remedy: 'Set `enabled: false` on the listener to close it, or remove the restriction.',
  },
  OptedOut: {
    shownAs: refused,
    meaning: 'The load balancer is left as it is.',
    when: 'An annotation of the Service asks this controller not to serve it.',
    remedy:
      'Remove the annotation to have it managed again, or delete the Service to have it removed.',
  },
  OtherService: {
    shownAs: refused,
    meaning: 'The load balancer was made for an earlier Service of this name.',
    when: 'The Service was deleted and made again before its load balancer was gone.',
    remedy: 'None: this object goes with its load balancer, and the Service gets another one.',
  },
  Paused: {
    shownAs: [notReady],
    meaning: 'Nothing is changed in the cloud, and deletion waits.',
    when: '`spec.reconcilePolicy` is Paused.',
    remedy: 'Set it to Apply to go on.',
  },
  Pending: {
    shownAs: [
      notProgrammed,
      { condition: 'BackendsSynced', status: 'False' },
      { condition: 'Ready', status: 'Unknown' },
      notReady,
    ],
    meaning: 'The load balancer is being brought to what is asked for.',
    when: 'A change is under way, or the object has not been looked at since it changed.',
    remedy: 'None, unless it lasts: then look at the events and at `status.lastError`.',
  },
  PlanChanged: {
    shownAs: [normal],
    meaning: 'What would be done is another plan than before.',
    when: 'The object is only looked at, and it, its Service, its nodes or the cloud have changed.',
    remedy: '',
  },
  Programmed: {
    shownAs: [{ condition: 'Programmed', status: 'True' }],
    meaning: 'The cloud has everything that is asked for and accepted.',
    when: 'All of it was written and all listeners run.',
    remedy: '',
  },
  QuotaExceeded: {
    shownAs: refusedByCloud,
    meaning: 'A quota of the account, or the stock of the cloud, is used up.',
    when: 'The cloud refused to make or add something more.',
    remedy:
      'Ask for a higher quota or remove what is not needed; it is tried again at the next resync.',
  },
  Ready: {
    shownAs: [
      { condition: 'Ready', status: 'True' },
      { condition: 'Reconciling', status: 'False' },
      { condition: 'Stalled', status: 'False' },
      normal,
    ],
    meaning: 'The load balancer is as asked for.',
    when: 'Accepted, Programmed and BackendsSynced are True for the newest generation.',
    remedy: '',
  },
  Reconciling: {
    shownAs: [{ condition: 'Stalled', status: 'False' }],
    meaning: 'It is being worked on.',
    when: 'The object is not ready, and nothing has to be done about it.',
    remedy: '',
  },
  RecreatingLoadBalancer: {
    shownAs: [warning],
    meaning: 'Another load balancer is made, and the address changes.',
    when: 'The load balancer is proven to be gone from the cloud.',
    remedy: 'Let clients know the new address, and protect load balancers from deletion.',
  },
  RecreationHeld: {
    shownAs: refused,
    meaning: 'A load balancer is gone, and no other one is made yet.',
    when: 'Many are missing at once, or this one again within ten minutes, which points to a wrong account or region.',
    remedy:
      'Check the credentials and the region, then annotate the object with `networking.alibabacloud.com/approve-recreation` and its uid.',
  },
  ReferenceNotFound: {
    shownAs: refusedByCloud,
    meaning: 'Something that a setting names does not exist in the cloud.',
    when: 'A vSwitch, zone, resource group or instance type is not there.',
    remedy: 'Correct the setting that the message names.',
  },
  Refused: {
    shownAs: [...refused, notProgrammed],
    meaning: 'Several things are refused, or the cloud refuses one for a reason of its own.',
    when: 'Refusals of different kinds are told together, or the code of the cloud fits no other reason.',
    remedy: 'Go through the message, and look the code up.',
  },
  RemovalHeld: {
    shownAs: [{ condition: 'BackendsSynced', status: 'False' }, notReady, warning],
    meaning: 'Backends stay registered although their nodes seem to be gone.',
    when: 'Too many nodes went missing at once without anybody seen deleting them, which points to an API server that does not know all of them.',
    remedy:
      'Check the nodes; if they are really gone, annotate the object with `networking.alibabacloud.com/approve-removal` and its uid.',
  },
  Retrying: {
    shownAs: [notProgrammed, notReady],
    meaning: 'Something failed that usually passes.',
    when: 'The cloud or the API server was not reached or failed, for more than ten seconds.',
    remedy: 'None, unless it lasts: then check the network and the endpoints.',
  },
  ServiceNotFound: {
    shownAs: refused,
    meaning: 'There is no Service to serve.',
    when: '`spec.serviceRef.name` names none of this namespace.',
    remedy: 'Create the Service, or delete the object.',
  },
  ServicePortNotFound: {
    shownAs: refused,
    meaning: 'A listener has nothing behind it and does not open.',
    when: 'Its `backend.servicePort` is no port of the Service with this transport.',
    remedy: 'Name one of the ports of the Service.',
  },
  Stalled: {
    shownAs: [{ condition: 'Reconciling', status: 'False' }],
    meaning: 'Nothing goes on before a person acts.',
    when: 'The condition Stalled is True, and tells why.',
    remedy: 'Do what Stalled says.',
  },
  Synced: {
    shownAs: [{ condition: 'BackendsSynced', status: 'True' }],
    meaning: 'All backends are registered.',
    when: 'Every server group has the nodes that it should have.',
    remedy: '',
  },
  Throttled: {
    shownAs: [],
    meaning: 'The cloud asks to go slower.',
    when: 'It received too many requests; told by metrics and the log, since it passes by itself.',
    remedy: 'None, unless it lasts: then look for other programs that use the same account.',
  },
  WrongAccount: {
    shownAs: refused,
    meaning: 'Nothing is written, because the load balancer is of another account.',
    when: 'The credentials are of another account than the one that `status.accountId` records.',
    remedy: 'Give the operator credentials of the recorded account.',
  },
  WrongRegion: {
    shownAs: refused,
    meaning: 'Nothing is written, because the load balancer is in another region.',
    when: 'The operator works in another region than the one that `status.regionId` records.',
    remedy: 'Configure the recorded region.',
  },
} as const satisfies Readonly<Record<string, LoadBalancerMessage>>;
