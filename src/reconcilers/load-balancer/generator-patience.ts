import type { Clock } from '../../cloud/clock.ts';
import type { LoadBalancerResource, Service } from '../kubernetes-objects.ts';
import type { ObjectKey } from '../reconciler.ts';
import { hasLostGeneratedField } from '../service/field-ownership.ts';
import { desiredSpec } from '../service/service-desired.ts';

/** How long the generator is waited for; it is at work already, and takes a request or two. */
const PATIENCE_MS = 1_000;

/** The spec that was acted on last, and since when one is waited with that lacks a field of it. */
interface ActedOn {
  readonly uid: string;
  readonly spec: LoadBalancerResource['spec'];
  sinceMs: number | undefined;
}

/**
 * Waits for the generator where somebody has just removed a field of its.
 *
 * Shape: the generated value is about to come back, so that the default in its place, or the end of
 *   a listener, is not worth a write to the cloud. Never waits for long: what the API server refuses
 *   does not come back.
 */
export class GeneratorPatience {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #actedOn = new Map<string, ActedOn>();

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
  }

  /** Tells how long to wait for the generator; 0 for an object that is acted on now. */
  waitMs(resource: LoadBalancerResource, service: Service): number {
    const { metadata, spec } = resource;
    const before = this.#actedOn.get(textOf(metadata));
    if (before !== undefined && isToComeBack(resource, before, service)) {
      const nowMs = this.#clock.monotonicMs();
      before.sinceMs ??= nowMs;
      const waitMs = before.sinceMs + PATIENCE_MS - nowMs;
      if (waitMs > 0) return waitMs;
    }
    this.#actedOn.set(textOf(metadata), { uid: metadata.uid, spec, sinceMs: undefined });
    return 0;
  }

  /** Forgets an object that is gone. */
  forget(key: ObjectKey): void {
    this.#actedOn.delete(textOf(key));
  }
}

function isToComeBack(now: LoadBalancerResource, before: ActedOn, service: Service): boolean {
  const { uid, deletionTimestamp } = now.metadata;
  // Nothing is applied to an object that is being deleted, even if that is held back.
  if (before.spec === now.spec || before.uid !== uid || deletionTimestamp !== undefined) {
    return false;
  }
  return hasLostGeneratedField(desiredSpec(service, now).spec, before, now);
}

function textOf({ namespace, name }: ObjectKey): string {
  return `${namespace}/${name}`;
}
