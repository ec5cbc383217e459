import { ROUTE_REPORTING_CONTROLLER } from '../names.ts';
import type { ReasonMessage } from '../reason-message.ts';
import type { EventContent } from '../reconciler.ts';

/**
 * Every reason of the condition Generated of AlibabaRouteTables.
 *
 * Shape: each but the first is also the reason of a Warning event.
 */
export const GENERATION_MESSAGES = {
  Generated: {
    meaning: 'The rows of the Nodes are in the spec.',
    when: 'All Nodes were compared with all rows.',
    remedy: '',
  },
  NoRouteTable: {
    meaning: 'The VPC has no route table that can be seen.',
    when: 'The cloud answers an empty list, for a wrong VPC or for a missing permission.',
    remedy: 'Check the VPC of the configuration and the permission vpc:DescribeRouteTableList.',
  },
  RemovalHeld: {
    meaning: 'Rows stay although no Node asks for them.',
    when: 'Many Nodes are missing at once without anyone having been seen deleting them, or the cluster CIDR or the route tables of the configuration leave out what many rows are for.',
    remedy:
      'Check Nodes and configuration; if the rows are to go, annotate the object with `networking.alibabacloud.com/approve-removal` and its uid.',
  },
  RouteTablesUnreadable: {
    meaning: 'The route tables of the VPC cannot be read; those with rows go on as before.',
    when: 'The cloud does not answer, or refuses to.',
    remedy: 'Name the tables as routeTableIDs in the cloud-config, or mend what the message says.',
  },
  SeveralRouteTables: {
    meaning: 'The VPC has several route tables, and it is not said which are for pods.',
    when: 'A second table was made, and the configuration names none.',
    remedy: 'Name those for pods as routeTableIDs in the cloud-config.',
  },
} satisfies Record<string, ReasonMessage>;

/** Writes the event about a problem of the condition Generated. */
export function generationEvent(problem: {
  readonly reason: string;
  readonly message: string;
}): EventContent {
  return {
    type: 'Warning',
    reason: problem.reason,
    action: 'GenerateRoutes',
    note: problem.message,
    reporter: ROUTE_REPORTING_CONTROLLER,
  };
}
