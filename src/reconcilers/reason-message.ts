/** What a reason tells people. */
export interface ReasonMessage {
  readonly meaning: string;
  /** What brings it up. */
  readonly when: string;
  /** What to do; empty where there is nothing to do. */
  readonly remedy: string;
}

/** What a reason tells people, and what it is shown as. */
export interface ShownMessage<Shown> extends ReasonMessage {
  readonly shownAs: readonly Shown[];
}

/** A state of a condition. */
export interface ShownCondition<Type extends string> {
  readonly condition: Type;
  readonly status: 'True' | 'False' | 'Unknown';
}

/** An event. */
export interface ShownEvent {
  readonly event: 'Normal' | 'Warning';
}

const accepted = { condition: 'Accepted', status: 'True' } as const;
const notAccepted = { condition: 'Accepted', status: 'False' } as const;
const notProgrammed = { condition: 'Programmed', status: 'False' } as const;
const notReady = { condition: 'Ready', status: 'False' } as const;
const stalled = { condition: 'Stalled', status: 'True' } as const;
const normal = { event: 'Normal' } as const;
const warning = { event: 'Warning' } as const;

/** What reasons of each of our own kinds are shown as, alone and together. */
export const SHOWN = {
  accepted,
  notAccepted,
  notProgrammed,
  notReady,
  stalled,
  normal,
  warning,
  /** A refusal of the spec is a standstill and worth an event. */
  refused: [notAccepted, notReady, stalled, warning],
  /** What the cloud refuses is a standstill too, of a spec that may be right. */
  refusedByCloud: [notProgrammed, notReady, stalled, warning],
  inProgress: [notProgrammed, notReady],
} as const;
