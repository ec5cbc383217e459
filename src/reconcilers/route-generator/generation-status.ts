import { findCondition, setCondition, type ConditionState } from '../conditions.ts';
import type { Condition, RouteTableResource } from '../kubernetes-objects.ts';
import { APPROVE_REMOVAL_ANNOTATION } from '../names.ts';
import type { RouteTableStatusChange } from '../route-table/route-table-ports.ts';
import type { TableProblem } from './route-table-selection.ts';
import type { LeavingRow } from './row-removals.ts';
import type { OverriddenRoute } from './row-ownership.ts';

/** The condition that tells whether the rows of an object are those of the Nodes. */
export const GENERATED_CONDITION = 'Generated';

/** The most overridden routes that a status lists. */
const MOST_LISTED = 64;
/** How many rows a message names. */
const MOST_NAMED = 5;

/** What a run has found out about one object. */
export interface GenerationStatusInput {
  readonly resource: RouteTableResource;
  readonly overridden: readonly OverriddenRoute[];
  /** Rows whose removal is held back. */
  readonly held: readonly LeavingRow[];
  /** Why it is not certain that the table is the right one. */
  readonly tableProblem?: TableProblem;
  readonly nowMs: number;
}

/** Tells what is to be written to the status of one object; only its own members are in it. */
export function generationStatus(input: GenerationStatusInput): RouteTableStatusChange {
  const { resource, overridden, nowMs } = input;
  const total = overridden.length;
  return {
    conditions: setCondition(resource.status.conditions, generatedState(input), nowMs),
    overriddenRoutes: total === 0 ? null : overridden.slice(0, MOST_LISTED),
    overriddenRoutesTotal: total === 0 ? null : total,
  };
}

/** Tells the problem that an object shows after a write and did not show before. */
export function newGenerationProblem(
  before: RouteTableResource,
  after: RouteTableResource,
): Condition | undefined {
  const shown = findCondition(after.status.conditions, GENERATED_CONDITION);
  if (shown?.status !== 'False') return undefined;
  const known = findCondition(before.status.conditions, GENERATED_CONDITION);
  return known?.message === shown.message ? undefined : shown;
}

function generatedState({ resource, held, tableProblem }: GenerationStatusInput): ConditionState {
  const type = GENERATED_CONDITION;
  if (held.length > 0) {
    const named = held.map(({ row }) => `${row.destinationCidr} of node "${row.node.name}"`).sort();
    const more = named.length > MOST_NAMED ? ` and ${named.length - MOST_NAMED} more` : '';
    return {
      type,
      status: 'False',
      reason: 'RemovalHeld',
      message: `The removal of ${held.length} rows is held back, because so many seem to be unwanted at once: check the Nodes, --cluster-cidr and routeTableIDs, then annotate this object with ${APPROVE_REMOVAL_ANNOTATION}=${resource.metadata.uid} if they are to go. Held: ${named.slice(0, MOST_NAMED).join(', ')}${more}`,
    };
  }
  if (tableProblem !== undefined) {
    return { type, status: 'False', ...tableProblem };
  }
  return {
    type,
    status: 'True',
    reason: 'Generated',
    message: 'The rows of the Nodes are in the spec',
  };
}
