import type { EventContent } from '../reconciler.ts';

/** One event that is recorded on Nodes. */
export interface NodeEventEntry {
  readonly type: 'Normal' | 'Warning';
  readonly action: string;
  /** The words; what is in braces is filled in. */
  readonly note: string;
  /** When it is recorded. */
  readonly when: string;
  /** What to do; empty where there is nothing to do. */
  readonly remedy: string;
}

/** Every event that is recorded on Nodes while they are initialised and kept up to date, by reason. */
export const NODE_EVENTS = {
  Synced: {
    type: 'Normal',
    action: 'InitializeNode',
    note: 'Node synced successfully',
    when: 'The node has its provider id, labels and addresses, and takes pods',
    remedy: '',
  },
  InitializationFailed: {
    type: 'Warning',
    action: 'InitializeNode',
    note: '{detail}',
    when: 'The node cannot be initialised, so it keeps its taint and takes no pods; it is tried again',
    remedy: 'Do what the message says; the next try comes by itself.',
  },
  AddressesFailed: {
    type: 'Warning',
    action: 'RefreshAddresses',
    note: '{detail}',
    when: 'The addresses of an initialised node cannot be brought up to date, so they stay as they are',
    remedy: 'Do what the message says; the next try comes by itself.',
  },
  LabelSkipped: {
    type: 'Warning',
    action: 'InitializeNode',
    note: 'Left out label {detail}',
    when: "A label from the cloud cannot be written, because its value is no label's or its key belongs to Kubernetes",
    remedy: 'Change the tag of the instance that the label comes from, or leave it out.',
  },
} as const satisfies Readonly<Record<string, NodeEventEntry>>;

/** The reasons of events on Nodes. */
export type NodeEventReason = keyof typeof NODE_EVENTS;

/** Fills the words of an event in. */
export function nodeEvent(reason: NodeEventReason, detail = ''): EventContent {
  const { type, action, note } = NODE_EVENTS[reason];
  return { type, reason, action, note: note.replace('{detail}', () => detail) };
}
