import { parseCidrBlock } from './cidr-block.ts';
import type { Ownership } from './cloud-objects.ts';
import type {
  CloudSeed,
  SeedDisk,
  SeedFreeInterface,
  SeedInstance,
  SeedInterface,
  SeedRouteEntry,
  SeedTags,
  SeedVpc,
} from './cloud-seed.ts';
import type { CloudState } from './cloud-state.ts';
import type { NetworkInterface, SecurityGroup } from './ecs/compute-objects.ts';
import { changedSettings } from './emulator-settings.ts';
import { withoutMembers } from './without-members.ts';

/** A seed that cannot be planted: it names an id that is taken, or one that is not there. */
export class SeedConflict extends Error {
  constructor(id: string, problem = 'an object of that id exists') {
    super(`Cannot seed "${id}": ${problem}`);
    this.name = 'SeedConflict';
  }
}

/** Whose the objects of one seed are when they name no owner. */
interface SeedOwner {
  readonly accountId: string;
  readonly regionId: string;
}

// Seeded objects have always been there: no lag hides them.
const ALWAYS = -Infinity;
const SEEDED = { createdAt: 0, createdBySeq: null };

/**
 * Adds what a seed names to what is there.
 *
 * Shape: all or nothing. A key that was there at the start or outlived a reset may be named once
 *   more, so that a seed can be repeated after a reset; providers and roles are replaced.
 * Errors: `SeedConflict` when an id is taken, or a route entry names a table that is not there.
 */
export function plantSeed(state: CloudState, seed: CloudSeed): void {
  refuseTakenIds(state, seed);
  const accounts = (seed.accounts ?? []).map((account) =>
    typeof account === 'string' ? account : account.accountId,
  );
  const accountId = accounts[0] ?? seed.accessKeys?.[0]?.account ?? state.firstAccount;
  const regionId = seed.regionId ?? state.regionId;
  const owner = { accountId, regionId };
  state.regionId = regionId;
  if (seed.ramRole !== undefined) state.ramRole = seed.ramRole;
  for (const account of accounts) state.accounts.add(account);
  plantIdentities(state, seed, accountId);

  for (const vpc of seed.vpcs ?? []) plantVpc(state, vpc, owner);
  for (const instance of seed.instances ?? []) plantInstance(state, instance, owner);
  for (const each of seed.networkInterfaces ?? []) plantFreeInterface(state, each, owner);
  for (const disk of seed.disks ?? []) plantDisk(state, disk, owner);
  for (const entry of seed.routeEntries ?? []) plantRouteEntry(state, entry);
  for (const [id, tags] of Object.entries(seed.tags ?? {})) plantTags(state, id, tags);
  state.settings = changedSettings(state.settings, { quotas: seed.quotas ?? {} });
}

function ownershipOf(
  state: CloudState,
  named: { readonly account?: string | undefined; readonly regionId?: string | undefined },
  owner: SeedOwner,
): Ownership {
  const accountId = named.account ?? owner.accountId;
  state.accounts.add(accountId);
  return { ...SEEDED, accountId, regionId: named.regionId ?? owner.regionId };
}

function plantIdentities(state: CloudState, seed: CloudSeed, accountId: string): void {
  for (const { account, ...key } of seed.accessKeys ?? []) {
    state.accounts.add(account ?? accountId);
    state.addKey({ ...key, accountId: account ?? accountId });
  }
  for (const { account = accountId, ...provider } of seed.oidcProviders ?? []) {
    state.oidcProviders.set(`${account}/${provider.name}`, { ...provider, accountId: account });
  }
  for (const { account = accountId, maxSessionDurationSeconds, ...role } of seed.ramRoles ?? []) {
    state.ramRoles.set(`${account}/${role.name}`, {
      ...role,
      accountId: account,
      maxSessionDurationSeconds: maxSessionDurationSeconds ?? 3600,
    });
  }
}

function plantVpc(state: CloudState, seeded: SeedVpc, owner: SeedOwner): void {
  const { account, regionId, vSwitches, routeTables, ...vpc } = seeded;
  const ownership = ownershipOf(state, { account, regionId }, owner);
  const { vpcId } = vpc;
  state.vpcs.set(vpcId, { ...ownership, ...vpc }, ALWAYS);
  for (const vSwitch of vSwitches ?? []) {
    state.vSwitches.set(vSwitch.vSwitchId, { ...ownership, ...vSwitch, vpcId }, ALWAYS);
  }
  for (const table of routeTables ?? []) {
    state.routeTables.set(table.routeTableId, { ...ownership, ...table, vpcId }, ALWAYS);
  }
}

function plantInstance(state: CloudState, seeded: SeedInstance, owner: SeedOwner): void {
  const { account, regionId, sourceDestCheck, tags, ...named } = seeded;
  const instance = withoutMembers(named, 'enis');
  const { instanceId, vSwitchId, zoneId } = instance;
  const ownership = ownershipOf(state, { account, regionId }, owner);
  const vpcId = state.vSwitches.get(vSwitchId)?.vpcId ?? '';
  const securityGroupIds = instance.securityGroupIds ?? [];
  state.instances.set(
    instanceId,
    {
      chargeType: 'PostPaid',
      spotStrategy: 'NoSpot',
      locks: [],
      deletionProtection: false,
      status: 'Running',
      ...ownership,
      ...instance,
      vpcId,
      securityGroupIds,
      hostName: instance.hostName ?? instanceId,
    },
    ALWAYS,
  );
  if (tags !== undefined) plantTags(state, instanceId, tags);
  plantSecurityGroups(state, securityGroupIds, { ...ownership, vpcId });
  const place = { ...ownership, instanceId, vpcId, vSwitchId, zoneId, securityGroupIds };
  for (const [index, eni] of interfacesOf(seeded).entries()) {
    plantInterface(
      state,
      { sourceDestCheck: sourceDestCheck ?? true, ...eni },
      { ...place, type: (eni.primary ?? index === 0) ? 'Primary' : 'Secondary' },
    );
  }
}

/** Groups that a seed names are there. */
function plantSecurityGroups(
  state: CloudState,
  ids: readonly string[],
  { accountId, regionId, vpcId }: Ownership & { readonly vpcId: string },
): void {
  for (const securityGroupId of ids) {
    if (state.securityGroups.get(securityGroupId) !== undefined) continue;
    const group: SecurityGroup = {
      ...SEEDED,
      accountId,
      regionId,
      securityGroupId,
      securityGroupName: securityGroupId,
      description: '',
      securityGroupType: 'normal',
      vpcId,
      resourceGroupId: '',
    };
    state.securityGroups.set(securityGroupId, group, ALWAYS);
  }
}

/** The interfaces of a seeded instance; one without any gets the primary one that all have. */
function interfacesOf(instance: SeedInstance): readonly SeedInterface[] {
  const { enis = [], instanceId, privateIps } = instance;
  if (enis.length > 0) return enis;
  return [{ networkInterfaceId: `eni-${instanceId.replace(/^i-/, '')}`, privateIps }];
}

function plantFreeInterface(
  state: CloudState,
  { account, regionId, ...eni }: SeedFreeInterface,
  owner: SeedOwner,
): void {
  const vSwitch = state.vSwitches.get(eni.vSwitchId);
  const place = {
    ...ownershipOf(state, { account, regionId }, owner),
    vpcId: vSwitch?.vpcId ?? '',
    vSwitchId: eni.vSwitchId,
    zoneId: vSwitch?.zoneId ?? '',
    securityGroupIds: [],
  };
  plantInterface(state, eni, { ...place, type: 'Secondary' });
}

type InterfacePlace = Omit<
  NetworkInterface,
  'networkInterfaceId' | 'privateIps' | 'ipv6s' | 'sourceDestCheck' | 'deleteOnRelease'
>;

function plantInterface(state: CloudState, eni: SeedInterface, place: InterfacePlace): void {
  const { networkInterfaceId, networkInterfaceName, description, tags } = eni;
  plantSecurityGroups(state, eni.securityGroupIds ?? [], place);
  state.networkInterfaces.set(
    networkInterfaceId,
    {
      ...place,
      networkInterfaceId,
      ...(networkInterfaceName === undefined ? {} : { networkInterfaceName }),
      ...(description === undefined ? {} : { description }),
      vSwitchId: eni.vSwitchId ?? place.vSwitchId,
      privateIps: eni.privateIps,
      ipv6s: eni.ipv6s ?? [],
      securityGroupIds: eni.securityGroupIds ?? place.securityGroupIds,
      sourceDestCheck: eni.sourceDestCheck ?? true,
      deleteOnRelease: eni.deleteOnRelease ?? true,
    },
    ALWAYS,
  );
  if (tags !== undefined) plantTags(state, networkInterfaceId, tags);
}

function plantDisk(state: CloudState, seeded: SeedDisk, owner: SeedOwner): void {
  const { account, regionId, tags, ...disk } = seeded;
  state.disks.set(
    disk.diskId,
    {
      type: 'data',
      category: 'cloud_essd',
      size: 20,
      chargeType: 'PostPaid',
      encrypted: false,
      portable: true,
      deleteWithInstance: false,
      status: disk.instanceId === undefined ? 'Available' : 'In_use',
      zoneId: '',
      ...ownershipOf(state, { account, regionId }, owner),
      ...disk,
    },
    ALWAYS,
  );
  if (tags !== undefined) plantTags(state, disk.diskId, tags);
}

function plantRouteEntry(state: CloudState, seeded: SeedRouteEntry): void {
  const { routeEntryId, nextHopId = '', nextHopType = 'Instance', nextHops, ...entry } = seeded;
  const table = state.routeTables.get(entry.routeTableId);
  if (table === undefined) return;
  const { accountId, regionId } = table;
  const block = parseCidrBlock(entry.destinationCidrBlock);
  const id = routeEntryId ?? state.ids.objectId('rte', regionId, 17);
  state.routeEntries.set(
    id,
    {
      ...SEEDED,
      accountId,
      regionId,
      ...entry,
      destinationCidrBlock: block?.text ?? entry.destinationCidrBlock,
      routeEntryId: id,
      ipVersion: block?.family ?? 'IPv4',
      nextHops: nextHops ?? [{ nextHopType, nextHopId }],
      modifiedAt: 0,
    },
    ALWAYS,
  );
}

function plantTags(state: CloudState, id: string, tags: SeedTags): void {
  const list = Object.entries(tags).map(([key, value]) => ({ key, value }));
  state.tags.set(id, list, ALWAYS);
}

function refuseTakenIds(state: CloudState, seed: CloudSeed): void {
  const seen = new Set<string>();
  const refuse = (id: string, taken = state.has(id)): void => {
    if (taken || seen.has(id)) throw new SeedConflict(id);
    seen.add(id);
  };
  for (const vpc of seed.vpcs ?? []) {
    refuse(vpc.vpcId);
    for (const { vSwitchId } of vpc.vSwitches ?? []) refuse(vSwitchId);
    for (const { routeTableId } of vpc.routeTables ?? []) refuse(routeTableId);
  }
  for (const instance of seed.instances ?? []) {
    refuse(instance.instanceId);
    for (const { networkInterfaceId } of interfacesOf(instance)) refuse(networkInterfaceId);
  }
  for (const { networkInterfaceId } of seed.networkInterfaces ?? []) refuse(networkInterfaceId);
  for (const { diskId } of seed.disks ?? []) refuse(diskId);
  for (const { routeEntryId, routeTableId } of seed.routeEntries ?? []) {
    if (routeEntryId !== undefined) refuse(routeEntryId);
    if (!seen.has(routeTableId) && state.routeTables.get(routeTableId) === undefined) {
      throw new SeedConflict(routeTableId, 'there is no route table of that id');
    }
  }
  for (const { accessKeyId } of seed.accessKeys ?? []) {
    refuse(accessKeyId, state.isTakenKey(accessKeyId));
  }
}
