import type { CloudIdentity } from '../../cloud/cloud-identity.ts';
import type { CachedObjects } from '../cached-objects.ts';

/** Lists the accounts and regions that the objects of this cluster record, each once. */
export function recordedPlaces({
  loadBalancers,
  routeTables,
}: {
  readonly loadBalancers: Pick<CachedObjects['loadBalancers'], 'list'>;
  readonly routeTables: Pick<CachedObjects['routeTables'], 'list'>;
}): readonly CloudIdentity[] {
  const places = new Map<string, CloudIdentity>();
  for (const { status } of [...loadBalancers.list(), ...routeTables.list()]) {
    const { accountId, regionId } = status;
    if (accountId === undefined || regionId === undefined) continue;
    places.set(`${accountId} ${regionId}`, { accountId, regionId });
  }
  return [...places.values()];
}
