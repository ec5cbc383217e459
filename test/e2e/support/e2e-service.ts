import assert from 'node:assert/strict';
import type { E2eCluster } from './e2e-cluster.ts';

/** What is read of a Service. */
export interface ServiceObject {
  readonly metadata: { readonly uid: string; readonly finalizers?: readonly string[] };
  readonly spec: {
    readonly type: string;
    readonly healthCheckNodePort?: number;
    readonly ports: readonly {
      readonly name: string;
      readonly protocol: string;
      readonly port: number;
      readonly nodePort?: number;
    }[];
  };
  readonly status: { readonly loadBalancer: { readonly ingress?: readonly { ip: string }[] } };
}

/** A port of a Service to be made. */
export interface PortWish {
  readonly name: string;
  readonly protocol: 'TCP' | 'UDP';
  readonly port: number;
  readonly nodePort?: number;
}

/** What is read of a load balancer in the cloud, with the groups that belong to it. */
export interface CloudLoadBalancerView {
  readonly loadBalancerId: string;
  readonly address: string;
  readonly accountId: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly listeners: readonly {
    readonly listenerId: string;
    readonly listenerProtocol: string;
    readonly listenerPort: number;
    readonly status: string;
    readonly vServerGroupId?: string;
    readonly healthCheckType?: string;
    readonly healthCheckConnectPort?: number;
    readonly healthCheckURI?: string;
  }[];
  readonly groups: readonly {
    readonly vServerGroupId: string;
    readonly backendServers: readonly { readonly serverId: string; readonly port: number }[];
  }[];
}

interface CloudView {
  readonly loadBalancers: readonly Omit<CloudLoadBalancerView, 'groups'>[];
  readonly vServerGroups: readonly (CloudLoadBalancerView['groups'][number] & {
    readonly loadBalancerId: string;
  })[];
}

/** One Service of an e2e cluster, seen from the API server and from the cloud. */
export class E2eService {
  readonly namespace: string;
  readonly name: string;
  readonly #e2e: E2eCluster;

  constructor(e2e: E2eCluster, namespace: string, name: string) {
    this.#e2e = e2e;
    this.namespace = namespace;
    this.name = name;
  }

  /** Creates the Service, or changes it to be so. */
  async apply(ports: readonly PortWish[], spec: object = {}): Promise<void> {
    await this.#e2e.kubectl.apply({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: this.name, namespace: this.namespace },
      spec: { type: 'LoadBalancer', selector: { app: this.name }, ports, ...spec },
    });
  }

  /** Changes some of its spec as a merge patch does. */
  async patch(spec: object): Promise<void> {
    const parameters = ['patch', 'service', this.name, '-n', this.namespace, '--type', 'merge'];
    await this.#e2e.kubectl.run(...parameters, '-p', JSON.stringify({ spec }));
  }

  /** Deletes it and waits until it is gone. */
  async delete(): Promise<void> {
    const parameters = ['service', this.name, '-n', this.namespace, '--wait=false'];
    await this.#e2e.kubectl.run('delete', ...parameters);
    await this.#e2e.waitForGone(this.namespace, this.name);
  }

  /** Reads the Service. */
  service(): Promise<ServiceObject> {
    return this.#e2e.kubectl.get<ServiceObject>('service', this.name, '-n', this.namespace);
  }

  /** Waits until its load balancer is as asked for. */
  async waitUntilReady(): Promise<void> {
    await this.#e2e.waitForCondition(this.namespace, this.name, { type: 'Ready', status: 'True' });
  }

  /** Reads the one address that is published; fails the test when there is none or are more. */
  async address(): Promise<string> {
    const { ingress = [] } = (await this.service()).status.loadBalancer;
    assert.equal(ingress.length, 1, JSON.stringify(ingress));
    return ingress[0]?.ip ?? '';
  }

  /** Reads its load balancer from the cloud, by the id in the AlibabaLoadBalancer's status. */
  async loadBalancer(): Promise<CloudLoadBalancerView> {
    const { status } = await this.#e2e.kubectl.get<{ status?: { loadBalancerId?: string } }>(
      ...['alibabaloadbalancer', this.name, '-n', this.namespace],
    );
    const state = await this.#e2e.cloud.request<CloudView>('GET', '/_admin/state');
    const id = status?.loadBalancerId;
    const found = state.loadBalancers.find(({ loadBalancerId }) => loadBalancerId === id);
    assert.ok(found !== undefined, `Load balancer "${id ?? ''}" is not in the cloud`);
    const groups = state.vServerGroups.filter(({ loadBalancerId }) => loadBalancerId === id);
    return { ...found, groups };
  }
}

/**
 * Says in one line for each listener what it does: protocol, port, state, and the node port and the
 * number of the backends behind it.
 */
export function describeListeners({ listeners, groups }: CloudLoadBalancerView): string[] {
  return listeners
    .map(({ listenerProtocol, listenerPort, status, vServerGroupId }) => {
      const group = groups.find((candidate) => candidate.vServerGroupId === vServerGroupId);
      const backends = group?.backendServers ?? [];
      const ports = [...new Set(backends.map(({ port }) => port))].join();
      return `${listenerProtocol} ${listenerPort} ${status}: ${backends.length} at ${ports}`;
    })
    .toSorted();
}
