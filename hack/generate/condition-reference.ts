import {
  LOAD_BALANCER_MESSAGES,
  type LoadBalancerMessage,
  type ShownAs,
} from '../../src/reconcilers/load-balancer/load-balancer-messages.ts';
import { GENERATION_MESSAGES } from '../../src/reconcilers/route-generator/generation-messages.ts';
import { NODE_NETWORK_MESSAGES } from '../../src/reconcilers/route-generator/node-network-messages.ts';
import {
  ROUTE_TABLE_MESSAGES,
  type RouteTableMessage,
  type RouteTableShownAs,
} from '../../src/reconcilers/route-table/route-table-messages.ts';
import { NODE_LIFECYCLE_EVENTS } from '../../src/reconcilers/node-lifecycle/node-lifecycle-messages.ts';
import { NODE_IPAM_EVENTS } from '../../src/reconcilers/node-ipam/node-ipam-messages.ts';
import { NODE_EVENTS } from '../../src/reconcilers/node/node-messages.ts';
import { VOLUME_EVENTS } from '../../src/reconcilers/persistent-volume/persistent-volume-messages.ts';
import { SERVICE_READY_CONDITION } from '../../src/reconcilers/names.ts';
import {
  SERVICE_CONDITIONS,
  SERVICE_EVENTS,
  type ServiceConditionEntry,
} from '../../src/reconcilers/service/service-messages.ts';
import { SERVICE_REMEDIES } from '../../src/reconcilers/service/service-remedies.ts';
import type { GeneratedFile } from './generated-file.ts';

const PAGE = 'docs/conditions.md';

/** What each condition type of AlibabaLoadBalancers is about. */
const LOAD_BALANCER_CONDITIONS: Readonly<
  Record<Extract<ShownAs, { readonly condition: string }>['condition'], string>
> = {
  Ready: 'Accepted, Programmed and BackendsSynced together, for this generation',
  Accepted: 'the spec is valid, and the load balancer is ours to manage',
  Programmed: 'the cloud has what is asked for and accepted, and the listeners run',
  BackendsSynced: 'the nodes that should be registered are',
  Reconciling: 'it is being worked on, and nothing has to be done about it',
  Stalled: 'nothing goes on before a person acts',
};

/** What each condition type of AlibabaRouteTables is about. */
const ROUTE_TABLE_CONDITIONS: Readonly<
  Record<
    Extract<RouteTableShownAs, { readonly condition: string }>['condition'] | 'Generated',
    string
  >
> = {
  Ready: 'Accepted and Programmed together, for this generation',
  Accepted: 'the spec is valid, and the route table is ours to write to',
  Programmed: 'every route that is asked for is in the route table',
  Generated: 'the rows of the Nodes are in the spec',
  Reconciling: 'it is being worked on, and nothing has to be done about it',
  Stalled: 'nothing goes on before a person acts',
};

interface ReferenceRow {
  readonly reason: string;
  readonly shownAs: readonly string[];
  readonly meaning: string;
  readonly when: string;
  readonly remedy: string;
}

/** Generates the page that tells of every reason what it means, what brings it up and what to do. */
export function conditionReference(): Promise<GeneratedFile[]> {
  return Promise.resolve([{ path: PAGE, content: conditionsPage() }]);
}

function conditionsPage(): string {
  return [
    '<!-- Generated from the tables of messages in src/reconcilers; run `npm run generate`. -->',
    '',
    '# Conditions and events',
    '',
    'Every reason that is shown on an AlibabaLoadBalancer, an AlibabaRouteTable, a Service, a Node or a',
    'PersistentVolume. A Warning is recorded when its message is new, and what has to be acted on stays in a',
    "condition, where the kind has any, after the event is gone. Messages carry the cloud's error code; the",
    'request id is in `status.lastError` of our own kinds.',
    '',
    '## AlibabaLoadBalancer',
    '',
    '| condition | True says |',
    '| --- | --- |',
    ...Object.entries(LOAD_BALANCER_CONDITIONS).map(([type, says]) => tableRow([type, says])),
    '',
    'Ready takes the reason of the first of its three that is False, and Stalled that of what has to be',
    'acted on. Which of them a reason is first seen in:',
    '',
    ...reasonTable(Object.entries(LOAD_BALANCER_MESSAGES).map(loadBalancerRow)),
    '',
    '## AlibabaRouteTable',
    '',
    '| condition | True says |',
    '| --- | --- |',
    ...Object.entries(ROUTE_TABLE_CONDITIONS).map(([type, says]) => tableRow([type, says])),
    '',
    'A reason of `row` stands beside the destination in `status.notAsWished`, and in the conditions when it',
    'is the only one. Entries that a row is waiting for are `pending`, those of others `conflicting`.',
    '',
    ...reasonTable(Object.entries(ROUTE_TABLE_MESSAGES).map(routeTableRow)),
    '',
    'The condition Generated, and the events about it:',
    '',
    ...reasonTable(
      Object.entries(GENERATION_MESSAGES).map(([reason, message]) => ({
        ...message,
        reason,
        shownAs: reason === 'Generated' ? ['Generated=True'] : ['Generated=False', 'Warning event'],
      })),
    ),
    '',
    '## Service',
    '',
    `The condition \`${SERVICE_READY_CONDITION}\` mirrors the Ready of its AlibabaLoadBalancer with the same`,
    'reasons, and has these of its own. `LoadBalancerPortsError` is the condition that Kubernetes defines for',
    'ports that cannot be served.',
    '',
    ...reasonTable(Object.entries(SERVICE_CONDITIONS).map(serviceConditionRow)),
    '',
    'Events on Services; the first nine reasons are those of every service controller of Kubernetes:',
    '',
    ...reasonTable(
      Object.entries(SERVICE_EVENTS).map(([reason, { type, note, when }]) => ({
        reason,
        shownAs: [`${type} event`],
        meaning: note,
        when,
        remedy: remedyOf(reason),
      })),
    ),
    '',
    '## Node',
    '',
    'Events about the life of the instance:',
    '',
    ...reasonTable(
      Object.entries(NODE_LIFECYCLE_EVENTS).map(([reason, { type, ...told }]) => ({
        ...told,
        reason,
        shownAs: [`${type} event`],
      })),
    ),
    '',
    'Events about its initialisation, its labels and its addresses:',
    '',
    ...reasonTable(Object.entries(NODE_EVENTS).map(eventRow)),
    '',
    'The condition NetworkUnavailable, and events about routes:',
    '',
    ...reasonTable(
      Object.entries(NODE_NETWORK_MESSAGES).map(([reason, { shownAs, ...told }]) => ({
        ...told,
        reason,
        shownAs: [shownAs],
      })),
    ),
    '',
    'Events about the ranges of its pods:',
    '',
    ...reasonTable(Object.entries(NODE_IPAM_EVENTS).map(eventRow)),
    '',
    '## PersistentVolume',
    '',
    ...reasonTable(Object.entries(VOLUME_EVENTS).map(eventRow)),
    '',
  ].join('\n');
}

function loadBalancerRow([reason, message]: [string, LoadBalancerMessage]): ReferenceRow {
  const shownAs = message.shownAs.map((shown) =>
    'event' in shown ? `${shown.event} event` : `${shown.condition}=${shown.status}`,
  );
  return { ...message, reason, shownAs: shownAs.length === 0 ? ['log and metrics'] : shownAs };
}

function routeTableRow([reason, message]: [string, RouteTableMessage]): ReferenceRow {
  const shownAs = message.shownAs.map((shown) => {
    if ('event' in shown) return `${shown.event} event`;
    return 'row' in shown ? `row: ${shown.row}` : `${shown.condition}=${shown.status}`;
  });
  return { ...message, reason, shownAs };
}

function serviceConditionRow([key, entry]: [string, ServiceConditionEntry]): ReferenceRow {
  const { type, status, reason, message, when } = entry;
  return { reason, shownAs: [`${type}=${status}`], meaning: message, when, remedy: remedyOf(key) };
}

function eventRow([reason, event]: [
  string,
  Readonly<Record<'type' | 'note' | 'when' | 'remedy', string>>,
]): ReferenceRow {
  const { type, note, when, remedy } = event;
  return { reason, shownAs: [`${type} event`], meaning: note, when, remedy };
}

function remedyOf(key: string): string {
  const remedies: Readonly<Record<string, string>> = SERVICE_REMEDIES;
  return remedies[key] ?? '';
}

function reasonTable(rows: readonly ReferenceRow[]): string[] {
  return [
    '| reason | shown as | meaning | cause | remedy |',
    '| --- | --- | --- | --- | --- |',
    ...rows.map(({ reason, shownAs, meaning, when, remedy }) => {
      const said =
        meaning === '{detail}' ? 'As the message says' : meaning.replace('{detail}', '…');
      return tableRow([reason, shownAs.join('<br>'), said, when, remedy === '' ? 'none' : remedy]);
    }),
  ];
}

function tableRow(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
