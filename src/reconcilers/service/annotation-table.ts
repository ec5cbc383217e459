import { API_GROUP } from '../names.ts';
import { OPT_OUT_ANNOTATIONS } from './service-claim.ts';

/** The prefixes of the Go CCM's annotations; the first one present counts, even when it is empty. */
export const ANNOTATION_PREFIXES: readonly string[] = [
  'service.beta.kubernetes.io/alibaba-cloud',
  'service.beta.kubernetes.io/alicloud',
];

/** Kubernetes' own, older form of `spec.loadBalancerSourceRanges`. */
export const SOURCE_RANGES_ANNOTATION = 'service.beta.kubernetes.io/load-balancer-source-ranges';

/** On a Service: the `ipMode` of the published addresses. */
export const IP_MODE_ANNOTATION = `${API_GROUP}/ip-mode`;

/** Where the value of an annotation goes in an AlibabaLoadBalancer. */
export type FieldTarget =
  | { readonly scope: 'loadBalancer'; readonly path: readonly string[] }
  | {
      readonly scope: 'listener';
      readonly path: readonly string[];
      readonly transports: readonly ('TCP' | 'UDP')[];
    };

/**
 * How this version serves an annotation.
 *
 * Shape: `field` writes a field of the AlibabaLoadBalancer; `service` is read where the Service's
 *   status is made; `protocols` and `tags` have rules of their own; `accepted` is right and without
 *   effect on TCP and UDP listeners; `optOut` takes the Service away from us.
 */
export type AnnotationSupport =
  | {
      readonly kind: 'field';
      readonly target: FieldTarget;
      /** Reads a value that is not the default; `undefined` when it cannot be read. */
      readonly read: (value: string) => unknown;
      /** `false` where the field is written, and named as not supported by this version. */
      readonly isServed?: false;
    }
  | { readonly kind: 'service' | 'accepted'; readonly isValid: (value: string) => boolean }
  | { readonly kind: 'protocols' | 'tags' | 'sourceRanges' | 'optOut' | 'notSupported' };

/** One annotation of a Service. */
export interface AnnotationEntry {
  /** Its suffix after `loadbalancer-`, or its whole key where it has no prefix of the Go CCM. */
  readonly name: string;
  /** Its keys; the first one present counts. */
  readonly keys: readonly string[];
  /** What it says, in words. */
  readonly meaning: string;
  /** What a value has to be, to be read after "must be". */
  readonly allowed: string;
  /** Which listeners or load balancers it concerns. */
  readonly concerns: 'CLB' | 'HTTP' | 'NLB';
  /** Whether it guards who may connect: while it cannot be applied, no new listener opens. */
  readonly guardsAccess: boolean;
  /** Tells whether a value asks for what happens without it. */
  readonly isDefault: (value: string) => boolean;
  /** The annotation without which, or the value of it without which, this one has no effect. */
  readonly needs?: { readonly name: string; readonly isMet: (value: string) => boolean };
  readonly support: AnnotationSupport;
}

type FieldSupport = Extract<AnnotationSupport, { readonly kind: 'field' }>;

type Draft = Pick<AnnotationEntry, 'meaning' | 'allowed'> & Partial<AnnotationEntry>;

const isEmpty = (value: string): boolean => value.trim() === '';
const isEmptyOr =
  (...values: readonly string[]) =>
  (value: string): boolean =>
    isEmpty(value) || values.includes(value.trim().toLowerCase());
const isNot = (value: string) => (text: string) => text !== value;
const isPresent = (value: string): boolean => !isEmpty(value);
const isOn = (value: string): boolean => value.trim().toLowerCase() === 'on';
const isOnOrOff = (value: string): boolean => ['on', 'off'].includes(value.trim().toLowerCase());

const BOTH = ['TCP', 'UDP'] as const;
const ON_OR_OFF = '"on" or "off"';

function text(value: string): string {
  return value.trim();
}

function integer(value: string): number | undefined {
  return /^\d{1,9}$/.test(value.trim()) ? Number(value.trim()) : undefined;
}

/** Reads a word whose case does not matter as the value of the CRD's enumeration. */
function word(words: Readonly<Record<string, string>>): (value: string) => string | undefined {
  return (value) => words[value.trim().toLowerCase()];
}

function list(value: string): string[] {
  return value.split(',').map((item) => item.trim());
}

function field(path: string, read: (value: string) => unknown): FieldSupport {
  return { kind: 'field', target: { scope: 'loadBalancer', path: path.split('.') }, read };
}

function listenerField(
  path: string,
  transports: readonly ('TCP' | 'UDP')[],
  read: (value: string) => unknown,
): AnnotationSupport {
  return { kind: 'field', target: { scope: 'listener', path: path.split('.'), transports }, read };
}

/** The annotations under the prefixes of the Go CCM, by suffix. */
const PREFIXED: Readonly<Record<string, Draft>> = {
  // The load balancer itself.
  id: {
    meaning:
      'An existing load balancer to use. Not supported by this version; none is made instead',
    allowed: 'the id of a load balancer, of lower-case letters, digits and dashes',
    support: { ...field('loadBalancerId', text), isServed: false },
  },
  'force-override-listeners': {
    meaning: 'Whether listeners of an existing load balancer are taken over',
    allowed: 'left out',
    isDefault: isNot('true'),
    needs: { name: 'id', isMet: isPresent },
  },
  name: {
    meaning: "The load balancer's name",
    allowed: 'a letter and up to 79 letters, digits, dots, dashes and underscores',
    support: field('name', text),
  },
  'address-type': {
    meaning: 'Whether the load balancer has a public or a private address',
    allowed: '"internet" or "intranet"',
    support: field('addressType', word({ internet: 'Internet', intranet: 'Intranet' })),
  },
  'network-type': {
    meaning: 'The network that the load balancer is in',
    allowed: '"vpc"',
    isDefault: isEmptyOr('vpc'),
  },
  'vswitch-id': {
    meaning: 'The vSwitch that a private address is taken from',
    allowed: 'the id of a vSwitch, of lower-case letters, digits and dashes',
    support: field('clb.vSwitchId', text),
  },
  ip: { meaning: 'The private address to take', allowed: 'left out' },
  'ip-version': {
    meaning: "The address family of the load balancer's address",
    allowed: '"ipv4"',
    isDefault: isEmptyOr('ipv4'),
  },
  'master-zoneid': {
    meaning: 'The primary zone',
    allowed: 'the id of a zone, of lower-case letters, digits and dashes',
    support: field('clb.masterZoneId', text),
  },
  'slave-zoneid': {
    meaning: 'The standby zone',
    allowed: 'the id of a zone, of lower-case letters, digits and dashes',
    support: field('clb.slaveZoneId', text),
  },
  'resource-group-id': {
    meaning: 'The resource group that the load balancer is created in',
    allowed: 'the id of a resource group, of lower-case letters, digits and dashes',
    support: field('resourceGroupId', text),
  },
  spec: {
    meaning: 'The specification of a load balancer that is charged by specification',
    allowed:
      'one of slb.s1.small, slb.s2.small, slb.s2.medium, slb.s3.small, slb.s3.medium, slb.s3.large',
    support: field('clb.spec', text),
  },
  'instance-charge-type': {
    meaning: 'Whether the load balancer is charged by use or by specification',
    allowed: '"PayByCLCU" or "PayBySpec"',
    support: field(
      'clb.instanceChargeType',
      word({ paybyclcu: 'PayByCLCU', paybyspec: 'PayBySpec' }),
    ),
  },
  'charge-type': {
    meaning: 'How the traffic of a public address is charged',
    allowed: '"paybytraffic" or "paybybandwidth"',
    support: field(
      'clb.internetChargeType',
      word({ paybytraffic: 'PayByTraffic', paybybandwidth: 'PayByBandwidth' }),
    ),
  },
  bandwidth: {
    meaning: 'The peak bandwidth of a public address, in Mbit/s',
    allowed: 'a whole number from 1 to 5120',
    isDefault: isEmptyOr('0'),
    needs: {
      name: 'charge-type',
      isMet: (value) => value.trim().toLowerCase() === 'paybybandwidth',
    },
    support: field('clb.bandwidthMbps', integer),
  },
  'delete-protection': {
    meaning:
      'Whether the load balancer is protected from deletion; "on" is lifted right before the operator deletes it',
    allowed: ON_OR_OFF,
    isDefault: isEmptyOr('on'),
    support: field('clb.deletionProtection', word({ off: 'Off' })),
  },
  'modification-protection': {
    meaning: 'Whether the load balancer is protected from changes in the console',
    allowed: '"ConsoleProtection" or "NonProtection"',
    isDefault: isEmptyOr('consoleprotection'),
    support: field('clb.modificationProtection', word({ nonprotection: 'Off' })),
  },
  'additional-resource-tags': {
    meaning: 'Further tags of the load balancer',
    allowed:
      'pairs such as "key=value,other=" of at most 14 tags, with keys of up to 64 and values of up to 128 characters',
    support: { kind: 'tags' },
  },
  'external-ip-type': {
    meaning: 'Which address is published in the status of the Service',
    allowed: 'left out',
    isDefault: (value) => value !== 'eip',
  },
  hostname: {
    meaning: 'A name to publish in the status of the Service instead of the address',
    allowed: 'a DNS name of lower-case letters, digits, dashes and dots that is no address',
    support: { kind: 'service', isValid: isHostname },
  },
  'preserve-lb-on-delete': {
    meaning:
      'Whether the load balancer stays when the Service goes; any value that is not empty says yes',
    allowed: 'any text',
    support: field('deletionPolicy', () => 'Retain'),
  },

  // Listeners.
  'protocol-port': {
    meaning: 'The protocols of listeners, by port',
    allowed: 'pairs such as "tcp:80,udp:53" with the protocol that the port of the Service has',
    guardsAccess: true,
    support: { kind: 'protocols' },
  },
  'forward-port': {
    meaning: 'Redirections from HTTP to HTTPS listeners',
    allowed: 'left out',
    concerns: 'HTTP',
  },
  scheduler: {
    meaning: 'How connections are spread over the backends',
    allowed: '"rr", "wrr", "wlc", "sch" or "tch", or "qch" for UDP ports',
    support: listenerField('clb.scheduler', BOTH, (value) => value.trim().toLowerCase()),
  },
  'cert-id': {
    meaning: 'The certificate of HTTPS listeners',
    allowed: 'left out',
    concerns: 'HTTP',
    guardsAccess: true,
  },
  'domain-extensions': {
    meaning: 'Further certificates of HTTPS listeners, by domain',
    allowed: 'left out',
    concerns: 'HTTP',
    guardsAccess: true,
  },
  'tls-cipher-policy': {
    meaning: 'The TLS versions and ciphers of HTTPS listeners',
    allowed: 'left out',
    concerns: 'HTTP',
    guardsAccess: true,
  },
  'http2-enabled': {
    meaning: 'Whether HTTPS listeners speak HTTP/2',
    allowed: '"on"',
    isDefault: isEmptyOr('on'),
    concerns: 'HTTP',
  },
  'acl-status': {
    meaning: 'Whether an access control list decides who may connect',
    allowed: '"off"',
    isDefault: isEmptyOr('off'),
    guardsAccess: true,
  },
  'acl-id': {
    meaning: 'The access control lists of the listeners',
    allowed: 'left out',
    guardsAccess: true,
    needs: { name: 'acl-status', isMet: (value) => value.trim().toLowerCase() !== 'off' },
  },
  'acl-type': {
    meaning: 'Whether the access control lists let in or keep out',
    allowed: 'left out',
    guardsAccess: true,
    needs: { name: 'acl-status', isMet: (value) => value.trim().toLowerCase() !== 'off' },
  },
  'persistence-timeout': {
    meaning: 'How long the connections of one client go to one backend, in seconds',
    allowed: 'a whole number from 0 to 3600',
    support: listenerField('clb.persistenceTimeoutSeconds', ['TCP'], integer),
  },
  'established-timeout': {
    meaning: 'How long an idle connection is kept, in seconds',
    allowed: 'a whole number from 10 to 900',
    isDefault: isEmptyOr('0'),
    support: listenerField('clb.establishedTimeoutSeconds', ['TCP'], integer),
  },
  'idle-timeout': {
    meaning: 'How long an idle HTTP connection is kept, in seconds',
    allowed: 'left out',
    isDefault: isEmptyOr('0'),
    concerns: 'HTTP',
  },
  'request-timeout': {
    meaning: 'How long an HTTP request may take, in seconds',
    allowed: 'left out',
    isDefault: isEmptyOr('0'),
    concerns: 'HTTP',
  },
  'connection-drain': {
    meaning: 'Whether a backend that leaves keeps its connections for a while',
    allowed: '"off"',
    isDefault: isEmptyOr('off'),
  },
  'connection-drain-timeout': {
    meaning: 'How long a backend that leaves keeps its connections, in seconds',
    allowed: 'left out',
    isDefault: isEmptyOr('0'),
    needs: { name: 'connection-drain', isMet: isOn },
  },
  'proxy-protocol': {
    meaning: 'Whether backends are told the client by PROXY protocol v2; only "on" says yes',
    allowed: '"off"',
    isDefault: isNot('on'),
  },
  'sticky-session': {
    meaning: 'Whether HTTP sessions stay with one backend',
    allowed: '"off"',
    isDefault: isEmptyOr('off'),
    concerns: 'HTTP',
  },
  'sticky-session-type': {
    meaning: 'How the cookie of an HTTP session is made',
    allowed: 'left out',
    concerns: 'HTTP',
    needs: { name: 'sticky-session', isMet: isOn },
  },
  'cookie-timeout': {
    meaning: 'How long the cookie of an HTTP session lives, in seconds',
    allowed: 'left out',
    isDefault: isEmptyOr('0'),
    concerns: 'HTTP',
    needs: { name: 'sticky-session', isMet: isOn },
  },
  cookie: {
    meaning: 'The name of the cookie of an HTTP session',
    allowed: 'left out',
    concerns: 'HTTP',
    needs: { name: 'sticky-session', isMet: isOn },
  },
  'xforwardedfor-proto': {
    meaning: 'Whether HTTP backends are told the protocol of the client',
    allowed: '"off"',
    isDefault: isEmptyOr('off'),
    concerns: 'HTTP',
  },
  'xforwardedfor-slbport': {
    meaning: 'Whether HTTP backends are told the port of the listener',
    allowed: '"off"',
    isDefault: isEmptyOr('off'),
    concerns: 'HTTP',
  },
  'xforwardedfor-clientsrcport': {
    meaning: 'Whether HTTP backends are told the port of the client',
    allowed: '"off"',
    isDefault: isEmptyOr('off'),
    concerns: 'HTTP',
  },
  'health-check-flag': {
    meaning: 'Whether HTTP listeners check their backends; without effect on TCP and UDP listeners',
    allowed: ON_OR_OFF,
    support: { kind: 'accepted', isValid: isOnOrOff },
  },
  'health-check-type': {
    meaning: 'Whether TCP listeners check by connecting or by asking for a path',
    allowed: '"tcp" or "http"',
    support: listenerField('healthCheck.mode', ['TCP'], word({ tcp: 'TCP', http: 'HTTP' })),
  },
  // After the type, because "off" wins over it.
  'health-check-switch': {
    meaning: 'Whether TCP and UDP listeners check their backends',
    allowed: ON_OR_OFF,
    isDefault: isEmptyOr('on'),
    support: listenerField('healthCheck.mode', BOTH, word({ off: 'Off' })),
  },
  'health-check-uri': {
    meaning: 'The path that HTTP checks ask for',
    allowed: 'a path of up to 80 characters that starts with "/"',
    support: listenerField('healthCheck.path', ['TCP'], text),
  },
  'health-check-domain': {
    meaning: "The Host header of HTTP checks; $_ip is the backend's address",
    allowed: 'a name of up to 80 characters',
    support: listenerField('healthCheck.domain', ['TCP'], text),
  },
  'health-check-httpcode': {
    meaning: 'The classes of HTTP answers that count as healthy',
    allowed: 'a list of http_2xx, http_3xx, http_4xx and http_5xx, with commas between them',
    support: listenerField('healthCheck.httpCodes', ['TCP'], list),
  },
  'health-check-method': {
    meaning: 'The method of HTTP checks of HTTP listeners',
    allowed: 'left out',
    concerns: 'HTTP',
  },
  'health-check-connect-port': {
    meaning: "The port that is checked; the backend's own port by default",
    allowed: 'a whole number from 1 to 65535',
    // The cloud's own spelling of "the backend's port".
    isDefault: isEmptyOr('0', '-520'),
    support: listenerField('healthCheck.port', BOTH, integer),
  },
  'healthy-threshold': {
    meaning: 'How many good checks in a row make a backend healthy',
    allowed: 'a whole number from 2 to 10',
    isDefault: isEmptyOr('0'),
    support: listenerField('healthCheck.healthyThreshold', BOTH, integer),
  },
  'unhealthy-threshold': {
    meaning: 'How many bad checks in a row make a backend unhealthy',
    allowed: 'a whole number from 2 to 10',
    isDefault: isEmptyOr('0'),
    support: listenerField('healthCheck.unhealthyThreshold', BOTH, integer),
  },
  'health-check-interval': {
    meaning: 'The time between two checks, in seconds',
    allowed: 'a whole number from 1 to 50',
    isDefault: isEmptyOr('0'),
    support: listenerField('healthCheck.intervalSeconds', BOTH, integer),
  },
  'health-check-connect-timeout': {
    meaning: 'How long one check of a TCP or UDP listener waits, in seconds',
    allowed: 'a whole number from 1 to 300',
    isDefault: isEmptyOr('0'),
    support: listenerField('healthCheck.timeoutSeconds', BOTH, integer),
  },
  'health-check-timeout': {
    meaning: 'How long one check of an HTTP listener waits, in seconds',
    allowed: 'left out',
    isDefault: isEmptyOr('0'),
    concerns: 'HTTP',
  },

  // Backends.
  'backend-label': {
    meaning: 'The labels that a node must carry to be registered',
    allowed: 'left out',
  },
  'remove-unscheduled-backend': {
    meaning: 'Whether nodes that take no new pods are taken out; only "on" says yes',
    allowed: '"off"',
    isDefault: isNot('on'),
  },
  'vgroup-port': {
    meaning: 'Existing server groups to use, by port',
    allowed: 'left out',
    needs: { name: 'id', isMet: isPresent },
  },
  weight: {
    meaning: 'The total weight of the backends in an existing server group',
    allowed: 'left out',
    needs: { name: 'id', isMet: isPresent },
  },
  'default-weight': {
    meaning: 'The weight of each backend',
    allowed: '"100"',
    isDefault: isEmptyOr('100'),
  },
  'ignore-weight-update': {
    meaning: 'Whether weights that a person has changed stay; only "on" says yes',
    allowed: '"off"',
    isDefault: (value) => !isOn(value),
  },
  'backend-ip-version': {
    meaning: "The address family of the backends' addresses",
    allowed: '"ipv4"',
    isDefault: isEmptyOr('ipv4'),
  },

  // Network load balancers only; a CLB load balancer has nothing of the kind.
  'zone-maps': nlb('The zones and vSwitches of a network load balancer'),
  'ipv6-address-type': nlb('Whether IPv6 addresses are public or private'),
  'security-group-ids': {
    ...nlb('The security groups that decide who may connect'),
    guardsAccess: true,
  },
  'bandwidth-package-id': nlb('The shared bandwidth of the addresses'),
  'cross-zone-enabled': nlb('Whether traffic crosses zones'),
  'listener-port-range': nlb('Ranges of ports that one listener serves'),
  'ppv2-pvl-ep-id-enabled': nlb('Whether PROXY protocol tells the PrivateLink endpoint'),
  'ppv2-pvl-eps-id-enabled': nlb('Whether PROXY protocol tells the PrivateLink endpoint service'),
  'ppv2-pvl-vpc-id-enabled': nlb('Whether PROXY protocol tells the VPC of a PrivateLink client'),
  cps: nlb('How many connections a second a listener takes'),
  'cacert-id': {
    ...nlb('The certificate authorities that client certificates must come from'),
    guardsAccess: true,
  },
  cacert: {
    ...nlb('Whether clients must show a certificate'),
    guardsAccess: true,
    isDefault: isEmptyOr('off'),
  },
  alpn: nlb('Whether the application protocol is negotiated'),
  'alpn-policy': nlb('Which application protocols are negotiated'),
  'additional-cert-ids': {
    ...nlb('Further certificates of TLS listeners'),
    guardsAccess: true,
  },
  'server-group-type': nlb('Whether server groups hold instances or addresses'),
  'preserve-client-ip': nlb("Whether backends see the client's address"),
};

function nlb(meaning: string): Draft {
  return { meaning, allowed: 'left out', concerns: 'NLB', isDefault: isEmptyOr('off') };
}

/** The annotations that are read under one literal key. */
const LITERAL: Readonly<Record<string, Draft>> = {
  'service.beta.kubernetes.io/backend-type': {
    meaning: 'Whether pods are registered directly; only "eni" says yes',
    allowed: 'left out',
    isDefault: isNot('eni'),
  },
  [SOURCE_RANGES_ANNOTATION]: {
    meaning: 'The client networks that may connect, where spec.loadBalancerSourceRanges is empty',
    allowed: 'a list of networks such as "10.0.0.0/8,192.168.1.0/24"',
    guardsAccess: true,
    support: { kind: 'sourceRanges' },
  },
  [IP_MODE_ANNOTATION]: {
    meaning:
      'The ipMode of the published address: VIP lets nodes answer traffic to it themselves, Proxy sends it through the load balancer',
    allowed: '"VIP" or "Proxy"',
    support: { kind: 'service', isValid: (value) => ['VIP', 'Proxy'].includes(value) },
  },
  ...Object.fromEntries(
    OPT_OUT_ANNOTATIONS.map(({ key, when, isOptOut }): [string, Draft] => [
      key,
      {
        meaning: `Asks this controller not to serve the Service: ${when}`,
        allowed: 'left out',
        isDefault: (value) => !isOptOut(value),
        support: { kind: 'optOut' },
      },
    ]),
  ),
};

/**
 * Every annotation of a Service that this operator or the Go CCM reads.
 *
 * Shape: a later entry wins where two write one field.
 */
export const ANNOTATIONS: readonly AnnotationEntry[] = [
  ...Object.entries(PREFIXED).map(([name, draft]) =>
    entry(
      name,
      ANNOTATION_PREFIXES.map((prefix) => `${prefix}-loadbalancer-${name}`),
      draft,
    ),
  ),
  ...Object.entries(LITERAL).map(([key, draft]) => entry(key, [key], draft)),
];

/** Keys that the Go CCM's documentation names and that no program reads, with the ones that are read. */
export const MISSPELLED_ANNOTATIONS: Readonly<Record<string, string>> = {
  'slb-network-type': 'network-type',
  'persistence-time': 'persistence-timeout',
};

/** Finds the key of an annotation that counts on a Service, and its value. */
export function findAnnotation(
  annotations: Readonly<Record<string, string>>,
  keys: readonly string[],
): { readonly key: string; readonly value: string } | undefined {
  for (const key of keys) {
    const value = annotations[key];
    if (value !== undefined) return { key, value };
  }
  return undefined;
}

/** Lists the keys under the prefixes of the Go CCM or our own that nothing reads, sorted. */
export function unknownAnnotations(annotations: Readonly<Record<string, string>>): string[] {
  const known = new Set(ANNOTATIONS.flatMap(({ keys }) => keys));
  const prefixes = [...ANNOTATION_PREFIXES.map((prefix) => `${prefix}-`), `${API_GROUP}/`];
  return Object.keys(annotations)
    .filter((key) => prefixes.some((prefix) => key.startsWith(prefix)) && !known.has(key))
    .sort();
}

function entry(name: string, keys: readonly string[], draft: Draft): AnnotationEntry {
  return {
    name,
    keys,
    concerns: 'CLB',
    guardsAccess: false,
    isDefault: isEmpty,
    support: { kind: 'notSupported' },
    ...draft,
  };
}

function isHostname(value: string): boolean {
  const label = '[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?';
  const isName = new RegExp(`^${label}(\\.${label})*$`).test(value) && value.length <= 253;
  return isName && !/^[0-9.]+$/.test(value);
}
