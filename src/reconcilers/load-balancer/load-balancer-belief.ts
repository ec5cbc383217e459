import type { LoadBalancerResource } from '../kubernetes-objects.ts';
import type { LoadBalancerAction } from './load-balancer-plan.ts';
import {
  isSameListener,
  serverGroupOf,
  type ObservedListener,
  type ObservedLoadBalancer,
  type ObservedServerGroup,
} from './load-balancer-observed.ts';
import type { CloudBackend } from '../../cloud/slb/slb-client.ts';
import { backendKey } from './load-balancer-observed.ts';

/**
 * What this process knows of the load balancers from its own reads and accepted writes.
 *
 * Shape: only an optimisation: without an entry, the status of the resource says what an earlier
 *   process knew, and without that the cloud is read.
 */
export class LoadBalancerBeliefs {
  readonly #known = new Map<string, ObservedLoadBalancer>();
  readonly #mistrusted = new Map<string, number>();
  readonly #revisions = new Map<string, number>();

  /** Tells what is known; `undefined` when the cloud has to be read. */
  find(resource: LoadBalancerResource): ObservedLoadBalancer | undefined {
    const { uid } = resource.metadata;
    if (this.#mistrusted.has(uid)) return undefined;
    const known = this.#known.get(uid);
    if (known?.id === resource.status.loadBalancerId) return known;
    return beliefFromStatus(resource);
  }

  /** Keeps what was read, or what the cloud has just accepted. */
  keep(resource: LoadBalancerResource, observed: ObservedLoadBalancer): void {
    this.#known.set(resource.metadata.uid, observed);
    this.#mistrusted.delete(resource.metadata.uid);
    this.#revise(resource.metadata.uid);
  }

  /** Counts the changes of what is known, so that a slow read is not taken for a newer one. */
  revision(resourceUid: string): number {
    return this.#revisions.get(resourceUid) ?? 0;
  }

  /** Has the cloud read before the next plan, not before `notBeforeMs` on the monotonic clock. */
  mistrust(resourceUid: string, notBeforeMs = 0): void {
    this.#known.delete(resourceUid);
    const earlier = this.#mistrusted.get(resourceUid) ?? 0;
    this.#mistrusted.set(resourceUid, Math.max(earlier, notBeforeMs));
    this.#revise(resourceUid);
  }

  /** Tells from when on reading shows every write whose answer was lost, on the monotonic clock. */
  readableFromMs(resourceUid: string): number {
    return this.#mistrusted.get(resourceUid) ?? 0;
  }

  /** Forgets a resource that is gone. */
  forget(resourceUid: string): void {
    this.#known.delete(resourceUid);
    this.#mistrusted.delete(resourceUid);
    this.#revisions.delete(resourceUid);
  }

  #revise(resourceUid: string): void {
    this.#revisions.set(resourceUid, this.revision(resourceUid) + 1);
  }
}

/**
 * Reads from the status what an earlier process had every answer for.
 *
 * Shape: `undefined` when a digest is missing, which says that a write was under way.
 */
function beliefFromStatus(resource: LoadBalancerResource): ObservedLoadBalancer | undefined {
  const { status } = resource;
  if (status.loadBalancerId === undefined || status.appliedDigest === undefined) return undefined;
  const listeners: ObservedListener[] = [];
  for (const listener of status.listeners ?? []) {
    if (listener.state === 'Pending') continue;
    const isSettled = listener.state === 'Running' || listener.state === 'Stopped';
    if (listener.appliedDigest === undefined || !isSettled) return undefined;
    listeners.push({
      key: { protocol: listener.transport === 'TCP' ? 'tcp' : 'udp', port: listener.port },
      status: listener.state === 'Running' ? 'running' : 'stopped',
      isOurs: true,
      serverGroupId: listener.serverGroupId ?? '',
      settings: { kind: 'believed', digest: listener.appliedDigest },
    });
  }
  const serverGroups: ObservedServerGroup[] = [];
  for (const group of status.serverGroups ?? []) {
    if (group.appliedDigest === undefined) return undefined;
    serverGroups.push({
      id: group.id,
      nodePort: group.nodePort,
      createTime: '',
      backends: { kind: 'believed', digest: group.appliedDigest },
      registered: group.registered ?? 0,
    });
  }
  return {
    id: status.loadBalancerId,
    attributes: { kind: 'believed', digest: status.appliedDigest },
    listeners,
    serverGroups,
    serverGroupsComplete: false,
  };
}

/** What is known of a load balancer that the cloud has just answered to have made. */
export function beliefAfterCreation(
  id: string,
  attributes: ObservedLoadBalancer['attributes'],
): ObservedLoadBalancer {
  return { id, attributes, listeners: [], serverGroups: [], serverGroupsComplete: true };
}

/**
 * Tells what is known after the cloud accepted a write.
 *
 * Shape: `createdId` is the id that `createServerGroup` was answered with.
 */
export function observedAfter(
  observed: ObservedLoadBalancer,
  action: LoadBalancerAction,
  createdId = '',
): ObservedLoadBalancer {
  switch (action.kind) {
    case 'setName':
      return withAttributes(observed, { name: action.name });
    case 'setInstanceSpec':
      return withAttributes(observed, { spec: action.spec });
    case 'setInstanceChargeType':
      return withAttributes(observed, {
        instanceChargeType: action.instanceChargeType,
        ...(action.spec === undefined ? {} : { spec: action.spec }),
      });
    case 'setInternetCharge':
      return withAttributes(observed, {
        internetChargeType: action.internetChargeType,
        ...(action.bandwidthMbps === undefined ? {} : { bandwidthMbps: action.bandwidthMbps }),
      });
    case 'setDeleteProtection':
      return withAttributes(observed, { deleteProtection: action.protection });
    case 'setModificationProtection':
      return withAttributes(observed, { modificationProtection: action.protection });
    case 'tag':
      return withTags(observed, (tags) => [
        ...tags.filter((tag) => !action.tags.some((other) => other.key === tag.key)),
        ...action.tags,
      ]);
    case 'untag':
      return withTags(observed, (tags) => tags.filter((tag) => !action.keys.includes(tag.key)));
    case 'createServerGroup':
      return {
        ...observed,
        serverGroups: [
          ...observed.serverGroups,
          {
            id: createdId,
            nodePort: action.nodePort,
            createTime: '',
            backends: { kind: 'seen', value: action.backends },
            registered: action.backends.length,
          },
        ],
      };
    case 'addBackends':
      return withBackends(observed, action.nodePort, (present) => [...present, ...action.backends]);
    case 'setBackends':
      return withBackends(observed, action.nodePort, (present) =>
        present.map(
          (backend) =>
            action.backends.find((changed) => backendKey(changed) === backendKey(backend)) ??
            backend,
        ),
      );
    case 'removeBackends':
      return withBackends(observed, action.nodePort, (present) =>
        present.filter(
          (backend) =>
            !action.backends.some((removed) => backendKey(removed) === backendKey(backend)),
        ),
      );
    case 'deleteServerGroup':
      return {
        ...observed,
        serverGroups: observed.serverGroups.filter((group) => group.id !== action.serverGroupId),
      };
    case 'createListener':
      return {
        ...observed,
        listeners: [
          ...observed.listeners,
          {
            key: action.key,
            status: 'stopped',
            isOurs: true,
            serverGroupId: serverGroupOf(observed, action.nodePort)?.id ?? '',
            settings: { kind: 'seen', value: action.settings },
          },
        ],
      };
    case 'setListener':
      return withListener(observed, action.key, {
        isOurs: true,
        serverGroupId: serverGroupOf(observed, action.nodePort)?.id ?? '',
        settings: { kind: 'seen', value: action.settings },
      });
    case 'startListener':
      return withListener(observed, action.key, { status: 'starting' });
    case 'stopListener':
      return withListener(observed, action.key, { status: 'stopped' });
    case 'deleteListener':
      return {
        ...observed,
        listeners: observed.listeners.filter(
          (listener) => !isSameListener(listener.key, action.key),
        ),
      };
  }
}

function withAttributes(
  observed: ObservedLoadBalancer,
  change: Partial<Extract<ObservedLoadBalancer['attributes'], { kind: 'seen' }>['value']>,
): ObservedLoadBalancer {
  const { attributes } = observed;
  if (attributes.kind === 'believed') return observed;
  return { ...observed, attributes: { kind: 'seen', value: { ...attributes.value, ...change } } };
}

type Tags = Extract<ObservedLoadBalancer['attributes'], { kind: 'seen' }>['value']['tags'];

function withTags(
  observed: ObservedLoadBalancer,
  change: (tags: Tags) => Tags,
): ObservedLoadBalancer {
  const { attributes } = observed;
  if (attributes.kind === 'believed') return observed;
  return withAttributes(observed, { tags: change(attributes.value.tags) });
}

function withListener(
  observed: ObservedLoadBalancer,
  key: ObservedListener['key'],
  change: Partial<ObservedListener>,
): ObservedLoadBalancer {
  return {
    ...observed,
    listeners: observed.listeners.map((listener) =>
      isSameListener(listener.key, key) ? { ...listener, ...change } : listener,
    ),
  };
}

function withBackends(
  observed: ObservedLoadBalancer,
  nodePort: number,
  change: (present: readonly CloudBackend[]) => readonly CloudBackend[],
): ObservedLoadBalancer {
  const target = serverGroupOf(observed, nodePort);
  return {
    ...observed,
    serverGroups: observed.serverGroups.map((group) => {
      if (group !== target || group.backends.kind === 'believed') return group;
      const value = change(group.backends.value);
      return { ...group, backends: { kind: 'seen', value }, registered: value.length };
    }),
  };
}
