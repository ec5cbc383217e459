import assert from 'node:assert/strict';
import type { AuditEvent } from '../../hack/control-plane/audit-log.ts';
import { countBy, type CrashStage, type Harvest } from './crash-walk.ts';
import { foreignState, makeForeignLoadBalancer } from './foreign-load-balancer.ts';
import { isConditionCurrent, type OperatorHarness } from './operator-harness.ts';

/** A namespace in which people work on the Service `web`, beside a load balancer of somebody else. */
export class ServiceCrashStage implements CrashStage {
  /** The sweep goes by the clock and belongs to no story. */
  readonly flags = ['--drift-period=24h'];
  /** Services, nodes, endpoint slices and load balancers. */
  readonly watchedKinds = 4;
  readonly harness: OperatorHarness;
  readonly namespace: string;
  readonly #ports: readonly number[];
  readonly #foreignIds: ReadonlySet<string>;
  readonly #foreignBefore: string;
  readonly #startSeq: number;

  private constructor(
    harness: OperatorHarness,
    parts: {
      readonly namespace: string;
      readonly ports: readonly number[];
      readonly foreignIds: ReadonlySet<string>;
    },
  ) {
    const { cloud } = harness;
    this.harness = harness;
    this.namespace = parts.namespace;
    this.#ports = parts.ports;
    this.#foreignIds = parts.foreignIds;
    this.#foreignBefore = foreignState(cloud, parts.foreignIds);
    this.#startSeq = cloud.calls().at(-1)?.seq ?? 0;
  }

  /** Opens one; in the end, these TCP ports are to be served, or everything is to be gone. */
  static async open(
    harness: OperatorHarness,
    ports: readonly number[],
  ): Promise<ServiceCrashStage> {
    const { cloud, clock } = harness;
    const clusterId = await harness.clusterId();
    const foreignIds = await makeForeignLoadBalancer(cloud, clock, clusterId);
    // Its listener is on its way for a moment.
    await clock.sleep(cloud.settings().transitionMs);
    const namespace = await harness.createNamespace();
    return new ServiceCrashStage(harness, { namespace, ports, foreignIds });
  }

  waitUntilSettled(): Promise<unknown> {
    return this.harness.waitUntilReady(this.namespace);
  }

  harvest(): Harvest {
    const {
      loadBalancers,
      vServerGroups,
      deleted = [],
    } = this.harness.cloud.state({
      deleted: true,
    });
    const objects: readonly Readonly<Record<string, unknown>>[] = [
      ...loadBalancers.map((object) => ({ ...object, kind: 'loadBalancer' })),
      ...loadBalancers.flatMap(({ listeners }) =>
        (listeners as readonly object[]).map((object) => ({ ...object, kind: 'listener' })),
      ),
      ...vServerGroups.map((object) => ({ ...object, kind: 'vServerGroup' })),
      ...deleted,
    ];
    const own = objects.filter(({ createdBySeq }) => Number(createdBySeq) > this.#startSeq);
    const removed = own.filter(({ deletedBySeq }) => deletedBySeq !== undefined);
    return {
      made: countBy(own, ({ kind }) => textOf(kind)),
      removed: countBy(removed, ({ kind }) => textOf(kind)),
    };
  }

  judge(): void {
    const { cloud } = this.harness;
    const writes = cloud.calls(this.#startSeq).filter(({ applied }) => applied);
    const foreign = writes.filter(({ objectIds }) =>
      objectIds.some((id) => this.#foreignIds.has(id)),
    );
    assert.deepEqual(foreign, [], 'Nothing is written that belongs to someone else');
    assert.equal(foreignState(cloud, this.#foreignIds), this.#foreignBefore);
  }

  isPartOfStory({ objectRef }: AuditEvent): boolean {
    return objectRef?.namespace === this.namespace;
  }

  clear(): Promise<void> {
    return this.harness.clear(this.namespace);
  }

  async complaints(): Promise<readonly string[]> {
    const { namespace } = this;
    const [service, resource] = await Promise.all([
      this.harness.findService(namespace),
      this.harness.findLoadBalancer(namespace),
    ]);
    const { loadBalancers, vServerGroups } = this.harness.cloud.state();
    const own = loadBalancers.filter(
      (object) => !this.#foreignIds.has(textOf(object.loadBalancerId)),
    );
    const groups = vServerGroups.filter(
      (object) => !this.#foreignIds.has(textOf(object.vServerGroupId)),
    );
    const ports = this.#ports;
    if (ports.length === 0) {
      return [
        ...(service === undefined ? [] : ['The Service is still there']),
        ...(resource === undefined ? [] : ['The AlibabaLoadBalancer is still there']),
        ...(own.length === 0 ? [] : [`${own.length} load balancers are left`]),
        ...(groups.length === 0 ? [] : [`${groups.length} groups are left`]),
      ];
    }
    const [loadBalancer] = own;
    if (service === undefined || resource === undefined || loadBalancer === undefined) {
      return ['Service, AlibabaLoadBalancer or load balancer is missing'];
    }
    const complaints: string[] = [];
    const expect = (what: string, got: unknown, wanted: unknown): void => {
      const [gotText, wantedText] = [JSON.stringify(got), JSON.stringify(wanted)];
      if (gotText !== wantedText) complaints.push(`${what}: ${gotText} instead of ${wantedText}`);
    };
    expect('load balancers', own.length, 1);
    expect('ready', isConditionCurrent(resource, 'Ready'), true);
    expect('deletion', resource.metadata.deletionTimestamp, undefined);
    expect('open creation', resource.status?.creation, undefined);
    expect('recorded id', resource.status?.loadBalancerId, loadBalancer.loadBalancerId);
    expect('finalizers', service.metadata.finalizers, [
      'service.kubernetes.io/load-balancer-cleanup',
      'networking.alibabacloud.com/load-balancer',
    ]);
    expect(
      'address',
      service.status.loadBalancer.ingress?.map(({ ip }) => ip),
      [loadBalancer.address],
    );
    const listeners = loadBalancer.listeners as readonly Readonly<Record<string, unknown>>[];
    expect(
      'listeners',
      listeners
        .map(({ listenerPort, status }) => `${textOf(listenerPort)} ${textOf(status)}`)
        .sort(),
      ports.map((port) => `${port} running`).sort(),
    );
    const nodePorts = service.spec.ports.map(({ nodePort }) => nodePort ?? 0);
    expect(
      'backends',
      groups
        .flatMap(({ backendServers }) =>
          (backendServers as readonly { serverId: string; port: number }[]).map(
            ({ serverId, port }) => `${serverId}:${port}`,
          ),
        )
        .sort(),
      this.harness.cloud.instanceIds
        .flatMap((id) => nodePorts.map((port) => `${id}:${port}`))
        .sort(),
    );
    expect('groups', groups.length, ports.length);
    return complaints;
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
