import { COMPUTE_RULES } from './ecs/compute-rules.ts';
import { NETWORK_RULES } from './vpc/network-rules.ts';

/** Where the knowledge of a rule comes from. */
export type RuleSource =
  | 'documented'
  | 'seen in a client'
  /** Nothing tells; this cloud does what fits the rest. */
  | 'assumed';

/** One rule that this cloud keeps. */
export interface CloudRule {
  readonly id: string;
  readonly area: string;
  readonly sentence: string;
  readonly source: RuleSource;
}

type RuleRow = readonly [id: string, source: RuleSource, sentence: string];

/** The rules of one area, under its name. */
export type RuleArea = readonly [area: string, rows: readonly RuleRow[]];

const WIRE: readonly RuleRow[] = [
  [
    'wire-v1-signature',
    'documented',
    'A V1 request is signed with HMAC-SHA1 or HMAC-SHA256 over method and all parameters of query and form; a wrong signature is SignatureDoesNotMatch with the server’s string to sign.',
  ],
  [
    'wire-v3-signature',
    'documented',
    'A V3 request is signed with ACS3-HMAC-SHA256 over whichever headers the caller lists, and over the body’s hash.',
  ],
  [
    'wire-encoding',
    'seen in a client',
    'Names in the canonical query of V3 may be percent-encoded or not.',
  ],
  ['wire-unsigned', 'documented', 'A request without a complete signature is IncompleteSignature.'],
  ['wire-unknown-key', 'documented', 'An unknown access key is InvalidAccessKeyId.NotFound.'],
  [
    'wire-security-token',
    'documented',
    'A temporary key needs its token: without it MissingSecurityToken, with another one InvalidSecurityToken.MismatchWithAccessKey, after its end InvalidSecurityToken.Expired.',
  ],
  [
    'wire-timestamp',
    'documented',
    'A timestamp that is not ISO 8601 in UTC is InvalidTimeStamp.Format; one that is 15 minutes off is InvalidTimeStamp.Expired.',
  ],
  ['wire-nonce', 'documented', 'A nonce that was used before is SignatureNonceUsed.'],
  [
    'wire-action',
    'documented',
    'Action and Version come as headers or as parameters; without them MissingParameter, an unknown version is InvalidVersion, an unknown action InvalidAction.NotFound.',
  ],
  [
    'wire-methods',
    'documented',
    'GET and POST are served, query and form are merged; another method is UnsupportedHTTPMethod.',
  ],
  [
    'wire-absolute-uri',
    'documented',
    'A request may name its target as an absolute URI, as clients do that talk to a proxy.',
  ],
  [
    'wire-format',
    'documented',
    'Format decides between JSON and XML; without it V1 callers get XML and V3 callers JSON.',
  ],
  [
    'wire-error',
    'documented',
    'An error answer has RequestId, HostId, Code, Message and Recommend, with the published status.',
  ],
];

const CALLS: readonly RuleRow[] = [
  [
    'call-missing',
    'documented',
    'A required parameter that is absent or empty is MissingParam.<Name> where the operation publishes it, else MissingParameter.',
  ],
  [
    'call-invalid',
    'documented',
    'A parameter of the wrong type, range or enumeration gets the operation’s own code for it, else InvalidParameter.',
  ],
  [
    'call-length',
    'documented',
    'A text of the wrong length is InvalidParamLength.<Name> where published, else InvalidParameterLength for CLB and InvalidParameter elsewhere.',
  ],
  [
    'call-count',
    'documented',
    'More items than a list takes is SizeLimitExceeded.<Name> or IllegalParamSize.<Name> where published, else InvalidParameter.',
  ],
  [
    'call-spelling',
    'seen in a client',
    'The first letter of a parameter’s name may be of either case, since create and set operations spell some names differently.',
  ],
  [
    'call-unknown-parameter',
    'seen in a client',
    'Parameters that an operation does not publish are ignored.',
  ],
  ['call-empty', 'assumed', 'A parameter with an empty value counts as not given.'],
  ['call-unset-number', 'seen in a client', 'The number -520 means that a parameter is not set.'],
  [
    'call-default-outside',
    'documented',
    'A published default is accepted even where it lies outside of the published range.',
  ],
  [
    'call-clamp',
    'documented',
    'DescribeInstances brings MaxResults to 10 at least and 100 at most, DescribeDisks to 10 and 500, instead of refusing it.',
  ],
  ['call-region', 'documented', 'An unknown region is InvalidRegionId.NotFound.'],
  ['call-dry-run', 'documented', 'DryRun=true changes nothing and answers DryRunOperation.'],
  [
    'call-rate',
    'assumed',
    'An account may make 20 calls a second of one operation of a product; more are Throttling.User with x-acs-retry-after in milliseconds. Rates are settings.',
  ],
  [
    'call-accounts',
    'documented',
    'An account sees its own objects only; another one’s do not exist for it.',
  ],
  [
    'answer-lists',
    'seen in a client',
    'Lists of ECS and VPC answers are there when they are empty, also within the items of lists.',
  ],
  [
    'answer-instances',
    'assumed',
    'DescribeInstances tells every published member of an instance; what it does not have is empty, 0 or false.',
  ],
  [
    'answer-seeded-time',
    'assumed',
    'What was seeded tells 2024-01-01 as its time, as it has always been there.',
  ],
  [
    'answer-absence',
    'seen in a client',
    'An error about a vSwitch, route table or route entry that is not there says NotFound in its text as well, by which a client tells it from others where the status is not 404.',
  ],
];

const TOKENS: readonly RuleRow[] = [
  [
    'token-replay',
    'documented',
    'A repeated ClientToken with the same parameters gives the first result again and changes nothing, even if what it made is gone.',
  ],
  [
    'token-mismatch',
    'documented',
    'A repeated ClientToken with other parameters is IdempotentParameterMismatch.',
  ],
  [
    'token-processing',
    'documented',
    'While the first call with a ClientToken is running, a repetition is OperationFailed.TokenIsProcessing, or the code that the operation publishes for it.',
  ],
  ['token-failed', 'assumed', 'A call that was refused leaves its ClientToken free.'],
  [
    'token-life',
    'assumed',
    'A ClientToken is remembered for a day unless the settings say otherwise.',
  ],
  ['token-form', 'documented', 'A ClientToken has at most 64 ASCII characters.'],
];

const PAGES: readonly RuleRow[] = [
  [
    'page-numbered',
    'documented',
    'Numbered pages begin with 1 and tell PageNumber, PageSize and TotalCount; the default size is 10, for DescribeTags 50.',
  ],
  [
    'page-token',
    'documented',
    'Token pages end when NextToken is absent or empty; DescribeLoadBalancerListeners gives 20 a page unless told.',
  ],
  [
    'page-bad-token',
    'documented',
    'A token that was never given is IllegalParam.NextToken or InvalidParam.NextToken, as the operation publishes.',
  ],
  [
    'page-moving',
    'assumed',
    'Pages are not snapshots: items may repeat or be missed under change.',
  ],
  ['page-tag-size', 'assumed', 'ListTagResources gives 50 rows a page.'],
];

const LOAD_BALANCERS: readonly RuleRow[] = [
  ['lb-active', 'documented', 'A load balancer is active as soon as it is made.'],
  [
    'lb-defaults',
    'documented',
    'A load balancer is of type internet, or intranet when a vSwitch is given, paid by spec and by traffic, without protection, and is called by its id unless named.',
  ],
  [
    'lb-name',
    'documented',
    'A name begins with a letter and has letters, digits and . _ - / after it.',
  ],
  ['lb-spec', 'documented', 'PayBySpec without a spec is MissingParam.LoadBalancerSpec.'],
  [
    'lb-clcu',
    'documented',
    'PayByCLCU goes by traffic only, shows the spec slb.lcu.elastic and takes no other.',
  ],
  [
    'lb-bandwidth',
    'documented',
    'Paying by bandwidth needs a bandwidth: InvalidParameter.Bandwidth.',
  ],
  [
    'lb-vswitch',
    'documented',
    'An intranet load balancer needs a vSwitch that exists: MissingParam.VSwitchId, InvalidVSwitchId.NotFound.',
  ],
  [
    'lb-address',
    'documented',
    'An intranet address is a free one of the vSwitch, whose first and last three are reserved; none left is VSwitchAvailableIpNotExist.',
  ],
  ['lb-ipv6', 'documented', 'IPv6 goes with internet only: InvalidParameter.Mismatch.'],
  [
    'lb-zones',
    'assumed',
    'An unknown zone is PRODUCT.NOT_AVAILABLE_IZ; without zones the first two are taken.',
  ],
  [
    'lb-charge-words',
    'documented',
    'The list shows the charge type as 3 or 4 with the words in InternetChargeTypeAlias; the single answer shows the words.',
  ],
  [
    'lb-absent',
    'documented',
    'An unknown load balancer is InvalidLoadBalancerId.NotFound, with the text that its id does not exist.',
  ],
  [
    'lb-filter',
    'seen in a client',
    'DescribeLoadBalancers with an unknown id, name or tag is an empty list.',
  ],
  [
    'lb-filter-tags',
    'documented',
    'Several tags of a filter must all be there; the older Tags filter is JSON with TagKey and TagValue.',
  ],
  [
    'lb-resource-group',
    'seen in a client',
    'The resource group given at creation is in every answer.',
  ],
  [
    'lb-delete-protection',
    'documented',
    'Deletion under protection is OperationDenied.DeleteProtectionIsOn.',
  ],
  [
    'lb-modification-protection',
    'documented',
    'Modification protection stops the console only; without protection its reason is cleared.',
  ],
  [
    'lb-delete-all',
    'documented',
    'Deleting a load balancer removes its listeners and tags with it.',
  ],
  ['lb-delete-groups', 'assumed', 'Deleting a load balancer removes its server groups.'],
  [
    'lb-change-charge',
    'seen in a client',
    'The instance charge type can be changed to PayBySpec with a spec as well as to PayByCLCU.',
  ],
];

const LOCKS: readonly RuleRow[] = [
  [
    'lock-write',
    'documented',
    'A write to what an earlier write is still being applied to, the settings of a load balancer, a listener or a server group, is refused with the lock code that the operation publishes.',
  ],
  [
    'lock-time',
    'assumed',
    'An accepted write, creation included, holds what it writes for the 100 ms until its answer, unless the settings say otherwise; a refused one does not.',
  ],
  [
    'lock-parts',
    'seen in a client',
    'Writes to different listeners and server groups of a load balancer, and to its settings, are taken at a time and answered one after the other: a client sends ten at once. While a lock of the settings lasts, any other write is refused, and the deletion of the load balancer waits for all.',
  ],
  [
    'lock-answer',
    'seen in a client',
    'Once a write is answered, the next one on the load balancer is taken: clients send them one after the other without a pause.',
  ],
  ['lock-tags', 'assumed', 'Tag operations neither hold a load balancer nor wait for it.'],
];

const LISTENERS: readonly RuleRow[] = [
  ['listener-stopped', 'documented', 'A listener is stopped when it is made.'],
  [
    'listener-start',
    'documented',
    'A start leads from stopped through starting to running, and is refused from any other state.',
  ],
  ['listener-stop', 'documented', 'A stop leads from running through stopping to stopped.'],
  [
    'listener-set',
    'documented',
    'Changing a running listener leads through configuring back to running; a stopped one stays stopped.',
  ],
  [
    'listener-moving',
    'documented',
    'A listener in passage is not changed, stopped or deleted: ServiceIsStopping while stopping, else ServiceIsConfiguring; a start is Operation.Deny.',
  ],
  [
    'listener-not-supported',
    'seen in a client',
    'Starting a running listener or stopping a stopped one is OperationFailed.ListenerStatusNotSupport.',
  ],
  ['listener-time', 'assumed', 'A passage takes 500 ms unless the settings say otherwise.'],
  [
    'listener-exists',
    'documented',
    'A second listener of one port and protocol is ListenerAlreadyExists; TCP and UDP may share a port.',
  ],
  [
    'listener-shared-port',
    'documented',
    'Where two listeners share a port, operations that name no protocol are TooManyListeners.',
  ],
  [
    'listener-defaults',
    'documented',
    'Scheduler wrr, health check on and after connecting for 5 s, thresholds 3; TCP: established timeout 900, no persistence.',
  ],
  ['listener-interval', 'seen in a client', 'The health check’s interval is 2 s unless told.'],
  [
    'listener-schedulers',
    'seen in a client',
    'The scheduler wlc is accepted beside the published ones.',
  ],
  [
    'listener-backend',
    'documented',
    'Either a port of the backends or a server group is needed: MissingParameter.',
  ],
  [
    'listener-group',
    'documented',
    'An unknown server group is InvalidParameter, whose text says that the VServerGroupId does not exist; a group and a master-slave group exclude each other.',
  ],
  [
    'listener-group-owner',
    'assumed',
    'A server group of another load balancer is VipNotMatchRspool.',
  ],
  [
    'listener-group-switch',
    'documented',
    'In a change, VServerGroup=on takes the group of VServerGroupId, off goes back to the default group.',
  ],
  [
    'listener-acl',
    'documented',
    'AclStatus=on needs AclId and AclType; an unknown list is AclNotExist.',
  ],
  ['listener-drain', 'documented', 'ConnectionDrain=on needs ConnectionDrainTimeout.'],
  [
    'listener-absent',
    'documented',
    'A listener that is not there is ListenerNotFound for writes, and InvalidParameter with “The specified resource does not exist” for the single answer.',
  ],
  [
    'listener-list',
    'documented',
    'The list of listeners is a bare array whose items carry the settings of their protocol in an object of their own.',
  ],
];

const GROUPS: readonly RuleRow[] = [
  [
    'group-absent',
    'documented',
    'An unknown group is InvalidParameter with status 404, whose text says that the VServerGroupId does not exist.',
  ],
  ['group-in-use', 'documented', 'A group that a listener uses cannot be deleted: RspoolVipExist.'],
  [
    'group-name-length',
    'seen in a client',
    'Names of groups may be as long as 256 characters, beyond the documented 80.',
  ],
  [
    'group-items',
    'seen in a client',
    'Members of a BackendServers item are found whatever the case of their names, unknown ones are ignored, numbers may be strings, and strings in single quotes.',
  ],
  [
    'group-call-size',
    'seen in a client',
    'One call takes 40 backend servers, beyond the documented 20; more are TooManyBackendServers.',
  ],
  [
    'group-malformed',
    'documented',
    'A list that cannot be read is BackendServersMalformed, a weight outside 0 to 100 InvalidWeight.Malformed.',
  ],
  [
    'group-server-absent',
    'documented',
    'A server that does not exist is InvalidServerId.NotFound, one that does not run ObtainIpFail.',
  ],
  [
    'group-one-vpc',
    'documented',
    'All servers of a load balancer are in one VPC: NetworkConflict.',
  ],
  [
    'group-add-twice',
    'assumed',
    'Adding a server and port that a group has already is accepted and changes nothing.',
  ],
  [
    'group-remove-unknown',
    'documented',
    'Removing servers that a group does not have is accepted.',
  ],
  [
    'group-set',
    'documented',
    'SetVServerGroupAttribute changes name, weights and descriptions, never the members.',
  ],
  [
    'group-modify',
    'documented',
    'ModifyVServerGroupBackendServers takes the old members out and puts the new ones in.',
  ],
  ['group-weight', 'documented', 'The weight is 100 unless told.'],
  [
    'group-released',
    'assumed',
    'A released instance stays in its groups until somebody takes it out; its health is abnormal.',
  ],
  [
    'health-states',
    'documented',
    'Health is normal or abnormal, and unavailable without a check or a running listener.',
  ],
  ['health-running', 'assumed', 'A server that runs is healthy.'],
];

const TAGS: readonly RuleRow[] = [
  [
    'tag-form',
    'documented',
    'A key has 1 to 64 characters and does not begin with aliyun or acs:, a value at most 128; neither holds http:// or https://.',
  ],
  ['tag-overwrite', 'documented', 'A key that is there gets the new value.'],
  [
    'tag-twice',
    'documented',
    'A key that comes twice in one call is Duplicate.TagKey where published.',
  ],
  ['tag-absent', 'documented', 'Tagging something that does not exist is ResourceNotExist.'],
  [
    'tag-lag',
    'assumed',
    'Tags become visible to readers, filters included, as late as the settings say; at once unless told.',
  ],
  ['tag-all', 'documented', 'UntagResources with All=true removes all tags if no key is named.'],
  ['tag-legacy', 'documented', 'AddTags takes 5 tags a call and leaves at most 10: TagCountLimit.'],
  [
    'tag-list-needs',
    'documented',
    'ListTagResources needs an id or a tag: MissingParam.TagOrResourceId.',
  ],
];

const QUOTA_RULES: readonly RuleRow[] = [
  ['quota-instances', 'documented', 'An account has 60 load balancers: OverQuota.'],
  ['quota-listeners', 'documented', 'A load balancer has 50 listeners: ListenerNumberOverLimit.'],
  [
    'quota-backends',
    'seen in a client',
    'A load balancer has 200 backend servers, all groups together: InstanceBackendServerNumberOverLimit.',
  ],
  [
    'quota-tags',
    'documented',
    'An object has 20 tags: QuotaLimitExceeds or the code that the operation publishes.',
  ],
  [
    'quota-groups',
    'assumed',
    'Server groups of a load balancer and load balancers of a server are limited only if a quota says so: OverQuota.',
  ],
];

const OTHERS: readonly RuleRow[] = [
  ['vpc-empty', 'documented', 'DescribeVpcs and DescribeVSwitches of unknown ids are empty lists.'],
  [
    'metadata-token',
    'documented',
    'Instance metadata are given with a session token and without; a wrong token is refused, one is good for 1 to 21600 seconds.',
  ],
  ['metadata-instance', 'assumed', 'Instance metadata are those of the first seeded instance.'],
  [
    'metadata-role',
    'documented',
    'The role’s credentials are temporary keys with a token and an end; they change after half of their six hours.',
  ],
];

const AREAS: readonly RuleArea[] = [
  ['Wire format', WIRE],
  ['Calls and parameters', CALLS],
  ['Client tokens', TOKENS],
  ['Pages', PAGES],
  ['Load balancers', LOAD_BALANCERS],
  ['Locks', LOCKS],
  ['Listeners', LISTENERS],
  ['Server groups and health', GROUPS],
  ['Tags', TAGS],
  ['Quotas', QUOTA_RULES],
  ...NETWORK_RULES,
  ...COMPUTE_RULES,
  ['Absent networks, instance metadata', OTHERS],
];

/** Every rule this cloud keeps, by area. A test of the same name proves each. */
export const CLOUD_RULES: readonly CloudRule[] = AREAS.flatMap(([area, rows]) =>
  rows.map(([id, source, sentence]) => ({ id, area, sentence, source })),
);
