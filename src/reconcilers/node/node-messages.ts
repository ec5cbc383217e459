import { eventOf, type RemediedEventEntry } from '../event-table.ts';
import type { EventContent } from '../reconciler.ts';

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
} as const satisfies Readonly<Record<string, RemediedEventEntry>>;

/** The reasons of events on Nodes. */
export type NodeEventReason = keyof typeof NODE_EVENTS;

/** Fills the words of an event in. */
export function nodeEvent(reason: NodeEventReason, detail = ''): EventContent {
  return eventOf(NODE_EVENTS, reason, detail);
}
