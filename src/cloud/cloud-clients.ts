import { readFile } from 'node:fs/promises';
import type { Clock, Randomness } from './clock.ts';
import type { CloudIdentity } from './cloud-identity.ts';
import type { BatchedEcsReads, EcsClient } from './ecs/ecs-client.ts';
import { findEcsCode } from './ecs/ecs-error-table.ts';
import { ECS_VERSION } from './ecs/ecs-operations.ts';
import { GatheredEcsReads } from './ecs/gathered-ecs-reads.ts';
import { OpenApiEcsClient } from './ecs/openapi-ecs-client.ts';
import { isFailure } from './failure.ts';
import { OpenApiSlbClient } from './slb/openapi-slb-client.ts';
import type { SlbClient } from './slb/slb-client.ts';
import { findSlbCode } from './slb/slb-error-table.ts';
import { SLB_VERSION } from './slb/slb-operations.generated.ts';
import { OpenApiRoleTokens } from './sts/openapi-role-tokens.ts';
import { OpenApiStsClient } from './sts/openapi-sts-client.ts';
import type { StsClient } from './sts/sts-client.ts';
import { findStsCode } from './sts/sts-error-table.ts';
import { STS_VERSION } from './sts/sts-operations.generated.ts';
import type { CloudCallMetrics, CloudLogger } from './transport/call-observer.ts';
import { CallPipeline, type PipelinePorts } from './transport/call-pipeline.ts';
import { CloudPlace } from './transport/cloud-place.ts';
import type { CloudSettings } from './transport/cloud-settings.ts';
import { CoalescedReads } from './transport/coalesced-reads.ts';
import { CredentialSource } from './transport/credential-source.ts';
import { SocketHttpSender, type HttpSender } from './transport/http-exchange.ts';
import { ObjectLanes } from './transport/object-lane.ts';
import { RequestBudget } from './transport/request-budget.ts';
import { SignedRpcSender } from './transport/signed-rpc-sender.ts';
import { OpenApiVpcClient } from './vpc/openapi-vpc-client.ts';
import type { VpcClient } from './vpc/vpc-client.ts';
import { findVpcCode } from './vpc/vpc-error-table.ts';
import { VPC_VERSION } from './vpc/vpc-operations.ts';

/** The most that lock codes make of the pause between two writes to one load balancer. */
const LONGEST_WRITE_SPACING_MS = 2_000;

/** The same for one VPC, whose routes take longer to be applied. */
const LONGEST_VPC_WRITE_SPACING_MS = 8_000;

/** What the clients need from the process around them. */
export interface CloudClientPorts {
  readonly clock: Clock;
  readonly randomness: Randomness;
  /** Whether this process may change the cloud; asked without a wait, directly before each write. */
  readonly mayWrite: () => boolean;
  /** Whether nothing at all may be changed in the cloud, whoever asks for it. */
  readonly isDryRun?: boolean;
  readonly metrics: CloudCallMetrics;
  readonly logger: CloudLogger;
  /** Takes the place of the network, for calls and metadata: a door into a cloud in this process. */
  readonly http?: HttpSender;
  /** Reads a text file in place of the file system. */
  readonly readFile?: (path: string) => Promise<string>;
}

/**
 * The cloud clients of a process.
 *
 * Errors: of all methods that wait, `Failure` as of the calls behind them.
 */
export class CloudClients {
  readonly slb: SlbClient;
  readonly vpc: VpcClient;
  readonly ecs: EcsClient;
  /** Point reads of instances, network interfaces and disks, gathered into few calls. */
  readonly ecsReads: BatchedEcsReads;
  readonly sts: StsClient;
  readonly #place: CloudPlace;
  readonly #sockets: SocketHttpSender;
  readonly #credentials: CredentialSource;
  readonly #sender: SignedRpcSender;
  #settings: CloudSettings;
  #account: { readonly principal: string; readonly accountId: string } | undefined;

  constructor(settings: CloudSettings, ports: CloudClientPorts) {
    const { clock, randomness, mayWrite, isDryRun = false, metrics, logger } = ports;
    this.#settings = settings;
    this.#sockets = new SocketHttpSender(clock);
    const http = ports.http ?? this.#sockets;
    this.#place = new CloudPlace(settings, { http, clock });
    const regionId = (signal: AbortSignal): Promise<string> => this.#place.regionId(signal);
    const lanes = new ObjectLanes(
      { spacingMs: settings.writeSpacingMs, longestSpacingMs: LONGEST_WRITE_SPACING_MS },
      clock,
    );
    const budget = new RequestBudget(
      { callsPerSecond: settings.callsPerSecond, burst: settings.callBurst },
      clock,
    );
    const withoutSender: Omit<PipelinePorts, 'sender'> = {
      budget,
      lanes,
      reads: new CoalescedReads(),
      clock,
      randomness,
      mayWrite,
      isDryRun,
      metrics,
      logger,
    };
    this.#credentials = new CredentialSource(settings.credentials, {
      clock,
      metadata: () => this.#place.metadata,
      roleTokens: new OpenApiRoleTokens({
        shared: withoutSender,
        http,
        settings: () => this.#settings,
        regionId,
      }),
      readFile: ports.readFile ?? ((path) => readFile(path, 'utf8')),
    });
    this.#sender = new SignedRpcSender(settings, {
      http,
      credentials: this.#credentials,
      clock,
      randomness,
      regionId,
    });
    const shared: PipelinePorts = { ...withoutSender, sender: this.#sender };
    this.sts = new OpenApiStsClient(
      new CallPipeline({ product: 'sts', version: STS_VERSION, lookup: findStsCode }, shared),
    );
    this.slb = new OpenApiSlbClient({
      pipeline: new CallPipeline(
        { product: 'slb', version: SLB_VERSION, lookup: findSlbCode },
        shared,
      ),
      lanes,
      regionId,
    });
    this.vpc = new OpenApiVpcClient({
      pipeline: new CallPipeline(
        { product: 'vpc', version: VPC_VERSION, lookup: findVpcCode },
        {
          ...shared,
          // A change of routes holds the whole VPC, and longer than a load balancer is held.
          lanes: new ObjectLanes(
            {
              spacingMs: settings.vpcWriteSpacingMs,
              longestSpacingMs: LONGEST_VPC_WRITE_SPACING_MS,
            },
            clock,
          ),
        },
      ),
      regionId,
    });
    this.ecs = new OpenApiEcsClient(
      new CallPipeline({ product: 'ecs', version: ECS_VERSION, lookup: findEcsCode }, shared),
    );
    this.ecsReads = new GatheredEcsReads({
      ecs: this.ecs,
      clock,
      windowMs: settings.readWindowMs,
    });
  }

  /**
   * Tells account and region.
   *
   * Shape: the account is asked for again when the credentials differ. Those that were merely
   *   renewed belong to the account of before, so that an outage of the token service stops nothing.
   */
  async identity(signal: AbortSignal): Promise<CloudIdentity> {
    const regionId = await this.#place.regionId(signal);
    const principal = await this.#sender.principal(signal);
    const known = this.#account;
    if (known?.principal === principal) return { accountId: known.accountId, regionId };
    try {
      const { accountId } = await this.sts.getCallerIdentity({ signal, lane: 'live' });
      this.#account = { principal, accountId };
      return { accountId, regionId };
    } catch (error) {
      if (known === undefined || !isFailure(error) || error.kind === 'terminal') throw error;
      return { accountId: known.accountId, regionId };
    }
  }

  /** Tells the VPC of the cluster: as configured, else that of this instance. */
  vpcId(signal: AbortSignal): Promise<string> {
    return this.#place.vpcId(signal);
  }

  /** Tells the vSwitch for new objects and its zone: as configured, else those of this instance. */
  defaultVSwitch(
    signal: AbortSignal,
  ): Promise<{ readonly vSwitchId: string; readonly zoneId: string | undefined }> {
    return this.#place.vSwitch(signal);
  }

  /**
   * Uses other settings from the next call on; rates and spacing stay as they were at the start.
   */
  reload(settings: CloudSettings): void {
    if (JSON.stringify(settings.credentials) !== JSON.stringify(this.#settings.credentials)) {
      this.#credentials.replace(settings.credentials);
      this.#account = undefined;
    }
    this.#settings = settings;
    this.#place.replace(settings);
    this.#sender.replace(settings);
  }

  /** Closes every connection. */
  close(): void {
    this.#sockets.close();
  }
}

/** Makes the cloud clients of a process. */
export function createCloudClients(settings: CloudSettings, ports: CloudClientPorts): CloudClients {
  return new CloudClients(settings, ports);
}
