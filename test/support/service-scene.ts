import assert from 'node:assert/strict';
import {
  eventually,
  type KubeCondition,
  type KubeObject,
  type OperatorWorld,
} from './operator-world.ts';

/** A load balancer of the local cloud, as far as tests read it. */
export interface SeenLoadBalancer {
  readonly loadBalancerId: string;
  readonly loadBalancerName: string;
  readonly address: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly listeners: readonly SeenListener[];
}

/** A listener of the local cloud, as far as tests read it. */
export interface SeenListener {
  readonly listenerProtocol: string;
  readonly listenerPort: number;
  readonly status: string;
  readonly scheduler?: string;
  readonly [member: string]: unknown;
}

/** One namespace of a world, with the doings of a user of Services in it. */
export class ServiceScene {
  readonly namespace: string;
  readonly #world: OperatorWorld;

  private constructor(world: OperatorWorld, namespace: string) {
    this.#world = world;
    this.namespace = namespace;
  }

  /** Opens a scene in a new namespace. */
  static async open(world: OperatorWorld): Promise<ServiceScene> {
    return new ServiceScene(world, await world.cluster.createNamespace());
  }

  /** Creates a Service of type LoadBalancer with TCP port 80; `spec` replaces members. */
  async createService(
    name: string,
    spec: Readonly<Record<string, unknown>> = {},
    metadata: Readonly<Record<string, unknown>> = {},
  ): Promise<void> {
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace: this.namespace, ...metadata },
      spec: { type: 'LoadBalancer', ports: [{ port: 80 }], ...spec },
    };
    await this.#world.cluster.kubectl.runWithInput(service, 'create', '-f', '-');
  }

  /** Runs kubectl in this namespace. */
  kubectl(...parameters: readonly string[]): Promise<string> {
    const [verb = '', ...rest] = parameters;
    return this.#world.cluster.kubectl.run(verb, '-n', this.namespace, ...rest);
  }

  /** Merges a patch into an object. */
  async patch(
    kind: string,
    name: string,
    patch: object,
    ...more: readonly string[]
  ): Promise<void> {
    await this.kubectl('patch', kind, name, '--type=merge', '-p', JSON.stringify(patch), ...more);
  }

  /** Writes the status of a Service as another controller would. */
  async publish(name: string, ingress: readonly object[] | null): Promise<void> {
    const patch = { status: { loadBalancer: { ingress } } };
    await this.patch('service', name, patch, '--subresource=status');
  }

  find(kind: string, name: string): Promise<KubeObject | undefined> {
    return this.#world.find(kind, this.namespace, name);
  }

  /** Finds an object that must be there. */
  async get(kind: string, name: string): Promise<KubeObject> {
    const object = await this.find(kind, name);
    assert.ok(object, `${kind} ${name} is gone`);
    return object;
  }

  /** Waits until a Service has an address and its load balancer is ready for its last change. */
  waitUntilReady(name: string): Promise<KubeObject> {
    return eventually(async () => {
      const service = await this.get('service', name);
      const resource = await this.get('alilb', name);
      const ready = conditionOf(resource, 'Ready');
      assert.equal(ready?.status, 'True', ready?.message);
      assert.equal(resource.status?.observedGeneration, resource.metadata.generation);
      const mirror = conditionOf(service, 'networking.alibabacloud.com/Ready');
      assert.equal(mirror?.status, 'True', mirror?.message);
      assert.equal(service.status?.loadBalancer?.ingress?.length, 1);
      return service;
    });
  }

  /** Waits until a condition of an object has a reason, and returns the condition. */
  waitForReason(kind: string, name: string, type: string, reason: string): Promise<KubeCondition> {
    return eventually(async () => {
      const condition = conditionOf(await this.get(kind, name), type);
      assert.equal(condition?.reason, reason, condition?.message);
      return condition;
    });
  }

  async waitUntilGone(kind: string, name: string): Promise<void> {
    await eventually(async () => {
      assert.equal(await this.find(kind, name), undefined);
    });
  }

  /** Lists the load balancers in the cloud that carry the mark of a Service's uid. */
  cloudOf(service: KubeObject): readonly SeenLoadBalancer[] {
    const mark = `a${service.metadata.uid.replaceAll('-', '')}`.slice(0, 32);
    const all = this.#world.cloud.state().loadBalancers as unknown as readonly SeenLoadBalancer[];
    return all.filter(({ tags }) => tags['kubernetes.do.not.delete'] === mark);
  }

  /** Tells the reasons of the events about an object, each with its type, in order of time. */
  async saidOf(kind: string, name: string): Promise<readonly string[]> {
    const events = await this.#world.events(this.namespace);
    return events
      .filter(({ regarding }) => regarding.kind === kind && regarding.name === name)
      .toSorted((a, b) => (a.eventTime < b.eventTime ? -1 : 1))
      .map(({ type, reason }) => `${type} ${reason}`);
  }
}

/** Finds the condition of a type. */
export function conditionOf(object: KubeObject, type: string): KubeCondition | undefined {
  return object.status?.conditions?.find((condition) => condition.type === type);
}
