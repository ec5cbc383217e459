import assert from 'node:assert/strict';
import type { SettingsChange } from '../../emulator/model/emulator-settings.ts';
import { cloudCaller, type CallerAnswer, type CallerParameters } from './cloud-caller.ts';
import { startLocalCloud, type LocalCloud } from './local-cloud.ts';

/** A cloud under a manual clock, with short words for what tests of its rules do. */
export interface RuleBench {
  readonly cloud: LocalCloud;
  /** Calls CLB, or another version, in the cloud's region unless told. */
  call(
    action: string,
    parameters?: CallerParameters,
    options?: { readonly version?: string },
  ): Promise<CallerAnswer>;
  /** Calls and expects to be accepted. */
  accept(action: string, parameters?: CallerParameters, version?: string): Promise<CallerAnswer>;
  /** Calls and expects the code. */
  refuse(
    code: string,
    action: string,
    parameters?: CallerParameters,
    version?: string,
  ): Promise<CallerAnswer>;
  /** Lets every lock and passage end. */
  settle(): void;
  /** Makes a load balancer and gives its id. */
  loadBalancer(parameters?: CallerParameters): Promise<string>;
  /** Makes a server group with the first `servers` instances at port 30080. */
  group(loadBalancerId: string, servers?: number, parameters?: CallerParameters): Promise<string>;
  /** Makes a listener, stopped. */
  listener(
    loadBalancerId: string,
    port: number,
    parameters?: CallerParameters & { readonly protocol?: 'TCP' | 'UDP' },
  ): Promise<void>;
  /** The state that a listener shows. */
  statusOf(loadBalancerId: string, port: number): Promise<unknown>;
}

/** Rates that stop nobody: only the rule under test refuses. */
const NO_RATES: SettingsChange = { rates: { default: 0 } };

/** Starts a bench; the cloud must be stopped by the test. */
export async function startRuleBench(settings: SettingsChange = {}): Promise<RuleBench> {
  const cloud = await startLocalCloud({
    manualClock: true,
    instances: 5,
    settings: { ...NO_RATES, ...settings },
  });
  const call = cloudCaller(cloud.url);
  const RegionId = cloud.regionId;
  const bench: RuleBench = {
    cloud,
    call: (action, parameters = {}, options = {}) =>
      call(action, { RegionId, ...parameters }, options),
    accept: async (action, parameters = {}, version = '2014-05-15') => {
      const answer = await bench.call(action, parameters, { version });
      assert.equal(answer.code, undefined, `${action}: ${answer.message}`);
      return answer;
    },
    refuse: async (code, action, parameters = {}, version = '2014-05-15') => {
      const answer = await bench.call(action, parameters, { version });
      assert.equal(answer.code, code, `${action}: ${answer.message}`);
      return answer;
    },
    settle: () => {
      const { lockMs, transitionMs } = cloud.settings();
      cloud.advance(Math.max(lockMs, transitionMs));
    },
    loadBalancer: async (parameters = {}) => {
      const made = await bench.accept('CreateLoadBalancer', {
        LoadBalancerSpec: 'slb.s1.small',
        ...parameters,
      });
      bench.settle();
      return made.text('LoadBalancerId');
    },
    group: async (LoadBalancerId, servers = 0, parameters = {}) => {
      const members = cloud.instanceIds
        .slice(0, servers)
        .map((ServerId) => ({ ServerId, Port: 30080 }));
      const made = await bench.accept('CreateVServerGroup', {
        LoadBalancerId,
        VServerGroupName: 'group',
        ...(servers > 0 ? { BackendServers: JSON.stringify(members) } : {}),
        ...parameters,
      });
      bench.settle();
      return made.text('VServerGroupId');
    },
    listener: async (LoadBalancerId, ListenerPort, { protocol = 'TCP', ...parameters } = {}) => {
      const backend = 'VServerGroupId' in parameters ? {} : { BackendServerPort: 30080 };
      await bench.accept(`CreateLoadBalancer${protocol}Listener`, {
        LoadBalancerId,
        ListenerPort,
        Bandwidth: -1,
        ...backend,
        ...parameters,
      });
      bench.settle();
    },
    statusOf: async (loadBalancerId, port) => {
      const answer = await bench.accept('DescribeLoadBalancerListeners', {
        LoadBalancerId: [loadBalancerId],
        ListenerPort: port,
      });
      return answer.get('Listeners', 0, 'Status');
    },
  };
  return bench;
}
