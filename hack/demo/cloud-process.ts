import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { emulatorEnvironment } from '../../emulator/emulator-environment.ts';
import type { CallRecord } from '../../emulator/model/call-log.ts';
import { freePorts, probe, waitUntil } from '../control-plane/endpoint-probe.ts';
import type { ProcessGroup } from '../control-plane/process-group.ts';

const EMULATOR = path.join(import.meta.dirname, '../../emulator/emulator-cli.ts');

/** What is read of the cloud's state. */
export interface CloudStateView {
  /** The cloud's time. */
  readonly now: string;
  readonly instances: readonly {
    readonly instanceId: string;
    readonly regionId: string;
    readonly zoneId: string;
    readonly instanceType: string;
    readonly hostName: string;
    readonly privateIps: readonly string[];
  }[];
  readonly routeEntries: readonly {
    readonly routeEntryId: string;
    readonly routeTableId: string;
    readonly routeEntryName?: string;
    readonly destinationCidrBlock: string;
    readonly status: string;
    readonly nextHops: readonly { readonly nextHopType: string; readonly nextHopId: string }[];
  }[];
  readonly loadBalancers: readonly {
    readonly loadBalancerId: string;
    readonly loadBalancerName: string;
    readonly address: string;
    readonly listeners: readonly {
      readonly listenerProtocol: string;
      readonly listenerPort: number;
      readonly status: string;
      readonly vServerGroupId?: string;
    }[];
  }[];
  readonly vServerGroups: readonly {
    readonly vServerGroupId: string;
    readonly vServerGroupName: string;
    readonly loadBalancerId: string;
    readonly backendServers: readonly {
      readonly serverId: string;
      readonly port: number;
      readonly weight: number;
    }[];
  }[];
}

/** The local Alibaba Cloud, run as a process, and its admin interface. */
export class CloudProcess {
  readonly url: string;

  private constructor(url: string) {
    this.url = url;
  }

  /**
   * Starts it on a free loopback port, with a seed of its own or the default one, and with variables
   * of its environment beside those of this process.
   */
  static async start(
    processes: ProcessGroup,
    seed?: object,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<CloudProcess> {
    const [port = 0] = await freePorts(1);
    const flags = ['--port', `${port}`];
    if (seed !== undefined) {
      const file = path.join(processes.directory, 'cloud-seed.json');
      await writeFile(file, JSON.stringify(seed));
      flags.push('--seed', file);
    }
    await processes.run('emulator', process.execPath, [EMULATOR, ...flags], {
      environment: { ...process.env, ...environment },
    });
    const cloud = new CloudProcess(`http://127.0.0.1:${port}`);
    await waitUntil(
      'the local cloud answers',
      30_000,
      async () => (await probe(`${cloud.url}/_admin/settings`))?.status === 200,
    );
    return cloud;
  }

  /** Tells what makes the operator call this cloud, with the role of an instance in it. */
  environment(): Record<string, string> {
    const variables = emulatorEnvironment(this.url, { id: '', secret: '' });
    // The role needs no key.
    const isKey = (name: string) => name.startsWith('ACCESS_KEY');
    return Object.fromEntries(Object.entries(variables).filter(([name]) => !isKey(name)));
  }

  /** Reads everything that is in the cloud. */
  state(): Promise<CloudStateView> {
    return this.request<CloudStateView>('GET', '/_admin/state');
  }

  /** Reads the calls with a higher number, in order of arrival. */
  calls(since = 0): Promise<CallRecord[]> {
    return this.request<CallRecord[]>('GET', `/_admin/calls?since=${since}`);
  }

  /**
   * Sends one request to the admin interface.
   *
   * Errors: throws with the answer's text when it is not a success.
   */
  async request<T = unknown>(method: string, resource: string, body?: object): Promise<T> {
    const response = await fetch(`${this.url}${resource}`, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${resource}: ${response.status} ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }
}
