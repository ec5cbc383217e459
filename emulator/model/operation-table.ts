import { AVAILABLE_OPERATIONS, COMPUTE_AVAILABLE_OPERATIONS } from './available-resources.ts';
import { operationKey, type PublishedOperation } from './api-catalog.ts';
import { DISK_OPERATIONS } from './ecs/disk-operations.ts';
import { IDENTITY_OPERATIONS } from './sts/identity-operations.ts';
import { INSTANCE_OPERATIONS } from './ecs/instance-operations.ts';
import { describeInstanceRole } from './ecs/instance-role.ts';
import { LISTENER_OPERATIONS } from './slb/listener-operations.ts';
import { LOAD_BALANCER_OPERATIONS } from './slb/load-balancer-operations.ts';
import { NETWORK_INTERFACE_OPERATIONS } from './ecs/network-interface-operations.ts';
import { NETWORK_OPERATIONS } from './vpc/network-operations.ts';
import type { OperationHandler } from './operation-context.ts';
import { COMPUTE_REGION_OPERATIONS, REGION_OPERATIONS } from './region-operations.ts';
import { COMPUTE_TAG_OPERATIONS, NETWORK_TAG_OPERATIONS } from './resource-tag-operations.ts';
import { ROUTE_ENTRY_OPERATIONS } from './vpc/route-entry-operations.ts';
import { ROUTE_TABLE_OPERATIONS } from './vpc/route-table-operations.ts';
import { SECURITY_GROUP_OPERATIONS } from './ecs/security-group-operations.ts';
import { SERVER_GROUP_OPERATIONS } from './slb/server-group-operations.ts';
import { TAG_OPERATIONS } from './slb/tag-operations.ts';
import { VSWITCH_OPERATIONS } from './vpc/vswitch-operations.ts';

const VERSIONS: Readonly<Record<string, Readonly<Record<string, OperationHandler>>>> = {
  '2014-05-15': {
    ...LOAD_BALANCER_OPERATIONS,
    ...LISTENER_OPERATIONS,
    ...SERVER_GROUP_OPERATIONS,
    ...TAG_OPERATIONS,
    ...REGION_OPERATIONS,
    ...AVAILABLE_OPERATIONS,
  },
  '2014-05-26': {
    ...INSTANCE_OPERATIONS,
    DescribeInstanceRamRole: describeInstanceRole,
    ...NETWORK_INTERFACE_OPERATIONS,
    ...SECURITY_GROUP_OPERATIONS,
    ...DISK_OPERATIONS,
    ...COMPUTE_TAG_OPERATIONS,
    ...COMPUTE_REGION_OPERATIONS,
    ...COMPUTE_AVAILABLE_OPERATIONS,
  },
  '2015-04-01': IDENTITY_OPERATIONS,
  '2016-04-28': {
    ...NETWORK_OPERATIONS,
    ...VSWITCH_OPERATIONS,
    ...ROUTE_TABLE_OPERATIONS,
    ...ROUTE_ENTRY_OPERATIONS,
    ...NETWORK_TAG_OPERATIONS,
  },
};

const READS = /^(Describe|List|Get)/;

/** Finds what carries out an operation. */
export function findOperationHandler(operation: PublishedOperation): OperationHandler | undefined {
  return VERSIONS[operation.version]?.[operation.action];
}

/** Tells whether an action changes something when it is accepted. */
export function isMutatingAction(action: string): boolean {
  return action !== '' && !READS.test(action);
}

/** Lists the keys of all operations that something carries out. */
export function listHandledOperations(): string[] {
  return Object.entries(VERSIONS).flatMap(([version, handlers]) =>
    Object.keys(handlers).map((action) => operationKey(version, action)),
  );
}
