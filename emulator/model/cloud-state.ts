import { IdGenerator } from './id-generator.ts';
import type {
  Instance,
  Listener,
  LoadBalancer,
  Tag,
  Tombstone,
  VServerGroup,
  Vpc,
} from './cloud-objects.ts';
import { DEFAULT_ACCOUNT, DEFAULT_REGION, type CloudSeed } from './cloud-seed.ts';
import { changedSettings, type EmulatorSettings } from './emulator-settings.ts';
import { VersionedStore } from './versioned-store.ts';

/** A key that calls are signed with; temporary ones carry a token and an end. */
export interface AccessKey {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly securityToken?: string;
  readonly accountId: string;
  /** The role that a temporary key acts for. */
  readonly roleName?: string;
  readonly expiresAt?: number;
}

/** What is remembered about a client token. */
export interface TokenRecord {
  readonly parameters: string;
  readonly answer: Readonly<Record<string, unknown>>;
  readonly finishedAt: number;
}

/** A seed that names an id which is taken. */
export class SeedConflict extends Error {
  constructor(id: string) {
    super(`Cannot seed "${id}": an object of that id exists`);
    this.name = 'SeedConflict';
  }
}

/** Everything the cloud knows; all changes go through operations, seeds and the admin interface. */
export class CloudState {
  readonly ids: IdGenerator;
  readonly accounts = new Set<string>();
  readonly accessKeys = new Map<string, AccessKey>();
  readonly vpcs = new VersionedStore<Vpc>();
  readonly instances = new VersionedStore<Instance>();
  readonly loadBalancers = new VersionedStore<LoadBalancer>();
  readonly listeners = new VersionedStore<Listener>();
  readonly vServerGroups = new VersionedStore<VServerGroup>();
  /** Tags by the id of what they are on, whatever its kind. */
  readonly tags = new VersionedStore<readonly Tag[]>();
  readonly tombstones: Tombstone[] = [];
  readonly tokens = new Map<string, TokenRecord>();
  /** Until when a load balancer is held by a write. */
  readonly heldUntil = new Map<string, number>();
  regionId = DEFAULT_REGION;
  ramRole: string | undefined;
  settings: EmulatorSettings;
  /** Keys that may be named once more. */
  readonly #lastingKeys = new Set<string>();

  constructor(idSeed: string, settings: EmulatorSettings) {
    this.ids = new IdGenerator(idSeed);
    this.settings = settings;
  }

  /**
   * Adds what a seed names to what is there.
   *
   * Shape: all or nothing. A key that was there at the start or outlived a reset may be named
   *   once more, so that a seed can be repeated after a reset.
   * Errors: `SeedConflict` when an id is taken.
   */
  addSeed(seed: CloudSeed): void {
    this.#refuseTakenIds(seed);
    const accounts = (seed.accounts ?? []).map((account) =>
      typeof account === 'string' ? account : account.accountId,
    );
    const accountId = accounts[0] ?? seed.accessKeys?.[0]?.account ?? this.#firstAccount();
    const regionId = seed.regionId ?? this.regionId;
    this.regionId = regionId;
    if (seed.ramRole !== undefined) this.ramRole = seed.ramRole;
    for (const account of accounts) this.accounts.add(account);
    for (const { account, ...key } of seed.accessKeys ?? []) {
      this.#lastingKeys.delete(key.accessKeyId);
      this.accounts.add(account ?? accountId);
      this.accessKeys.set(key.accessKeyId, { ...key, accountId: account ?? accountId });
    }

    // Seeded objects have always been there: no lag hides them.
    const ownership = { createdAt: 0, createdBySeq: null };
    for (const { account, ...vpc } of seed.vpcs ?? []) {
      this.accounts.add(account ?? accountId);
      const added: Vpc = {
        ...ownership,
        ...vpc,
        accountId: account ?? accountId,
        regionId: vpc.regionId ?? regionId,
        vSwitches: vpc.vSwitches ?? [],
        routeTables: vpc.routeTables ?? [],
      };
      this.vpcs.set(vpc.vpcId, added, -Infinity);
    }
    for (const { account, ...instance } of seed.instances ?? []) {
      this.accounts.add(account ?? accountId);
      const added: Instance = {
        ...ownership,
        ...instance,
        accountId: account ?? accountId,
        regionId: instance.regionId ?? regionId,
        vpcId: this.#vpcOfVSwitch(instance.vSwitchId)?.vpcId ?? '',
        hostName: instance.hostName ?? instance.instanceId,
        enis: instance.enis ?? [],
        status: instance.status ?? 'Running',
      };
      this.instances.set(instance.instanceId, added, -Infinity);
    }
    this.settings = changedSettings(this.settings, { quotas: seed.quotas ?? {} });
  }

  /** Forgets all objects, tokens and locks; accounts, keys, region, role and settings stay. */
  clearObjects(): void {
    for (const store of this.#stores()) store.clear();
    this.tombstones.length = 0;
    this.tokens.clear();
    this.heldUntil.clear();
    this.ids.restore();
    this.letKeysLast();
  }

  /** Lets every key that is there be named once more by a seed. */
  letKeysLast(): void {
    for (const accessKeyId of this.accessKeys.keys()) this.#lastingKeys.add(accessKeyId);
  }

  findVSwitch(vSwitchId: string): { readonly vpc: Vpc; readonly zoneId: string } | undefined {
    for (const vpc of this.vpcs.list()) {
      const vSwitch = vpc.vSwitches.find((candidate) => candidate.vSwitchId === vSwitchId);
      if (vSwitch !== undefined) return { vpc, zoneId: vSwitch.zoneId };
    }
    return undefined;
  }

  quota(name: string): number {
    const limit = this.settings.quotas[name] ?? 0;
    return limit <= 0 ? Infinity : limit;
  }

  #stores(): VersionedStore<never>[] {
    return [
      this.vpcs,
      this.instances,
      this.loadBalancers,
      this.listeners,
      this.vServerGroups,
      this.tags,
    ] as unknown as VersionedStore<never>[];
  }

  #firstAccount(): string {
    const [first] = this.accounts;
    return first ?? DEFAULT_ACCOUNT;
  }

  #vpcOfVSwitch(vSwitchId: string): Vpc | undefined {
    return this.findVSwitch(vSwitchId)?.vpc;
  }

  #refuseTakenIds(seed: CloudSeed): void {
    const seen = new Set<string>();
    const refuse = (id: string, taken: boolean): void => {
      if (taken || seen.has(id)) throw new SeedConflict(id);
      seen.add(id);
    };
    for (const vpc of seed.vpcs ?? []) {
      refuse(vpc.vpcId, this.vpcs.get(vpc.vpcId) !== undefined);
      for (const { vSwitchId } of vpc.vSwitches ?? []) {
        refuse(vSwitchId, this.findVSwitch(vSwitchId) !== undefined);
      }
      for (const { routeTableId } of vpc.routeTables ?? []) {
        refuse(routeTableId, this.#hasRouteTable(routeTableId));
      }
    }
    for (const { instanceId } of seed.instances ?? []) {
      refuse(instanceId, this.instances.get(instanceId) !== undefined);
    }
    for (const { accessKeyId } of seed.accessKeys ?? []) {
      refuse(accessKeyId, this.accessKeys.has(accessKeyId) && !this.#lastingKeys.has(accessKeyId));
    }
  }

  #hasRouteTable(routeTableId: string): boolean {
    return this.vpcs
      .list()
      .some((vpc) => vpc.routeTables.some((table) => table.routeTableId === routeTableId));
  }
}
