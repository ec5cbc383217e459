import type { CallOptions } from '../../cloud/call-options.ts';
import { Failure, isFailure } from '../../cloud/failure.ts';
import {
  MAX_IDS_PER_CALL,
  type CloudInstance,
  type EcsClient,
} from '../../cloud/ecs/ecs-client.ts';
import type { InstanceQuestion } from './node-standing.ts';

/** What one look into the cloud told of a node's instance. */
export type Sighting = 'there' | 'stopped' | 'absent';

/** Where instances are looked for. */
export interface SightingPlace {
  readonly regionId: string;
  /** Asked for only where an instance is looked for by address. */
  readonly vpcId: (signal: AbortSignal) => Promise<string>;
}

/** What a look at many instances brought, by the caller's keys; each key is in one of both. */
export interface Sightings {
  readonly seen: ReadonlyMap<string, Sighting>;
  readonly failures: ReadonlyMap<string, Failure>;
}

/**
 * Looks for instances in as few calls as can be.
 *
 * Shape: a call that fails takes with it those that it asked for, and no others. Absent is what the
 *   complete answers to all that is asked about a node did not have; whatever its state, an instance
 *   that is described is there.
 */
export async function sightInstances(
  ecs: Pick<EcsClient, 'listInstances' | 'listInstancesByPrivateIp'>,
  place: SightingPlace,
  questions: ReadonlyMap<string, InstanceQuestion>,
  options: CallOptions,
): Promise<Sightings> {
  const asked = [...questions.values()];
  const { regionId } = place;
  const [byId, byIp] = await Promise.all([
    look(
      asked.flatMap(({ instanceIds }) => instanceIds),
      (ids) => ecs.listInstances(regionId, ids, options),
      ({ id }) => [id],
    ),
    look(
      asked.flatMap(({ privateIps }) => privateIps),
      async (ips) => {
        const vpcId = await place.vpcId(options.signal);
        return ecs.listInstancesByPrivateIp({ regionId, vpcId }, ips, options);
      },
      ({ privateIps, interfaces }) => [
        ...privateIps,
        ...interfaces.flatMap((each) => each.privateIps),
      ],
    ),
  ]);
  const seen = new Map<string, Sighting>();
  const failures = new Map<string, Failure>();
  for (const [key, { instanceIds, privateIps }] of questions) {
    const answers = [
      ...instanceIds.map((id) => byId.get(id)),
      ...privateIps.map((ip) => byIp.get(ip)),
    ];
    const instance = answers.find((answer) => answer !== undefined && !isFailure(answer));
    const failure = answers.find((answer) => isFailure(answer));
    if (instance === undefined && failure !== undefined) failures.set(key, failure);
    else seen.set(key, sightingOf(instance));
  }
  return { seen, failures };
}

/** Asks for names in calls of their own size; what a complete answer did not have is left out. */
async function look(
  names: readonly string[],
  list: (names: readonly string[]) => Promise<readonly CloudInstance[]>,
  namesOf: (instance: CloudInstance) => readonly string[],
): Promise<ReadonlyMap<string, CloudInstance | Failure>> {
  const found = new Map<string, CloudInstance | Failure>();
  const ask = async (some: readonly string[]): Promise<void> => {
    try {
      for (const instance of await list(some)) {
        for (const name of namesOf(instance)) found.set(name, instance);
      }
    } catch (error) {
      const failure = asFailure(error);
      for (const name of some) found.set(name, failure);
    }
  };
  const distinct = [...new Set(names)];
  const calls: Promise<void>[] = [];
  for (let start = 0; start < distinct.length; start += MAX_IDS_PER_CALL) {
    calls.push(ask(distinct.slice(start, start + MAX_IDS_PER_CALL)));
  }
  await Promise.all(calls);
  return found;
}

function sightingOf(instance: CloudInstance | Failure | undefined): Sighting {
  if (instance === undefined || isFailure(instance)) return 'absent';
  return instance.status === 'Stopped' ? 'stopped' : 'there';
}

function asFailure(error: unknown): Failure {
  if (isFailure(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new Failure('retryable', message, { cause: error });
}
