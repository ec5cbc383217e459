import type { Condition } from './kubernetes-objects.ts';

/** A condition as a reconciler decides it; the time of its last transition follows by itself. */
export interface ConditionState {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  /** Left out on kinds whose generation says nothing, such as Service. */
  readonly observedGeneration?: number;
}

/** The longest message that the schema of conditions allows, in characters. */
const MAX_MESSAGE = 32_768;

/** The conditions whose being True makes a load balancer Ready, in the order in which people fix them. */
const READY_NEEDS = ['Accepted', 'Programmed', 'BackendsSynced'] as const;

/** Finds the condition of a type. */
export function findCondition(
  conditions: readonly Condition[] | undefined,
  type: string,
): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

/** Tells whether a condition is True, for the given generation where one is asked for. */
export function isConditionTrue(
  conditions: readonly Condition[] | undefined,
  type: string,
  generation?: number,
): boolean {
  const condition = findCondition(conditions, type);
  if (condition?.status !== 'True') return false;
  return generation === undefined || condition.observedGeneration === generation;
}

/**
 * Sets one condition in a list.
 *
 * Shape: a new list; the other conditions keep their places, a new one goes to the end. The time
 *   of the last transition changes only when the status does.
 * Units: `nowMs` since the Unix epoch; conditions carry whole seconds, as the API server stores them.
 * Source: Kubernetes API conventions, Typical status properties.
 */
export function setCondition(
  conditions: readonly Condition[] | undefined,
  state: ConditionState,
  nowMs: number,
): Condition[] {
  const known = findCondition(conditions, state.type);
  const condition = nextCondition(conditions, state, nowMs);
  if (known === undefined) return [...(conditions ?? []), condition];
  return (conditions ?? []).map((other) => (other === known ? condition : other));
}

/** Writes the condition that follows, in a list, from a decided state; see `setCondition`. */
export function nextCondition(
  conditions: readonly Condition[] | undefined,
  state: ConditionState,
  nowMs: number,
): Condition {
  const known = findCondition(conditions, state.type);
  return {
    type: state.type,
    status: state.status,
    ...(state.observedGeneration === undefined
      ? {}
      : { observedGeneration: state.observedGeneration }),
    lastTransitionTime:
      known?.status === state.status ? known.lastTransitionTime : conditionTime(nowMs),
    reason: state.reason,
    message: cutMessage(state.message),
  };
}

/** Takes the conditions of some types out of a list. */
export function withoutConditions(
  conditions: readonly Condition[] | undefined,
  types: readonly string[],
): Condition[] {
  return (conditions ?? []).filter((condition) => !types.includes(condition.type));
}

/** Tells whether two conditions say the same, whenever they began to. */
export function isSameCondition(
  one: Condition | undefined,
  other: ConditionState | undefined,
): boolean {
  if (one === undefined || other === undefined) return one === other;
  return (
    one.type === other.type &&
    one.status === other.status &&
    one.reason === other.reason &&
    one.message === cutMessage(other.message) &&
    one.observedGeneration === other.observedGeneration
  );
}

/** Tells whether two lists hold the same conditions with the same times, in any order. */
export function areSameConditions(
  ones: readonly Condition[] | undefined,
  others: readonly Condition[] | undefined,
): boolean {
  const left = ones ?? [];
  const right = others ?? [];
  return (
    left.length === right.length &&
    left.every((condition) => {
      const other = findCondition(right, condition.type);
      return (
        isSameCondition(condition, other) &&
        condition.lastTransitionTime === other?.lastTransitionTime
      );
    })
  );
}

/** What a reconciler knows beside the conditions that `Ready` sums up. */
export interface ReadySummaryInput {
  /** Holds the conditions that are summed up, as this pass decided them. */
  readonly conditions: readonly Condition[];
  /** Their types, in the order in which people fix them; those of load balancers unless given. */
  readonly needs?: readonly string[];
  readonly generation: number;
  /** Why the object cannot be Ready whatever the other conditions say, for example while it is deleted. */
  readonly notReady?: { readonly reason: string; readonly message: string };
  /** Set when nothing goes on before a person acts. */
  readonly stalled?: { readonly reason: string; readonly message: string };
}

/**
 * Sums conditions up as `Ready`, `Reconciling` and `Stalled`.
 *
 * Shape: the given list with the three set. `Ready` is True when all that is summed up is True for
 *   the generation, False with the first one that is False, else Unknown. Of `Reconciling` and
 *   `Stalled` at most one is True, and neither once it is Ready.
 * Source: kstatus, the conditions that generic status tools read.
 */
export function summarizeReady(input: ReadySummaryInput, nowMs: number): Condition[] {
  const { generation, stalled } = input;
  const ready = readyState(input);
  const isStalled = ready.status !== 'True' && stalled !== undefined;
  const isReconciling = ready.status !== 'True' && !isStalled;
  const states: ConditionState[] = [
    { ...ready, observedGeneration: generation },
    {
      type: 'Reconciling',
      status: isReconciling ? 'True' : 'False',
      observedGeneration: generation,
      reason: isReconciling ? ready.reason : isStalled ? 'Stalled' : 'Ready',
      message: isReconciling ? ready.message : '',
    },
    {
      type: 'Stalled',
      status: isStalled ? 'True' : 'False',
      observedGeneration: generation,
      reason: isStalled ? stalled.reason : isReconciling ? 'Reconciling' : 'Ready',
      message: isStalled ? stalled.message : '',
    },
  ];
  return states.reduce<Condition[]>(
    (conditions, state) => setCondition(conditions, state, nowMs),
    [...input.conditions],
  );
}

/**
 * Writes the conditions that follow from a failed pass; what was known before stays.
 *
 * Shape: `isStalled` says that nothing goes on before a person acts.
 */
export function failedConditions(
  known: readonly Condition[] | undefined,
  generation: number,
  failure: { readonly reason: string; readonly message: string; readonly isStalled: boolean },
  nowMs: number,
): Condition[] {
  const { reason, message, isStalled } = failure;
  const conditions = setCondition(
    known,
    { type: 'Programmed', status: 'False', reason, message, observedGeneration: generation },
    nowMs,
  );
  const why = { reason, message };
  return summarizeReady(
    { conditions, generation, notReady: why, ...(isStalled ? { stalled: why } : {}) },
    nowMs,
  );
}

function readyState(input: ReadySummaryInput): ConditionState {
  const { conditions, generation, notReady } = input;
  if (notReady !== undefined) return { type: 'Ready', status: 'False', ...notReady };
  const needs = (input.needs ?? READY_NEEDS).map((type) => {
    const condition = findCondition(conditions, type);
    const isCurrent = condition?.observedGeneration === generation;
    return { type, condition: isCurrent ? condition : undefined };
  });
  const failing = needs.find(({ condition }) => condition?.status === 'False')?.condition;
  if (failing !== undefined) {
    return { type: 'Ready', status: 'False', reason: failing.reason, message: failing.message };
  }
  const open = needs.find(({ condition }) => condition?.status !== 'True');
  if (open !== undefined) {
    return {
      type: 'Ready',
      status: 'Unknown',
      reason: open.condition?.reason ?? 'Pending',
      message: open.condition?.message ?? `Condition ${open.type} is not known yet`,
    };
  }
  // A remark such as NoBackends is on the last condition and is worth showing in the summary.
  const remark = needs.at(-1)?.condition;
  return { type: 'Ready', status: 'True', reason: 'Ready', message: remark?.message ?? '' };
}

/** Writes a time as conditions carry it: UTC, whole seconds. */
export function conditionTime(nowMs: number): string {
  return new Date(nowMs).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

function cutMessage(message: string): string {
  return message.length <= MAX_MESSAGE ? message : `${message.slice(0, MAX_MESSAGE - 1)}…`;
}
