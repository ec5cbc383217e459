import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { CloudParts } from './model/cloud-parts.ts';
import {
  OBJECT_STORES,
  type AccessKey,
  type CloudState,
  type OidcProvider,
  type RamRole,
  type TokenRecord,
} from './model/cloud-state.ts';
import type { Tag, Tombstone } from './model/cloud-objects.ts';
import type { EmulatorSettings } from './model/emulator-settings.ts';
import { resumeDepartures } from './model/tombstone.ts';
import type { VersionedStore } from './model/versioned-store.ts';

type StoreName = (typeof OBJECT_STORES)[number];

/** A cloud as it is kept in a file. */
interface KeptCloud {
  readonly format: 2;
  readonly lastSeq: number;
  readonly counters: Readonly<Record<string, number>>;
  readonly regionId: string;
  readonly ramRole?: string;
  readonly settings: EmulatorSettings;
  readonly accounts: readonly string[];
  readonly accessKeys: readonly AccessKey[];
  readonly oidcProviders: readonly OidcProvider[];
  readonly ramRoles: readonly RamRole[];
  /** The objects of each kind, by id. */
  readonly objects: Readonly<Partial<Record<StoreName, readonly [string, unknown][]>>>;
  readonly tags: readonly [string, readonly Tag[]][];
  readonly tokens: readonly [string, TokenRecord][];
  readonly tombstones: readonly Tombstone[];
}

// Changes come in bursts; one write serves a burst.
const WRITE_AFTER_MS = 100;

/** Keeps what a cloud holds in a file, so that it outlives the process. */
export class StateFile {
  readonly #path: string;
  #cloud: CloudParts | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Fills the cloud from the file, if there is one, and keeps it there from now on.
   *
   * Errors: a file that is not a kept cloud.
   */
  attach(cloud: CloudParts): void {
    this.#cloud = cloud;
    if (existsSync(this.#path)) restore(cloud, readKept(this.#path));
    else this.write();
  }

  /** Writes soon; several changes are written once. */
  noteChange(): void {
    this.#timer ??= setTimeout(() => {
      this.write();
    }, WRITE_AFTER_MS).unref();
  }

  /** Writes now. */
  write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#cloud === undefined) return;
    // A reader, or the next start after a crash, finds the old file or the new one.
    const beside = `${this.#path}.new`;
    writeFileSync(beside, `${JSON.stringify(keep(this.#cloud), undefined, 2)}\n`);
    renameSync(beside, this.#path);
  }
}

function readKept(path: string): KeptCloud {
  let kept: unknown;
  try {
    kept = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new Error(`Cannot read the state file "${path}": it must be JSON`, { cause });
  }
  if (!isKept(kept)) {
    throw new Error(`Cannot read the state file "${path}": it must be one that an emulator wrote`);
  }
  return kept;
}

function isKept(value: unknown): value is KeptCloud {
  return typeof value === 'object' && value !== null && 'format' in value && value.format === 2;
}

function keep({ state, log }: CloudParts): KeptCloud {
  return {
    format: 2,
    lastSeq: log.lastSeq,
    counters: state.ids.counters(),
    regionId: state.regionId,
    ...(state.ramRole === undefined ? {} : { ramRole: state.ramRole }),
    settings: state.settings,
    accounts: [...state.accounts],
    accessKeys: [...state.accessKeys.values()],
    oidcProviders: [...state.oidcProviders.values()],
    ramRoles: [...state.ramRoles.values()],
    objects: keepObjects(state),
    tags: state.tags.entries(),
    tokens: [...state.tokens],
    tombstones: state.tombstones,
  };
}

function keepObjects(state: CloudState): KeptCloud['objects'] {
  const kept = OBJECT_STORES.map((name) => [name, state[name].entries()] as const);
  return Object.fromEntries(kept);
}

function restore({ state, log }: CloudParts, kept: KeptCloud): void {
  state.clearObjects();
  log.continueAfter(kept.lastSeq);
  state.ids.restore(kept.counters);
  state.regionId = kept.regionId;
  state.ramRole = kept.ramRole;
  state.settings = kept.settings;
  for (const account of kept.accounts) state.accounts.add(account);
  for (const key of kept.accessKeys) state.accessKeys.set(key.accessKeyId, key);
  for (const each of kept.oidcProviders) {
    state.oidcProviders.set(`${each.accountId}/${each.name}`, each);
  }
  for (const each of kept.ramRoles) state.ramRoles.set(`${each.accountId}/${each.name}`, each);
  for (const name of OBJECT_STORES) {
    // A file of an earlier version lacks the kinds that came later.
    fill(state[name] as unknown as VersionedStore<unknown>, kept.objects[name] ?? []);
  }
  resumeDepartures(state);
  fill(state.tags, kept.tags);
  for (const [token, record] of kept.tokens) state.tokens.set(token, record);
  state.tombstones.push(...kept.tombstones);
  state.letKeysLast();
}

function fill<Value>(store: VersionedStore<Value>, entries: readonly [string, Value][]): void {
  // What an earlier run made is old: no lag hides it.
  for (const [id, value] of entries) store.set(id, value, -Infinity);
}
