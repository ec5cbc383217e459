import { ROUTE_REPORTING_CONTROLLER } from '../names.ts';
import type { ReasonMessage } from '../reason-message.ts';
import type { EventContent } from '../reconciler.ts';

/** What a reason on a Node tells people about its routes. */
interface NodeNetworkMessage extends ReasonMessage {
  readonly shownAs: string;
}

/** Every reason of the condition NetworkUnavailable, and of events about routes, of Nodes. */
export const NODE_NETWORK_MESSAGES = {
  FailedToCreateRoute: {
    shownAs: 'Warning event',
    meaning: 'A route to the pods of the node cannot be made.',
    when: 'The cloud refuses it, somebody else’s entry is in the way, or the pod CIDR is none of the cluster’s.',
    remedy: 'Do what the message says; it is tried again by itself.',
  },
  NoRouteCreated: {
    shownAs: 'NetworkUnavailable=True',
    meaning: 'Some or all pods of the node cannot be reached, so that none are placed on it.',
    when: 'Of a pod CIDR there is no route in one of the tables yet, or it cannot be made.',
    remedy: 'Do what the message says; while routes are on their way, wait.',
  },
  RouteCreated: {
    shownAs: 'NetworkUnavailable=False',
    meaning: 'Every pod CIDR of the node is routed in every table.',
    when: 'The entries are in use.',
    remedy: '',
  },
} satisfies Record<string, NodeNetworkMessage>;

/** Writes the event about a route that cannot be made. */
export function failedRouteEvent(note: string): EventContent {
  return {
    type: 'Warning',
    reason: 'FailedToCreateRoute',
    action: 'CreateRoute',
    note,
    reporter: ROUTE_REPORTING_CONTROLLER,
  };
}
