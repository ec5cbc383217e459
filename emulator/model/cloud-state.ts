import { IdGenerator } from './id-generator.ts';
import type { Listener, LoadBalancer, Tag, Tombstone, VServerGroup } from './cloud-objects.ts';
import { DEFAULT_ACCOUNT, DEFAULT_REGION } from './cloud-seed.ts';
import type { Disk, Instance, NetworkInterface, SecurityGroup } from './ecs/compute-objects.ts';
import type { EmulatorSettings } from './emulator-settings.ts';
import type { RouteEntry, RouteTable, Vpc, VSwitch } from './vpc/network-objects.ts';
import type { Departure } from './passage.ts';
import { settleDepartures, type DepartingKind } from './tombstone.ts';
import { VersionedStore } from './versioned-store.ts';
import { WriteHolds } from './write-holds.ts';

/** A key that calls are signed with; temporary ones carry a token and an end. */
export interface AccessKey {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly securityToken?: string;
  readonly accountId: string;
  /** The RAM user that the key belongs to. */
  readonly userName?: string;
  /** The role that a temporary key acts for. */
  readonly roleName?: string;
  /** The name of the session that a temporary key was made for. */
  readonly sessionName?: string;
  readonly expiresAt?: number;
}

/** What is remembered about a client token. */
export interface TokenRecord {
  readonly parameters: string;
  readonly answer: Readonly<Record<string, unknown>>;
  readonly finishedAt: number;
}

/** An identity provider whose tokens are exchanged for a role. */
export interface OidcProvider {
  readonly name: string;
  readonly accountId: string;
  readonly issuer: string;
  readonly clientIds: readonly string[];
}

/** A role that others may take. */
export interface RamRole {
  readonly name: string;
  readonly accountId: string;
  readonly maxSessionDurationSeconds: number;
  /** Subjects of tokens that may take it; undefined for any. */
  readonly trustedSubjects?: readonly string[];
}

/** Everything the cloud knows; all changes go through operations, seeds and the admin interface. */
export class CloudState {
  readonly ids: IdGenerator;
  readonly accounts = new Set<string>();
  readonly accessKeys = new Map<string, AccessKey>();
  /** By account and name. */
  readonly oidcProviders = new Map<string, OidcProvider>();
  /** By account and name. */
  readonly ramRoles = new Map<string, RamRole>();
  readonly vpcs = new VersionedStore<Vpc>();
  readonly vSwitches = new VersionedStore<VSwitch>();
  readonly routeTables = new VersionedStore<RouteTable>();
  readonly routeEntries = new VersionedStore<RouteEntry>();
  readonly instances = new VersionedStore<Instance>();
  readonly networkInterfaces = new VersionedStore<NetworkInterface>();
  readonly securityGroups = new VersionedStore<SecurityGroup>();
  readonly disks = new VersionedStore<Disk>();
  readonly loadBalancers = new VersionedStore<LoadBalancer>();
  readonly listeners = new VersionedStore<Listener>();
  readonly vServerGroups = new VersionedStore<VServerGroup>();
  /** Tags by the id of what they are on, whatever its kind. */
  readonly tags = new VersionedStore<readonly Tag[]>();
  readonly tombstones: Tombstone[] = [];
  readonly tokens = new Map<string, TokenRecord>();
  /** What is on its way out, by id. */
  readonly departing = new Map<
    string,
    { readonly kind: DepartingKind; readonly departure: Departure }
  >();
  /** Load balancers and VPCs that are held by a write. */
  readonly holds = new WriteHolds();
  regionId = DEFAULT_REGION;
  ramRole: string | undefined;
  settings: EmulatorSettings;
  /** Keys that may be named once more. */
  readonly #lastingKeys = new Set<string>();

  constructor(idSeed: string, settings: EmulatorSettings) {
    this.ids = new IdGenerator(idSeed);
    this.settings = settings;
  }

  /** Lets pass what the clock has come to: objects on their way out are gone by now. */
  settle(now: number): void {
    settleDepartures(this, now);
  }

  /** Adds a key; one that may be named once more may not a second time. */
  addKey(key: AccessKey): void {
    this.#lastingKeys.delete(key.accessKeyId);
    this.accessKeys.set(key.accessKeyId, key);
  }

  /** Tells whether a key of that id is there and may not be named once more. */
  isTakenKey(accessKeyId: string): boolean {
    return this.accessKeys.has(accessKeyId) && !this.#lastingKeys.has(accessKeyId);
  }

  /** Forgets all objects, tokens and locks; accounts, keys, region, role and settings stay. */
  clearObjects(): void {
    for (const store of this.#stores()) store.clear();
    this.tombstones.length = 0;
    this.tokens.clear();
    this.departing.clear();
    this.holds.clear();
    this.ids.restore();
    this.letKeysLast();
  }

  /** Lets every key that is there be named once more by a seed. */
  letKeysLast(): void {
    for (const accessKeyId of this.accessKeys.keys()) this.#lastingKeys.add(accessKeyId);
  }

  /** The account that is meant where none is named. */
  get firstAccount(): string {
    const [first] = this.accounts;
    return first ?? DEFAULT_ACCOUNT;
  }

  /** Tells whether something of that id is there now. */
  has(id: string): boolean {
    return OBJECT_STORES.some((name) => this[name].get(id) !== undefined);
  }

  quota(name: string): number {
    const limit = this.settings.quotas[name] ?? 0;
    return limit <= 0 ? Infinity : limit;
  }

  #stores(): VersionedStore<never>[] {
    return [
      ...OBJECT_STORES.map((name) => this[name]),
      this.tags,
    ] as unknown as VersionedStore<never>[];
  }
}

/** The stores of objects by kind, in the order in which a file keeps them. */
export const OBJECT_STORES = [
  'vpcs',
  'vSwitches',
  'routeTables',
  'routeEntries',
  'instances',
  'networkInterfaces',
  'securityGroups',
  'disks',
  'loadBalancers',
  'listeners',
  'vServerGroups',
] as const;
