import Table from 'cli-table3';
import type { CallRecord } from '../../emulator/model/call-log.ts';
import type { CloudStateView } from './cloud-process.ts';

/** What is read of an event (events.k8s.io/v1). */
export interface EventObject {
  readonly type: string;
  readonly reason: string;
  readonly note: string;
  readonly regarding: { readonly kind: string; readonly name: string };
  readonly series?: { readonly count: number };
}

/** Shows the listeners in the cloud, each with its server group and the backends in it. */
export function listenersTable(state: CloudStateView): string {
  const table = newTable('Load balancer', 'Listener', 'State', 'Server group', 'Backends');
  for (const { loadBalancerId, address, listeners } of state.loadBalancers) {
    for (const { listenerProtocol, listenerPort, status, vServerGroupId } of listeners) {
      const group = state.vServerGroups.find((other) => other.vServerGroupId === vServerGroupId);
      const backends = (group?.backendServers ?? []).map(
        ({ serverId, port, weight }) => `${serverId}:${port} (weight ${weight})`,
      );
      table.push([
        `${loadBalancerId}\n${address}`,
        `${listenerProtocol.toUpperCase()} ${listenerPort}`,
        status,
        group?.vServerGroupName ?? '',
        backends.join('\n'),
      ]);
    }
  }
  return table.toString();
}

/** Shows the route entries that somebody has made, with where they lead. */
export function routesTable(state: Pick<CloudStateView, 'routeEntries'>): string {
  const table = newTable('Route table', 'Destination', 'Leads to', 'State', 'Name');
  for (const entry of state.routeEntries) {
    const hops = entry.nextHops.map(({ nextHopId }) => nextHopId);
    table.push([
      entry.routeTableId,
      entry.destinationCidrBlock,
      hops.join('\n'),
      entry.status,
      entry.routeEntryName ?? '',
    ]);
  }
  return table.toString();
}

/** Shows the events, in the order given. */
export function eventsTable(events: readonly EventObject[]): string {
  const table = newTable('Type', 'Object', 'Reason', 'Note');
  for (const { type, regarding, reason, note, series } of events) {
    const times = series === undefined ? '' : ` (${series.count} times)`;
    table.push([type, `${regarding.kind} ${regarding.name}`, reason, `${note}${times}`]);
  }
  return table.toString();
}

/** What is shown of a call. */
export type CallView = Pick<
  CallRecord,
  'seq' | 'action' | 'mutating' | 'httpStatus' | 'code' | 'objectIds'
>;

/** Shows the calls in order, and how many of them wrote. */
export function callsTable(calls: readonly CallView[]): string {
  const table = newTable('#', 'Call', 'Kind', 'Answer', 'Objects');
  for (const { seq, action, mutating, httpStatus, code, objectIds } of calls) {
    const kind = mutating ? 'write' : 'read';
    const answer = `${httpStatus ?? 'none'} ${code ?? ''}`.trim();
    table.push([seq, action, kind, answer, objectIds.join('\n')]);
  }
  const writes = calls.filter(({ mutating }) => mutating).length;
  return `${table.toString()}\n${calls.length} calls, ${writes} of them writes`;
}

function newTable(...head: string[]): Table.Table {
  return new Table({ head, style: { head: [], border: [], compact: true } });
}
