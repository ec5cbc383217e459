import type { CloudState } from '../cloud-state.ts';
import { buryObject } from '../tombstone.ts';
import { withoutMembers } from '../without-members.ts';

/**
 * Removes an instance with what goes with it.
 *
 * Shape: its primary interface goes, further ones and disks go or become free as they are set.
 *   Route entries that lead to it stay and lead nowhere; server groups keep it as a member.
 */
export function releaseInstance(
  state: CloudState,
  instanceId: string,
  by: { readonly now: number; readonly seq: number | null },
): void {
  for (const eni of state.networkInterfaces.list()) {
    if (eni.instanceId !== instanceId) continue;
    const id = eni.networkInterfaceId;
    if (eni.type === 'Primary' || eni.deleteOnRelease) {
      buryObject(state, { kind: 'networkInterface', id, ...by });
    } else {
      const free = withoutMembers(eni, 'instanceId', 'transition');
      state.networkInterfaces.set(id, free, by.now);
    }
  }
  for (const disk of state.disks.list()) {
    if (disk.instanceId !== instanceId) continue;
    if (disk.type === 'system' || disk.deleteWithInstance) {
      buryObject(state, { kind: 'disk', id: disk.diskId, ...by });
    } else {
      const free = withoutMembers(disk, 'instanceId');
      state.disks.set(disk.diskId, { ...free, status: 'Available' }, by.now);
    }
  }
  buryObject(state, { kind: 'instance', id: instanceId, ...by });
}
