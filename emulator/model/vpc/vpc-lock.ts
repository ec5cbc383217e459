import type { RouteTable, Vpc } from './network-objects.ts';
import type { OperationContext } from '../operation-context.ts';
import { isAtRest } from '../passage.ts';

// In order of preference; the first that the operation publishes is answered.
const LOCK_CODES = ['TaskConflict', 'OperationConflict', 'SystemBusy'];
const VPC_STATUS_CODES = ['IncorrectVpcStatus', 'IncorrectStatus', ...LOCK_CODES];
const TABLE_NOT_FOUND = [
  'InvalidRouteTableId.NotFound',
  'Abs.InvalidRouteTableId.NotExist',
  'InvalidRouteTable.NotFound',
];
const VPC_NOT_FOUND = ['InvalidVpcId.NotFound', 'Forbidden.VpcNotFound'];

/**
 * Finds a VPC for a write, which holds it once the call is accepted.
 *
 * Errors: the operation's code for an unknown VPC; its lock code while an earlier write still
 *   holds the VPC; its status code while the VPC passes through a state.
 */
export function claimVpc(context: OperationContext, vpcId: string): Vpc {
  const vpc = requireVpc(context, vpcId);
  if (context.state.holds.refuses({ id: vpcId }, context.now)) {
    throw context.failureOf(
      LOCK_CODES,
      'An earlier operation on the VPC is being carried out; try again later.',
    );
  }
  if (!isAtRest(vpc, context.now)) {
    throw context.failureOf(VPC_STATUS_CODES, 'The status of the VPC does not allow it.');
  }
  context.hold = { id: vpcId };
  return vpc;
}

/** Finds the VPC of a route table for a write; errors as for `claimVpc`. */
export function claimVpcOfTable(context: OperationContext, table: RouteTable): Vpc {
  return claimVpc(context, table.vpcId);
}

/** Finds a VPC as the call sees it. */
export function requireVpc(context: OperationContext, vpcId: string): Vpc {
  context.objectIds.add(vpcId);
  const vpc = context.state.vpcs.get(vpcId, context.asOf);
  if (vpc === undefined || !context.sees(vpc)) {
    throw context.failureOf(VPC_NOT_FOUND, `The specified VpcId "${vpcId}" does not exist.`);
  }
  return vpc;
}

/** Finds a route table as the call sees it. */
export function requireRouteTable(context: OperationContext, routeTableId: string): RouteTable {
  context.objectIds.add(routeTableId);
  const table = context.state.routeTables.get(routeTableId, context.asOf);
  if (table === undefined || !context.sees(table)) {
    throw context.failureOf(
      TABLE_NOT_FOUND,
      `NotFound: the specified RouteTableId "${routeTableId}" does not exist.`,
    );
  }
  return table;
}
