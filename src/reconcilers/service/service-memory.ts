import type { Clock } from '../../cloud/clock.ts';
import type { LoadBalancerResource, Service, ServiceIngress } from '../kubernetes-objects.ts';
import { canonicalDigest } from '../load-balancer/canonical-digest.ts';
import type { GeneratedLoadBalancer, ObjectKey } from '../reconciler.ts';
import type { RequestProblem } from './request-problem.ts';
import { isSameIngress } from './service-status.ts';

/** How often, in one window, a status is restored that somebody else writes too. */
const MAX_RESTORES = 3;
const RESTORE_WINDOW_MS = 10 * 60_000;

/** Whether an address may be published now, and who else publishes. */
export interface Publication {
  readonly kind: 'write' | 'wait';
  readonly afterMs: number;
  /** What another controller wrote, where that is news. */
  readonly foreign?: string;
}

interface Applied {
  readonly resourceUid: string;
  readonly generation: number;
  readonly digest: string;
  readonly problems: readonly RequestProblem[];
}

interface Remembered {
  readonly uid: string;
  applied?: Applied;
  backends?: string;
  published?: readonly ServiceIngress[];
  restoredAtMs: readonly number[];
  isForeignSaid: boolean;
}

/**
 * What one process remembers of the Services it serves, to save calls and to notice others.
 *
 * Shape: nothing depends on it for being right; a process that has just started does a little more.
 */
export class ServiceMemory {
  readonly #clock: Clock;
  readonly #services = new Map<string, Remembered>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Finds what an equal apply to the same object said was wrong; `undefined` if there was none. */
  findApplied(
    service: Service,
    generated: GeneratedLoadBalancer,
    live: LoadBalancerResource,
  ): readonly RequestProblem[] | undefined {
    const { applied } = this.#of(service);
    const isSame =
      applied?.resourceUid === live.metadata.uid &&
      applied.generation === live.metadata.generation &&
      applied.digest === canonicalDigest(generated);
    return isSame ? applied.problems : undefined;
  }

  /** Remembers an apply. */
  keepApplied(
    service: Service,
    generated: GeneratedLoadBalancer,
    resource: LoadBalancerResource,
    problems: readonly RequestProblem[],
  ): void {
    const { uid, generation } = resource.metadata;
    const digest = canonicalDigest(generated);
    this.#of(service).applied = { resourceUid: uid, generation, digest, problems };
  }

  /** Finds the backends that were last registered, as far as this process has seen. */
  findBackends(service: Service): string | undefined {
    return this.#of(service).backends;
  }

  /** Remembers the registered backends. */
  keepBackends(service: Service, digest: string | undefined): void {
    if (digest !== undefined) this.#of(service).backends = digest;
  }

  /**
   * Judges whether addresses may be written, so that two controllers do not fight over a status.
   *
   * Shape: `ingress` is what is to be written, `undefined` when it is there already.
   */
  judgePublication(service: Service, ingress: readonly ServiceIngress[] | undefined): Publication {
    const remembered = this.#of(service);
    const { published } = remembered;
    const isRestore =
      ingress !== undefined && published !== undefined && isSameIngress(published, ingress);
    if (!isRestore) return { kind: 'write', afterMs: 0 };

    const present = service.status.ingress.map(({ ip, hostname }) => ip ?? hostname ?? '');
    const isNews = present.length > 0 && !remembered.isForeignSaid;
    if (isNews) remembered.isForeignSaid = true;
    const foreign = isNews ? { foreign: `it now says "${present.join(', ')}"` } : {};

    const nowMs = this.#clock.now();
    const recent = remembered.restoredAtMs.filter((atMs) => nowMs - atMs < RESTORE_WINDOW_MS);
    const [oldest] = recent;
    if (oldest !== undefined && recent.length >= MAX_RESTORES) {
      return { kind: 'wait', afterMs: oldest + RESTORE_WINDOW_MS - nowMs, ...foreign };
    }
    remembered.restoredAtMs = [...recent, nowMs];
    return { kind: 'write', afterMs: 0, ...foreign };
  }

  /** Remembers what was published. */
  keepPublished(service: Service, ingress: readonly ServiceIngress[]): void {
    this.#of(service).published = ingress;
  }

  /** Forgets a Service that is no longer served. */
  forget({ namespace, name }: ObjectKey): void {
    this.#services.delete(`${namespace}/${name}`);
  }

  #of(service: Service): Remembered {
    const { namespace, name, uid } = service.metadata;
    const key = `${namespace}/${name}`;
    const known = this.#services.get(key);
    if (known?.uid === uid) return known;
    const fresh: Remembered = { uid, restoredAtMs: [], isForeignSaid: false };
    this.#services.set(key, fresh);
    return fresh;
  }
}
