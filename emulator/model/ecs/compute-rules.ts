import type { RuleArea } from '../cloud-rules.ts';

/** The rules of instances, network interfaces, disks and roles. */
export const COMPUTE_RULES: readonly RuleArea[] = [
  [
    'Instances and disks',
    [
      [
        'ecs-missing-ids',
        'seen in a client',
        'DescribeInstances leaves out ids that do not exist.',
      ],
      [
        'ecs-primary-eni',
        'seen in a client',
        'The primary interface of an instance carries its id and private address.',
      ],
      [
        'ecs-id-list',
        'documented',
        'Id and address lists of DescribeInstances are JSON, at most 100 items.',
      ],
      [
        'ecs-filter',
        'documented',
        'Instances are filtered by ids, addresses, names (with * for any characters), places, types, states, locks, security group and tags, all of which must fit.',
      ],
      [
        'ecs-pages',
        'documented',
        'Instances are listed by token or by number of page; both tell how many there are.',
      ],
      [
        'ecs-addresses',
        'documented',
        'The secondary addresses of a primary interface are in the list of instances only with the additional attribute NETWORK_PRIMARY_ENI_IP.',
      ],
      [
        'ecs-states',
        'documented',
        'Starts lead from Stopped through Starting to Running, stops from Running through Stopping to Stopped, restarts from Running through Starting; from another state they are IncorrectInstanceStatus.',
      ],
      [
        'ecs-several',
        'documented',
        'The operations on several instances are all or nothing; with BatchOptimization=SuccessFirst those that can be changed are, and each has its code.',
      ],
      [
        'ecs-delete',
        'documented',
        'A running instance is deleted with Force only; deletion protection is InvalidOperation.DeletionProtection, payment in advance ChargeTypeViolation.',
      ],
      [
        'ecs-release',
        'assumed',
        'A released instance is gone at once, with its primary interface, its system disk, and those further interfaces and disks that are set to go with it; the others become free.',
      ],
      [
        'ecs-locks',
        'assumed',
        'An instance locked for security takes no change, one locked for unpaid bills no start. That locks are shown is documented.',
      ],
      ['ecs-modify', 'assumed', 'Name, host name and description of an instance change at once.'],
      [
        'ecs-tags',
        'documented',
        'Instances, interfaces and disks carry at most 20 tags; lists take several tags as all of them.',
      ],
      [
        'ecs-region',
        'documented',
        'Regions and zones are told in the shape of ECS as well, zones with the types of instances that can be had in them.',
      ],
      [
        'ecs-groups',
        'documented',
        'Security groups are made in a VPC that is Available, renamed, described, tagged and listed by page or token; one with instances or interfaces stays: DependencyViolation. Their rules are not kept (assumed), those that a seed names are there, and a name that no group has is taken for an interface all the same.',
      ],
      [
        'ecs-available',
        'assumed',
        'Nothing is ever sold out: every zone has every type of instance and disk that its region has, and every pair of zones takes load balancers.',
      ],
      [
        'ecs-role',
        'assumed',
        'Every instance has the role that instance metadata gives out. An unknown instance is InvalidInstanceId.NotFound.',
      ],
      [
        'disk-list',
        'documented',
        'Disks are filtered by ids (JSON, at most 100), place, kind, state and tags; unknown ids are left out, a disk of the region has no zone and names its places.',
      ],
    ],
  ],
  [
    'Network interfaces',
    [
      [
        'eni-source-check',
        'assumed',
        'The source and destination check of the interfaces of instances is on unless the seed says otherwise; that of a new interface is off, as documented.',
      ],
      [
        'eni-states',
        'documented',
        'An interface is Creating, Available, Attaching, InUse, Detaching, Deleting; it is changed at rest only and deleted only when Available: InvalidOperation.InvalidEniState.',
      ],
      [
        'eni-attach',
        'documented',
        'An interface goes to an instance of its VPC and zone that runs or is stopped; the primary one is never detached.',
      ],
      [
        'eni-addresses',
        'documented',
        'Addresses are free ones of the vSwitch, named or picked; the primary one stays. IPv6 needs a vSwitch with IPv6.',
      ],
      [
        'eni-list',
        'documented',
        'Interfaces are filtered by ids, instance, kind, place, names, addresses, state, security group and tags; unknown ids are left out.',
      ],
      [
        'eni-seeded',
        'assumed',
        'An instance that is seeded without interfaces has a primary one, whose id follows from its own.',
      ],
    ],
  ],
  [
    'Identities and roles',
    [
      [
        'sts-identity',
        'documented',
        'GetCallerIdentity tells the account of a key, and the role of a temporary one.',
      ],
      ['sts-user', 'documented', 'A key of a RAM user acts for that user.'],
      [
        'sts-assume',
        'documented',
        'AssumeRole gives a user or a role of the account temporary keys of a role that is there, for 900 s to what the role allows, an hour unless told; a root account is NoPermission. The keys end by the clock: InvalidSecurityToken.Expired.',
      ],
      [
        'sts-oidc',
        'seen in a client',
        'AssumeRoleWithOIDC needs no signature; the token’s form, end, issuer, audience and subject are held against the provider and the role that were seeded, its signature is not (assumed).',
      ],
    ],
  ],
];
