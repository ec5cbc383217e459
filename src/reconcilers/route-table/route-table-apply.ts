import type { CallOptions } from '../../cloud/call-options.ts';
import { isFailure, type Failure } from '../../cloud/failure.ts';
import {
  MAX_ROUTE_ENTRIES_PER_CALL,
  type RouteBatchAnswer,
  type VpcClient,
} from '../../cloud/vpc/vpc-client.ts';
import { routeEntryFailure } from '../../cloud/vpc/route-entry-failure.ts';
import { isAboutEntries, judgeEntry } from './route-refusals.ts';
import type { DesiredRoute } from './route-table-desired.ts';
import type { RouteAction, RowRefusal } from './route-table-plan.ts';

type DeleteAction = Extract<RouteAction, { kind: 'deleteRoute' }>;
type CreateAction = Extract<RouteAction, { kind: 'createRoute' }>;

/** What `applyRoutes` needs. */
export interface RouteApplyInput {
  readonly vpc: Pick<VpcClient, 'createRouteEntries' | 'deleteRouteEntries'>;
  readonly vpcId: string;
  readonly routeTableId: string;
  readonly actions: readonly RouteAction[];
  /** Called after each answer with what the cloud has accepted. */
  readonly onAccepted: (actions: readonly RouteAction[]) => void;
  readonly options: CallOptions;
}

/** What came of a plan beside what was accepted. */
export interface RouteApplyResult {
  readonly refused: readonly { readonly route: DesiredRoute; readonly refusal: RowRefusal }[];
  /** The deletions that the cloud refused, in its words. */
  readonly undeletable: readonly { readonly action: DeleteAction; readonly refusal: RowRefusal }[];
  /** Whether the cloud said that the quota is used up. */
  readonly isFull: boolean;
  /** Whether the cloud has something else than was believed, so that it has to be read. */
  readonly isRefuted: boolean;
  /** Whether everything of the plan was sent. */
  readonly isComplete: boolean;
}

/** Between two looks at the objects; many rows take many requests, and their news must not wait. */
const MAX_REQUESTS = 4;

/** So many rows that are refused alike one by one, and none taken, speak for all. */
const ALIKE_REFUSALS = 3;

/**
 * Carries out a plan in requests of as many entries as the cloud takes, one after the other.
 *
 * Shape: deletions first. An answer is judged entry by entry; a request that is refused as a whole is
 *   divided until the entry is found that it is refused for. What is left after a few requests is for
 *   the next pass.
 * Errors: the first failure that is not about an entry ends it; what was accepted before has been
 *   told to `onAccepted`.
 */
export async function applyRoutes(input: RouteApplyInput): Promise<RouteApplyResult> {
  const outcome = new ApplyOutcome();
  const deletes = input.actions.filter((action) => action.kind === 'deleteRoute');
  const creates = input.actions.filter((action) => action.kind === 'createRoute');
  const requests = [
    ...chunks(deletes).map((batch) => () => sendDeletes(input, batch, outcome)),
    ...chunks(creates).map((batch) => () => sendCreates(input, batch, outcome)),
  ];
  for (const send of requests.slice(0, MAX_REQUESTS)) await send();
  return outcome.result(requests.length <= MAX_REQUESTS);
}

async function sendDeletes(
  input: RouteApplyInput,
  batch: readonly DeleteAction[],
  outcome: ApplyOutcome,
): Promise<void> {
  const { vpc, vpcId, routeTableId, options } = input;
  const keys = batch.map(({ route }) => ({
    routeTableId,
    destinationCidr: route.entry.destinationCidr,
    nextHopId: route.nextHop.id,
  }));
  const answer = await orDivided(batch.length, () => vpc.deleteRouteEntries(vpcId, keys, options));
  if (answer === 'divide') {
    for (const half of halves(batch)) await sendDeletes(input, half, outcome);
    return;
  }
  const accepted = batch.filter((action) => {
    const { entry, destinationCidr } = action.route;
    const failure = failureOf('delete', answer, [entry.destinationCidr, destinationCidr]);
    return failure === undefined || outcome.noteDelete(action, failure);
  });
  input.onAccepted(accepted);
}

async function sendCreates(
  input: RouteApplyInput,
  batch: readonly CreateAction[],
  outcome: ApplyOutcome,
): Promise<void> {
  const { vpc, vpcId, routeTableId, options } = input;
  const common = outcome.refusalOfAll;
  if (common !== undefined || outcome.isFull) {
    if (common !== undefined) outcome.refuse(batch, common);
    return;
  }
  const entries = batch.map(({ route }) => ({
    routeTableId,
    destinationCidr: route.destinationCidr,
    nextHopId: route.nextHop.id,
    nextHopType: route.nextHop.type,
    ipVersion: route.ipVersion,
    name: route.name,
  }));
  const answer = await orDivided(batch.length, () =>
    vpc.createRouteEntries(vpcId, entries, options),
  );
  if (answer === 'divide') {
    for (const half of halves(batch)) await sendCreates(input, half, outcome);
    return;
  }
  const accepted = batch.filter((action) => {
    const failure = failureOf('create', answer, [action.route.destinationCidr]);
    if (failure === undefined) return true;
    outcome.noteCreate(action, failure);
    return false;
  });
  if (accepted.length > 0) outcome.took();
  input.onAccepted(accepted);
}

/** Sends a request; says `divide` when it is refused for an entry that is not known yet. */
async function orDivided(
  size: number,
  send: () => Promise<RouteBatchAnswer>,
): Promise<RouteBatchAnswer | Failure | 'divide'> {
  try {
    return await send();
  } catch (error) {
    if (!isFailure(error) || !isAboutEntries(error)) throw error;
    return size === 1 ? error : 'divide';
  }
}

/** Tells why an entry of a request failed; `undefined` when it was accepted. */
function failureOf(
  kind: 'create' | 'delete',
  answer: RouteBatchAnswer | Failure,
  destinations: readonly string[],
): Failure | undefined {
  if (answer instanceof Error) return answer;
  const entry = answer.failed.find(({ destinationCidr }) => destinations.includes(destinationCidr));
  return entry === undefined ? undefined : routeEntryFailure(kind, entry);
}

/** Gathers what the cloud said of the entries. */
class ApplyOutcome {
  readonly #refused: { route: DesiredRoute; refusal: RowRefusal }[] = [];
  readonly #undeletable: { action: DeleteAction; refusal: RowRefusal }[] = [];
  isFull = false;
  #isRefuted = false;
  #alike = 0;
  #lastCode = '';

  /** Notes what was said of a deletion; tells whether the entry is gone. */
  noteDelete(action: DeleteAction, failure: Failure): boolean {
    const verdict = judgeEntry(failure);
    if (verdict.kind === 'refused') {
      this.#undeletable.push({ action, refusal: verdict.refusal });
    } else if (verdict.kind !== 'gone') {
      this.#isRefuted = true;
    }
    return verdict.kind === 'gone';
  }

  /** Notes what was said of a creation. */
  noteCreate({ route }: CreateAction, failure: Failure): void {
    const verdict = judgeEntry(failure);
    const { code = '' } = failure;
    switch (verdict.kind) {
      case 'full':
        this.isFull = true;
        return;
      case 'observe':
      case 'gone':
        this.#isRefuted = true;
        return;
      case 'refused':
        this.#alike = code === this.#lastCode ? this.#alike + 1 : 1;
        this.#lastCode = code;
        this.#refused.push({ route, refusal: verdict.refusal });
    }
  }

  /** Notes that entries were accepted, so that what was refused speaks for itself only. */
  took(): void {
    this.#alike = 0;
    this.#lastCode = '';
  }

  /** Why it is no use to try further rows, if so. */
  get refusalOfAll(): RowRefusal | undefined {
    return this.#alike >= ALIKE_REFUSALS ? this.#refused.at(-1)?.refusal : undefined;
  }

  refuse(batch: readonly CreateAction[], refusal: RowRefusal): void {
    this.#refused.push(...batch.map(({ route }) => ({ route, refusal })));
  }

  result(isComplete: boolean): RouteApplyResult {
    return {
      refused: this.#refused,
      undeletable: this.#undeletable,
      isFull: this.isFull,
      isRefuted: this.#isRefuted,
      isComplete,
    };
  }
}

function halves<T>(batch: readonly T[]): (readonly T[])[] {
  const middle = Math.ceil(batch.length / 2);
  return [batch.slice(0, middle), batch.slice(middle)];
}

function chunks<T>(items: readonly T[]): (readonly T[])[] {
  const result: (readonly T[])[] = [];
  for (let start = 0; start < items.length; start += MAX_ROUTE_ENTRIES_PER_CALL) {
    result.push(items.slice(start, start + MAX_ROUTE_ENTRIES_PER_CALL));
  }
  return result;
}
