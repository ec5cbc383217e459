import type { Instance, NetworkInterface } from '../model/ecs/compute-objects.ts';
import type { CallLog } from '../model/call-log.ts';
import { ApiError } from '../model/api-error.ts';
import type { AccessKey, CloudState } from '../model/cloud-state.ts';
import type { EmulatorClock } from '../model/emulator-clock.ts';
import { macAddress } from '../model/ecs/mac-address.ts';
import type { WireAnswer, WireRequest } from './wire-message.ts';

interface MetadataParts {
  readonly state: CloudState;
  readonly log: CallLog;
  readonly clock: EmulatorClock;
}

/** The name under which metadata requests stand in the call log. */
export const METADATA_ACTION = 'InstanceMetadata';

const TOKEN_HEADER = 'x-aliyun-ecs-metadata-token';
const TTL_HEADER = 'x-aliyun-ecs-metadata-token-ttl-seconds';
const MAX_TTL_SECONDS = 21_600;
const CREDENTIAL_LIFE_MS = 6 * 60 * 60 * 1000;
const ROLE_PATH = 'ram/security-credentials/';

/**
 * Instance metadata as the first seeded instance sees it: both the form with a session token and
 * the one without.
 */
export class MetadataService {
  readonly #parts: MetadataParts;
  readonly #tokens = new Map<string, number>();
  #credential: AccessKey | undefined;

  constructor(parts: MetadataParts) {
    this.#parts = parts;
  }

  /** Forgets session tokens and the role's present key. */
  clear(): void {
    this.#tokens.clear();
    this.#credential = undefined;
  }

  handle(request: WireRequest): WireAnswer {
    const { log, clock, state } = this.#parts;
    state.settle(clock.now());
    const path = new URL(request.target, 'http://localhost').pathname;
    const record = log.begin({
      action: METADATA_ACTION,
      version: 'latest',
      parameters: { Method: request.method, Path: path },
      accessKeyId: null,
      userAgent: request.headers['user-agent'] ?? '',
      mutating: false,
      requestId: state.ids.requestId(),
      now: clock.now(),
    });
    const { status, body } = this.#answer(request, path);
    const code = status === 200 ? null : String(status);
    log.finish(record, { now: clock.now(), httpStatus: status, code });
    const headers = { 'content-type': 'text/plain; charset=utf-8' };
    return { kind: 'answer', status, headers, body };
  }

  #answer(request: WireRequest, path: string): { status: number; body: string } {
    try {
      if (path === '/latest/api/token') return { status: 200, body: this.#newToken(request) };
      if (request.method !== 'GET') throw refused(405, 'Method Not Allowed');
      this.#checkToken(request.headers[TOKEN_HEADER]);
      return { status: 200, body: this.#read(path) };
    } catch (error) {
      if (error instanceof ApiError) return { status: error.httpStatus, body: error.message };
      throw error;
    }
  }

  #newToken(request: WireRequest): string {
    if (request.method !== 'PUT') throw refused(405, 'Method Not Allowed');
    const seconds = Number(request.headers[TTL_HEADER]);
    if (!Number.isInteger(seconds) || seconds < 1 || seconds > MAX_TTL_SECONDS) {
      throw refused(400, 'Bad Request');
    }
    const { state, clock } = this.#parts;
    const token = state.ids.secret('metadata-token', 56);
    this.#tokens.set(token, clock.now() + seconds * 1000);
    return token;
  }

  #checkToken(token: string | undefined): void {
    if (token === undefined) return;
    const endsAt = this.#tokens.get(token);
    if (endsAt === undefined || endsAt <= this.#parts.clock.now()) {
      throw refused(403, 'Forbidden');
    }
  }

  #read(path: string): string {
    if (path === '/latest/dynamic/instance-identity/document') return this.#identityDocument();
    const prefix = '/latest/meta-data';
    if (!path.startsWith(prefix)) throw notFound();
    const name = path.slice(prefix.length).replace(/^\//, '');
    if (name.startsWith(ROLE_PATH)) return this.#readRole(name.slice(ROLE_PATH.length));

    const leaves = this.#leaves();
    const leaf = leaves.get(name.replace(/\/$/, ''));
    if (leaf !== undefined) return leaf;
    const below = name === '' || name.endsWith('/') ? name : `${name}/`;
    const children = new Set<string>();
    for (const leafName of leaves.keys()) {
      if (!leafName.startsWith(below)) continue;
      const [first = '', ...rest] = leafName.slice(below.length).split('/');
      children.add(rest.length > 0 ? `${first}/` : first);
    }
    if (children.size === 0) throw notFound();
    return [...children].sort().join('\n');
  }

  /** Every value of the tree, by its path. */
  #leaves(): Map<string, string> {
    const { state } = this.#parts;
    const leaves = new Map([['region-id', state.regionId]]);
    if (state.ramRole !== undefined) leaves.set(ROLE_PATH + state.ramRole, '');
    const [instance] = state.instances.list();
    const [firstVpc] = state.vpcs.list();
    const vpc = instance === undefined ? firstVpc : state.vpcs.get(instance.vpcId);
    const firstVSwitch = state.vSwitches.list().find(({ vpcId }) => vpcId === vpc?.vpcId);
    const vSwitchId = instance?.vSwitchId ?? firstVSwitch?.vSwitchId;
    const vSwitch = state.vSwitches.get(vSwitchId ?? '');
    const zoneId = instance?.zoneId ?? vSwitch?.zoneId;
    const put = (name: string, value: string | undefined): void => {
      if (value !== undefined && value !== '') leaves.set(name, value);
    };
    if (instance !== undefined) leaves.set('region-id', instance.regionId);
    put('owner-account-id', instance?.accountId ?? vpc?.accountId);
    put('vpc-id', vpc?.vpcId);
    put('vpc-cidr-block', vpc?.cidrBlock);
    put('vswitch-id', vSwitchId);
    put('vswitch-cidr-block', vSwitch?.cidrBlock);
    put('zone-id', zoneId);
    if (instance !== undefined) {
      putInstance(put, instance);
      const blocks = { vSwitchCidr: vSwitch?.cidrBlock, vpcCidr: vpc?.cidrBlock };
      for (const eni of state.networkInterfaces.list()) {
        if (eni.instanceId === instance.instanceId) putInterface(put, eni, blocks);
      }
    }
    return leaves;
  }

  #identityDocument(): string {
    const leaves = this.#leaves();
    return JSON.stringify({
      'owner-account-id': leaves.get('owner-account-id') ?? '',
      'instance-id': leaves.get('instance-id') ?? '',
      'region-id': leaves.get('region-id') ?? '',
      'zone-id': leaves.get('zone-id') ?? '',
      'private-ipv4': leaves.get('private-ipv4') ?? '',
      'instance-type': leaves.get('instance/instance-type') ?? '',
    });
  }

  #readRole(name: string): string {
    const { ramRole } = this.#parts.state;
    if (ramRole === undefined) throw notFound();
    if (name === '') return ramRole;
    if (name !== ramRole) throw notFound();
    const key = this.#roleCredential(ramRole);
    const life = (key.expiresAt ?? 0) - CREDENTIAL_LIFE_MS;
    return JSON.stringify({
      AccessKeyId: key.accessKeyId,
      AccessKeySecret: key.accessKeySecret,
      Expiration: isoSeconds(key.expiresAt ?? 0),
      SecurityToken: key.securityToken,
      LastUpdated: isoSeconds(life),
      Code: 'Success',
    });
  }

  /** The role's key; a new one once half of the old one's life is over. */
  #roleCredential(roleName: string): AccessKey {
    const { state, clock } = this.#parts;
    const now = clock.now();
    const present = this.#credential;
    const left = (present?.expiresAt ?? 0) - now;
    if (present?.roleName === roleName && left > CREDENTIAL_LIFE_MS / 2) return present;
    const [instance] = state.instances.list();
    const [account = ''] = state.accounts;
    const credential: AccessKey = {
      accessKeyId: `STS.${state.ids.secret('role-key', 24)}`,
      accessKeySecret: state.ids.secret('role-secret', 44),
      securityToken: `CAIS${state.ids.secret('role-token', 80)}`,
      accountId: instance?.accountId ?? account,
      roleName,
      expiresAt: now + CREDENTIAL_LIFE_MS,
    };
    state.accessKeys.set(credential.accessKeyId, credential);
    this.#credential = credential;
    return credential;
  }
}

type Put = (name: string, value: string | undefined) => void;

function putInstance(put: Put, instance: Instance): void {
  put('instance-id', instance.instanceId);
  put('instance/instance-type', instance.instanceType);
  put('instance/instance-name', instance.instanceName ?? instance.hostName);
  put('hostname', instance.hostName);
  put('private-ipv4', instance.privateIps[0]);
  put('public-ipv4', instance.publicIp);
  put('eipv4', instance.eip?.ipAddress);
}

function putInterface(
  put: Put,
  eni: NetworkInterface,
  blocks: { readonly vSwitchCidr: string | undefined; readonly vpcCidr: string | undefined },
): void {
  const mac = macAddress(eni.networkInterfaceId);
  if (eni.type === 'Primary') put('mac', mac);
  const folder = `network/interfaces/macs/${mac}`;
  put(`${folder}/network-interface-id`, eni.networkInterfaceId);
  put(`${folder}/primary-ip-address`, eni.privateIps[0]);
  put(`${folder}/private-ipv4s`, JSON.stringify(eni.privateIps));
  put(`${folder}/ipv6s`, eni.ipv6s.length === 0 ? undefined : JSON.stringify(eni.ipv6s));
  put(`${folder}/vpc-id`, eni.vpcId);
  put(`${folder}/vpc-cidr-block`, blocks.vpcCidr);
  put(`${folder}/vswitch-id`, eni.vSwitchId);
  put(`${folder}/vswitch-cidr-block`, blocks.vSwitchCidr);
}

function isoSeconds(at: number): string {
  return new Date(at).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

function refused(status: number, message: string): ApiError {
  return new ApiError(String(status), status, message);
}

function notFound(): ApiError {
  return refused(404, 'Not Found');
}
