import type { Clock } from '../clock.ts';
import type { CloudSettings } from './cloud-settings.ts';
import { CoalescedReads } from './coalesced-reads.ts';
import type { HttpSender } from './http-exchange.ts';
import { InstanceMetadata } from './instance-metadata.ts';

/** What the settings may leave to the instance metadata. */
type PlaceEntry = 'regionId' | 'vpcId' | 'zoneId' | 'vSwitchId';

/**
 * Where in the cloud this process works: as configured, else where its instance is.
 *
 * Shape: what the metadata has answered once is kept until the settings are replaced; those who ask
 *   before it has answered share one question.
 * Errors: `retryable` where neither the settings nor the metadata tell.
 */
export class CloudPlace {
  readonly #ports: { readonly http: HttpSender; readonly clock: Clock };
  #settings: CloudSettings;
  #metadata: InstanceMetadata;
  readonly #known = new Map<PlaceEntry, string>();
  readonly #reads = new CoalescedReads();

  constructor(
    settings: CloudSettings,
    ports: { readonly http: HttpSender; readonly clock: Clock },
  ) {
    this.#settings = settings;
    this.#ports = ports;
    this.#metadata = new InstanceMetadata(settings.metadataEndpoint, ports);
  }

  /** The metadata of the instance, for what the settings cannot tell. */
  get metadata(): InstanceMetadata {
    return this.#metadata;
  }

  /** Uses other settings from now on. */
  replace(settings: CloudSettings): void {
    if (settings.metadataEndpoint !== this.#settings.metadataEndpoint) {
      this.#metadata = new InstanceMetadata(settings.metadataEndpoint, this.#ports);
      this.#known.clear();
      this.#reads.closeToNewReaders();
    }
    this.#settings = settings;
  }

  /** Tells the region that calls go to. */
  async regionId(signal: AbortSignal): Promise<string> {
    return this.#settings.regionId ?? this.#ask('regionId', signal);
  }

  /** Tells the VPC of the cluster. */
  async vpcId(signal: AbortSignal): Promise<string> {
    return this.#settings.vpcId ?? this.#ask('vpcId', signal);
  }

  /** Tells the vSwitch for new objects, with its zone. */
  async vSwitch(
    signal: AbortSignal,
  ): Promise<{ readonly vSwitchId: string; readonly zoneId: string | undefined }> {
    const configured = this.#settings.vSwitches[0];
    if (configured === undefined) {
      return {
        vSwitchId: await this.#ask('vSwitchId', signal),
        zoneId: this.#settings.zoneId ?? (await this.#ask('zoneId', signal)),
      };
    }
    return {
      vSwitchId: configured.vSwitchId,
      zoneId: configured.zoneId ?? this.#settings.zoneId,
    };
  }

  async #ask(entry: PlaceEntry, signal: AbortSignal): Promise<string> {
    const known = this.#known.get(entry);
    if (known !== undefined) return known;
    const answered = await this.#reads.join(entry, signal, (shared) =>
      this.#metadata[entry](shared),
    );
    this.#known.set(entry, answered);
    return answered;
  }
}
