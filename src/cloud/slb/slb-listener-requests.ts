import type { CloudHealthCheck, ListenerKey, ListenerSettings } from './slb-client.ts';
import type {
  CreateLoadBalancerTCPListenerRequest,
  CreateLoadBalancerUDPListenerRequest,
  SetLoadBalancerTCPListenerAttributeRequest,
  SetLoadBalancerUDPListenerAttributeRequest,
} from './slb-operations.generated.ts';

/** Either of two requests, by the protocol of the listener. */
export type ByProtocol<Tcp, Udp> =
  { readonly protocol: 'tcp'; readonly tcp: Tcp } | { readonly protocol: 'udp'; readonly udp: Udp };

/** Stands for "no limit of its own" in listeners. */
const UNLIMITED_BANDWIDTH = -1;

/**
 * What the cloud takes for a setting that a new listener leaves open; sent when a listener is
 * changed, where leaving it out would keep the value it has.
 *
 * Source: SLB API 2014-05-15, defaults of CreateLoadBalancerTCPListener and …UDPListener.
 */
const DEFAULTS = {
  scheduler: 'wrr',
  establishedTimeoutSeconds: 900,
  httpCodes: 'http_2xx',
  intervalSeconds: 2,
  timeoutSeconds: 5,
  threshold: 3,
} as const;

/**
 * Writes the request for a new listener.
 *
 * Errors: `RangeError` for a protocol that this project does not make listeners of.
 */
export function newListener(
  loadBalancerId: string,
  regionId: string,
  key: ListenerKey,
  settings: ListenerSettings,
): ByProtocol<CreateLoadBalancerTCPListenerRequest, CreateLoadBalancerUDPListenerRequest> {
  const { healthCheck } = settings;
  const common = {
    regionId,
    loadBalancerId,
    listenerPort: key.port,
    bandwidth: UNLIMITED_BANDWIDTH,
    description: orUnset(settings.description),
    VServerGroupId: orUnset(settings.serverGroupId),
    scheduler: orUnset(settings.scheduler),
    ...healthCheckOf(healthCheck),
    // This operation alone spells the interval with a small letter.
    healthCheckInterval: positive(healthCheck.enabled, healthCheck.intervalSeconds),
  };
  switch (key.protocol) {
    case 'tcp':
      return {
        protocol: 'tcp',
        tcp: {
          ...common,
          ...httpCheckOf(healthCheck),
          persistenceTimeout: settings.persistenceTimeoutSeconds,
          establishedTimeout: positive(true, settings.establishedTimeoutSeconds),
        },
      };
    case 'udp':
      return { protocol: 'udp', udp: common };
    case 'http':
    case 'https':
      throw notServed(key);
  }
}

/**
 * Writes the request that changes a listener to the settings; open ones become the defaults.
 *
 * Shape: bandwidth, access control and what this project does not know are left out and stay.
 * Errors: `RangeError` for a protocol that this project does not make listeners of.
 */
export function changedListener(
  loadBalancerId: string,
  regionId: string,
  key: ListenerKey,
  settings: ListenerSettings,
): ByProtocol<
  SetLoadBalancerTCPListenerAttributeRequest,
  SetLoadBalancerUDPListenerAttributeRequest
> {
  const healthCheck = withDefaults(settings.healthCheck);
  const common = {
    regionId,
    loadBalancerId,
    listenerPort: key.port,
    description: orUnset(settings.description),
    scheduler: settings.scheduler === '' ? DEFAULTS.scheduler : settings.scheduler,
    ...(settings.serverGroupId === ''
      ? {}
      : { VServerGroup: 'on', VServerGroupId: settings.serverGroupId }),
    ...healthCheckOf(healthCheck),
    healthCheckInterval: positive(healthCheck.enabled, healthCheck.intervalSeconds),
  };
  switch (key.protocol) {
    case 'tcp':
      return {
        protocol: 'tcp',
        tcp: {
          ...common,
          ...httpCheckOf(healthCheck),
          persistenceTimeout: settings.persistenceTimeoutSeconds,
          establishedTimeout:
            settings.establishedTimeoutSeconds === 0
              ? DEFAULTS.establishedTimeoutSeconds
              : settings.establishedTimeoutSeconds,
        },
      };
    case 'udp':
      return { protocol: 'udp', udp: common };
    case 'http':
    case 'https':
      throw notServed(key);
  }
}

function healthCheckOf(check: CloudHealthCheck): {
  readonly healthCheckSwitch: string;
  readonly healthCheckConnectPort: number | undefined;
  readonly healthCheckConnectTimeout: number | undefined;
  readonly healthyThreshold: number | undefined;
  readonly unhealthyThreshold: number | undefined;
} {
  const { enabled } = check;
  return {
    healthCheckSwitch: enabled ? 'on' : 'off',
    healthCheckConnectPort: positive(enabled, check.port),
    healthCheckConnectTimeout: positive(enabled, check.timeoutSeconds),
    healthyThreshold: positive(enabled, check.healthyThreshold),
    unhealthyThreshold: positive(enabled, check.unhealthyThreshold),
  };
}

function httpCheckOf(check: CloudHealthCheck): {
  readonly healthCheckType: string | undefined;
  readonly healthCheckURI: string | undefined;
  readonly healthCheckDomain: string | undefined;
  readonly healthCheckHttpCode: string | undefined;
} {
  const isHttp = check.enabled && check.type === 'http';
  return {
    healthCheckType: check.enabled ? (isHttp ? 'http' : 'tcp') : undefined,
    healthCheckURI: isHttp ? orUnset(check.path) : undefined,
    healthCheckDomain: isHttp ? orUnset(check.domain) : undefined,
    healthCheckHttpCode: isHttp ? orUnset(check.httpCodes) : undefined,
  };
}

function withDefaults(check: CloudHealthCheck): CloudHealthCheck {
  return {
    ...check,
    httpCodes: check.httpCodes === '' ? DEFAULTS.httpCodes : check.httpCodes,
    intervalSeconds: check.intervalSeconds === 0 ? DEFAULTS.intervalSeconds : check.intervalSeconds,
    timeoutSeconds: check.timeoutSeconds === 0 ? DEFAULTS.timeoutSeconds : check.timeoutSeconds,
    healthyThreshold: check.healthyThreshold === 0 ? DEFAULTS.threshold : check.healthyThreshold,
    unhealthyThreshold:
      check.unhealthyThreshold === 0 ? DEFAULTS.threshold : check.unhealthyThreshold,
  };
}

function orUnset(text: string): string | undefined {
  return text === '' ? undefined : text;
}

function positive(isWanted: boolean, value: number): number | undefined {
  return isWanted && value > 0 ? value : undefined;
}

function notServed(key: ListenerKey): RangeError {
  return new RangeError(`Cannot write a listener of protocol "${key.protocol}": tcp or udp`);
}
