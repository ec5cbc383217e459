import type { LoadBalancerResource, Service, ServicePort } from '../kubernetes-objects.ts';
import { isTagKeyAllowed } from '../load-balancer/load-balancer-names.ts';
import type { AlibabaLoadBalancerSpec } from '../load-balancer/load-balancer-resource.generated.ts';
import {
  ANNOTATIONS,
  findAnnotation,
  MISSPELLED_ANNOTATIONS,
  SOURCE_RANGES_ANNOTATION,
  unknownAnnotations,
  type AnnotationEntry,
  type FieldTarget,
} from './annotation-table.ts';
import { formatFieldPath, valueAtPath, type FieldPath } from './field-path.ts';
import { quotable, type RequestProblem } from './request-problem.ts';
import { canonicalAddress, parseSourceRanges } from './source-ranges.ts';
import { isAllowedValue } from './spec-judge.ts';

type ListenerSpec = NonNullable<AlibabaLoadBalancerSpec['listeners']>[number];
type Tag = NonNullable<AlibabaLoadBalancerSpec['tags']>[number];
type Transport = 'TCP' | 'UDP';

/** What is known of the AlibabaLoadBalancer while its spec is generated; both may be missing. */
export type LiveLoadBalancer = Pick<LoadBalancerResource, 'spec' | 'status'>;

/** What a Service asks of its AlibabaLoadBalancer. */
export interface DesiredSpec {
  readonly spec: AlibabaLoadBalancerSpec;
  /**
   * Which annotation or field of the Service asks for a field of the spec, by the field's path
   * without the keys of lists, for example `.spec.listeners.clb.scheduler`.
   */
  readonly origins: ReadonlyMap<string, string>;
  /** Sorted by source and port, so that texts made of them are the same on every pass. */
  readonly problems: readonly RequestProblem[];
}

/** The most listeners that an AlibabaLoadBalancer has. */
const MAX_LISTENERS = 50;

/** The most further tags that an AlibabaLoadBalancer has. */
const MAX_TAGS = 14;

/** The longest time that the cloud keeps the connections of a client with one backend. */
const MAX_PERSISTENCE_SECONDS = 3600;

/** The only scheduler that keeps a UDP client with one backend. */
const SOURCE_HASH = 'sch';

/**
 * Generates the spec of an AlibabaLoadBalancer from its Service.
 *
 * Shape: only what the Service says; unset means the default. A setting that cannot be served keeps
 *   the value that `live` has, unless a person owns that. Listeners are in the order of the ports.
 */
export function desiredSpec(service: Service, live?: LiveLoadBalancer): DesiredSpec {
  const draft = new SpecDraft(service, live);
  draft.addListeners();
  for (const entry of ANNOTATIONS) draft.addAnnotation(entry);
  draft.addSessionAffinity();
  draft.addSourceRanges();
  draft.addAddressFamilies();
  draft.warnOfLoadBalancerIp();
  draft.warnOfUnknownAnnotations();
  return draft.finish();
}

/**
 * Lists what a Service asks for and does not get, for the conditions of its AlibabaLoadBalancer.
 *
 * Shape: as `DesiredSpec.problems`; `live` is needed to tell whether a requested address is met.
 */
export function serviceRequestProblems(
  service: Service,
  live?: LiveLoadBalancer,
): readonly RequestProblem[] {
  return desiredSpec(service, live).problems;
}

/** Names a port of a Service by its path, as messages and problems do. */
export function servicePortPath(port: ServicePort): string {
  return `spec.ports[${port.port}/${port.protocol}]`;
}

/** A plain object that is still being filled. */
type Members = Record<string, unknown>;

/** One generation: collects fields, where they come from, and what is wrong. */
class SpecDraft {
  readonly #service: Service;
  readonly #live: LiveLoadBalancer | undefined;
  readonly #overridden: ReadonlySet<string>;
  readonly #spec: Members;
  readonly #listeners: { readonly listener: ListenerSpec; readonly transport: Transport }[] = [];
  readonly #origins = new Map<string, string>();
  readonly #problems: RequestProblem[] = [];
  /** The ports that `protocol-port` makes HTTP or HTTPS. */
  readonly #httpPorts: ServicePort[] = [];

  constructor(service: Service, live: LiveLoadBalancer | undefined) {
    this.#service = service;
    this.#live = live;
    this.#overridden = new Set((live?.status.overriddenFields ?? []).map(({ path }) => path));
    this.#spec = { type: 'CLB', serviceRef: { name: service.metadata.name } };
    this.#readProtocols();
  }

  finish(): DesiredSpec {
    const listeners = this.#listeners.map(({ listener }) => listener);
    return {
      spec: { ...this.#spec, listeners } as unknown as AlibabaLoadBalancerSpec,
      origins: this.#origins,
      problems: this.#problems.toSorted(
        (a, b) => compare(a.source, b.source) || compare(a.message, b.message),
      ),
    };
  }

  /** Adds one listener for each port that a CLB load balancer can serve. */
  addListeners(): void {
    for (const port of this.#service.spec.ports) {
      const source = servicePortPath(port);
      const at = { transport: port.protocol, port: port.port };
      if (!isTransport(port.protocol)) {
        this.#problem({
          kind: 'NotSupported',
          source,
          value: port.protocol,
          message: `Port ${port.port} has protocol "${quotable(port.protocol)}", which a CLB load balancer cannot serve: use TCP or UDP; the other ports go on`,
          port: at,
          notServed: 'Protocol',
        });
        continue;
      }
      if (this.#listeners.length === MAX_LISTENERS) {
        this.#problem({
          kind: 'NotSupported',
          source,
          value: String(port.port),
          message: `Port ${port.port}/${port.protocol} is beyond the ${MAX_LISTENERS} listeners of one load balancer: move it to another Service`,
          port: at,
          notServed: 'Limit',
        });
        continue;
      }
      if (port.nodePort === 0) {
        this.#problem({
          kind: 'Invalid',
          source: `${source}.nodePort`,
          value: '',
          message: `Port ${port.port}/${port.protocol} has no node port, so no node can be registered: set spec.allocateLoadBalancerNodePorts to true, or give the port a nodePort`,
          port: at,
          notServed: 'NodePort',
          specPath: `spec.listeners[${port.protocol}:${port.port}].backend.servicePort`,
        });
      }
      this.#listeners.push({
        transport: port.protocol,
        listener: {
          transport: port.protocol,
          port: port.port,
          backend: { servicePort: port.port },
        },
      });
    }
  }

  addAnnotation(entry: AnnotationEntry): void {
    const found = findAnnotation(this.#service.metadata.annotations, entry.keys);
    if (found === undefined || entry.isDefault(found.value) || this.#isIdle(entry, found)) return;
    const { key, value } = found;
    const { support } = entry;
    switch (support.kind) {
      case 'field': {
        const read = support.read(value);
        if (read !== undefined && isAllowedValue(schemaPath(support.target), read)) {
          this.#set(support.target, read, key);
          if (support.isServed === false) {
            this.#notSupported(entry, key, value, `spec.${support.target.path.join('.')}`);
          }
        } else {
          this.#invalid(entry, key, value);
          this.#keepLastGood(support.target, key);
        }
        return;
      }
      case 'tags':
        this.#addTags(entry, key, value);
        return;
      case 'service':
      case 'accepted':
        if (!support.isValid(value)) this.#invalid(entry, key, value);
        return;
      case 'notSupported':
        this.#notSupported(entry, key, value);
        return;
      // Read before the listeners are made, with the source ranges, and by the claim.
      case 'protocols':
      case 'sourceRanges':
      case 'optOut':
        return;
    }
  }

  /** Keeps the connections of one client with one backend, as far as each transport can. */
  addSessionAffinity(): void {
    const { sessionAffinity, sessionAffinityTimeoutSeconds } = this.#service.spec;
    if (sessionAffinity !== 'ClientIP') return;
    const source = 'spec.sessionAffinity';
    const seconds = Math.min(sessionAffinityTimeoutSeconds, MAX_PERSISTENCE_SECONDS);
    let isClamped = false;
    for (const { listener, transport } of this.#listeners) {
      const clb = { ...listener.clb };
      if (transport === 'TCP') {
        // An annotation is more particular than the field that every provider has.
        if (clb.persistenceTimeoutSeconds !== undefined) continue;
        isClamped = seconds < sessionAffinityTimeoutSeconds;
        clb.persistenceTimeoutSeconds = seconds;
        this.#origins.set('.spec.listeners.clb.persistenceTimeoutSeconds', source);
      } else if (clb.scheduler === undefined) {
        clb.scheduler = SOURCE_HASH;
        if (!this.#origins.has('.spec.listeners.clb.scheduler')) {
          this.#origins.set('.spec.listeners.clb.scheduler', source);
        }
      } else if (clb.scheduler !== SOURCE_HASH) {
        this.#problem({
          kind: 'NotSupported',
          source,
          value: sessionAffinity,
          message: `UDP port ${listener.port} keeps no client with one backend while its scheduler is "${clb.scheduler}": use scheduler "${SOURCE_HASH}", or sessionAffinity None`,
          port: { transport, port: listener.port },
        });
      }
      listener.clb = clb;
    }
    if (isClamped) {
      this.#problem({
        kind: 'Adjusted',
        source: 'spec.sessionAffinityConfig.clientIP.timeoutSeconds',
        value: String(sessionAffinityTimeoutSeconds),
        message: `Session affinity lasts ${MAX_PERSISTENCE_SECONDS} seconds, the longest that the cloud offers, instead of ${sessionAffinityTimeoutSeconds}`,
      });
    }
  }

  /** Reads which clients may connect; the field counts before the annotation. */
  addSourceRanges(): void {
    const { loadBalancerSourceRanges } = this.#service.spec;
    const annotation = this.#service.metadata.annotations[SOURCE_RANGES_ANNOTATION] ?? '';
    const isField = loadBalancerSourceRanges.length > 0;
    if (!isField && annotation.trim() === '') return;
    const source = isField ? 'spec.loadBalancerSourceRanges' : SOURCE_RANGES_ANNOTATION;
    const entries = isField ? loadBalancerSourceRanges : annotation.split(',');
    const target = { scope: 'loadBalancer', path: ['sourceRanges'] } as const;
    const common = { source, specPath: 'spec.sourceRanges', guardsAccess: true };

    const read = parseSourceRanges(entries);
    if (read.kind === 'invalid' || !isAllowedValue(target.path, read.ranges)) {
      const entry = read.kind === 'invalid' ? read.entry : entries.join(',');
      this.#problem({
        ...common,
        kind: 'Invalid',
        value: entry,
        message: `${source} has "${quotable(entry)}": must be networks such as 10.0.0.0/8, at most 300; the last good value stays and no new listener opens`,
      });
      this.#keepLastGood(target, source);
      return;
    }
    for (const { from, to } of read.adjusted) {
      this.#problem({
        kind: 'Adjusted',
        source,
        value: from,
        message: `${source} has "${quotable(from)}", which is read as ${to}`,
      });
    }
    if (read.ranges.length === 0) return;
    this.#set(target, read.ranges, source);
    this.#problem({
      ...common,
      kind: 'NotSupported',
      value: read.ranges.join(','),
      message: `${source} restricts client networks, which this version does not support, so no new listener opens: remove it`,
    });
  }

  /** Says what the Service asks of address families beyond IPv4. */
  addAddressFamilies(): void {
    const { ipFamilies, ipFamilyPolicy } = this.#service.spec;
    if (!ipFamilies.includes('IPv6')) return;
    const source = 'spec.ipFamilies';
    const value = ipFamilies.join(',');
    if (ipFamilies[0] === 'IPv4' && ipFamilyPolicy !== 'RequireDualStack') {
      this.#problem({
        kind: 'Adjusted',
        source,
        value,
        message: 'A CLB load balancer has one address family: only IPv4 is served',
      });
      return;
    }
    this.#set({ scope: 'loadBalancer', path: ['ipFamilies'] }, ipFamilies, source);
    this.#problem({
      kind: 'NotSupported',
      source,
      value,
      message: `${source} asks for ${value}; this version serves IPv4 only: use ipFamilies [IPv4], or ipFamilyPolicy PreferDualStack with IPv4 first`,
      specPath: 'spec.ipFamilies',
    });
  }

  /** `loadBalancerIP` cannot be asked of the cloud; it is right when the address is that one. */
  warnOfLoadBalancerIp(): void {
    const asked = this.#service.spec.loadBalancerIP ?? '';
    if (asked === '') return;
    const addresses = (this.#live?.status.addresses ?? []).map(({ ip }) => canonicalAddress(ip));
    const canonical = canonicalAddress(asked);
    if (canonical !== undefined && addresses.includes(canonical)) return;
    this.#problem({
      kind: 'NotSupported',
      source: 'spec.loadBalancerIP',
      value: asked,
      message: `spec.loadBalancerIP asks for address "${quotable(asked)}", which this version cannot request: remove it; the address is in the status`,
    });
  }

  warnOfUnknownAnnotations(): void {
    const { annotations } = this.#service.metadata;
    for (const key of unknownAnnotations(annotations)) {
      const suffix = key.split('-loadbalancer-')[1] ?? '';
      const meant = MISSPELLED_ANNOTATIONS[suffix];
      const hint = meant === undefined ? 'check its spelling' : `"…-loadbalancer-${meant}" is read`;
      this.#problem({
        kind: 'Unknown',
        source: key,
        value: annotations[key] ?? '',
        message: `Annotation "${key}" is not known and has no effect: ${hint}`,
      });
    }
  }

  /** Finds out which ports are not to be served as the Service's transport says. */
  #readProtocols(): void {
    const entry = ANNOTATIONS.find(({ support }) => support.kind === 'protocols');
    if (entry === undefined) return;
    const found = findAnnotation(this.#service.metadata.annotations, entry.keys);
    if (found === undefined || entry.isDefault(found.value)) return;
    const asked = parseProtocols(found.value);
    if (asked === undefined) {
      this.#invalid(entry, found.key, found.value);
      return;
    }
    for (const port of this.#service.spec.ports) {
      const protocols = asked.get(port.port) ?? [];
      // TCP and UDP of one number are two ports; each may have an entry of its own.
      if (protocols.includes(port.protocol)) continue;
      const [protocol] = protocols;
      if (protocol === undefined) continue;
      if (protocol.startsWith('HTTP')) this.#httpPorts.push(port);
      this.#problem({
        kind: 'NotSupported',
        source: found.key,
        value: found.value,
        message: `Annotation "${found.key}" asks for ${protocol} on port ${port.port}/${port.protocol}, which this version does not support, so no new listener opens there: remove it`,
        guardsAccess: true,
        port: { transport: port.protocol, port: port.port },
        notServed: 'Protocol',
      });
    }
  }

  /**
   * Tells whether an annotation has no effect on this Service, with a warning; one that guards
   * access counts all the same, unless what it needs says no.
   */
  #isIdle(
    entry: AnnotationEntry,
    found: { readonly key: string; readonly value: string },
  ): boolean {
    const reason = this.#idleReason(entry);
    if (reason === undefined) return false;
    this.#problem({
      kind: 'Adjusted',
      source: found.key,
      value: found.value,
      message: `Annotation "${found.key}" has no effect: ${reason}`,
    });
    return true;
  }

  #idleReason(entry: AnnotationEntry): string | undefined {
    const { needs } = entry;
    if (needs !== undefined) {
      const keys = ANNOTATIONS.find(({ name }) => name === needs.name)?.keys ?? [];
      const value = findAnnotation(this.#service.metadata.annotations, keys)?.value ?? '';
      if (!needs.isMet(value)) {
        return `it needs "${keys[0] ?? needs.name}", which ${value === '' ? 'is not set' : `is "${quotable(value)}"`}`;
      }
    }
    if (entry.guardsAccess) return undefined;
    if (entry.concerns === 'NLB') return 'only network load balancers (NLB) use it';
    if (entry.concerns === 'HTTP' && this.#httpPorts.length === 0) {
      return 'only HTTP and HTTPS listeners use it';
    }
    return undefined;
  }

  #addTags(entry: AnnotationEntry, key: string, value: string): void {
    const tags = parseTags(value);
    const refused = tags.filter((tag) => !isTagKeyAllowed(tag.key));
    for (const tag of refused) {
      this.#problem({
        kind: 'Invalid',
        source: key,
        value: tag.key,
        message: `Annotation "${key}" has tag key "${quotable(tag.key)}", which has a meaning to a controller or to the cloud: choose another key`,
      });
    }
    const allowed = tags.filter((tag) => !refused.includes(tag));
    const isFitting = allowed.every(
      (tag) =>
        isAllowedValue(['tags', 'key'], tag.key) && isAllowedValue(['tags', 'value'], tag.value),
    );
    const target = { scope: 'loadBalancer', path: ['tags'] } as const;
    if (isFitting && allowed.length <= MAX_TAGS) {
      if (allowed.length > 0) this.#set(target, allowed, key);
    } else {
      this.#invalid(entry, key, value);
      this.#keepLastGood(target, key);
    }
  }

  #set(target: FieldTarget, value: unknown, source: string): void {
    this.#origins.set(patternOf(target), source);
    if (target.scope === 'loadBalancer') {
      setMember(this.#spec, target.path, value);
      return;
    }
    for (const { listener, transport } of this.#listeners) {
      if (!target.transports.includes(transport)) continue;
      // qch spreads by the QUIC connection, which only UDP has.
      if (value === 'qch' && transport === 'TCP') {
        this.#problem({
          kind: 'Invalid',
          source,
          value,
          message: `Annotation "${source}" has value "qch", which is for UDP ports only: TCP port ${listener.port} keeps its scheduler`,
          port: { transport, port: listener.port },
        });
        this.#keepListener(listener, target, source);
        continue;
      }
      setMember(listener, target.path, value);
    }
  }

  #keepLastGood(target: FieldTarget, source: string): void {
    if (target.scope === 'loadBalancer') {
      const path = [{ field: 'spec' }, ...target.path.map((field) => ({ field }))];
      const value = this.#lastGood(path);
      if (value === undefined) return;
      this.#origins.set(patternOf(target), source);
      setMember(this.#spec, target.path, value);
      return;
    }
    for (const { listener, transport } of this.#listeners) {
      if (target.transports.includes(transport)) this.#keepListener(listener, target, source);
    }
  }

  #keepListener(listener: ListenerSpec, target: FieldTarget, source: string): void {
    const value = this.#lastGood(listenerPath(listener, target.path));
    if (value === undefined) return;
    this.#origins.set(patternOf(target), source);
    setMember(listener, target.path, value);
  }

  /** Finds the value in force, unless it is known to be a person's. */
  #lastGood(path: FieldPath): unknown {
    const isOverridden = this.#overridden.has(formatFieldPath(path));
    return isOverridden ? undefined : valueAtPath(this.#live, path);
  }

  #invalid(entry: AnnotationEntry, key: string, value: string): void {
    const closed = entry.guardsAccess ? ' and no new listener opens' : '';
    this.#problem({
      kind: 'Invalid',
      source: key,
      value,
      message: `Annotation "${key}" has value "${quotable(value)}": must be ${entry.allowed}; the last good value stays${closed}`,
      guardsAccess: entry.guardsAccess,
    });
  }

  #notSupported(entry: AnnotationEntry, key: string, value: string, specPath?: string): void {
    const closed = entry.guardsAccess ? ', so no new listener opens' : '';
    const isChoice = entry.support.kind === 'notSupported' && entry.allowed !== 'left out';
    const ask = isChoice ? `use ${entry.allowed} or remove it` : 'remove it';
    const problem = {
      kind: 'NotSupported',
      source: key,
      value,
      message: `Annotation "${key}" has value "${quotable(value)}", which this version does not support${closed}: ${ask}`,
      guardsAccess: entry.guardsAccess,
      ...(specPath === undefined ? {} : { specPath }),
    } as const;
    if (!entry.guardsAccess || entry.concerns !== 'HTTP' || this.#httpPorts.length === 0) {
      this.#problem(problem);
      return;
    }
    // What concerns HTTP and HTTPS holds back only the ports that are to speak it.
    for (const port of this.#httpPorts) {
      this.#problem({ ...problem, port: { transport: port.protocol, port: port.port } });
    }
  }

  #problem(
    problem: Omit<RequestProblem, 'guardsAccess'> & { readonly guardsAccess?: boolean },
  ): void {
    this.#problems.push({ guardsAccess: false, ...problem, value: quotable(problem.value) });
  }
}

/** Reads pairs of protocol and port, by port; `undefined` when one of them cannot be read. */
function parseProtocols(value: string): Map<number, string[]> | undefined {
  const protocols = new Map<number, string[]>();
  for (const pair of value.split(',')) {
    const [, protocol, port] = /^\s*(tcp|udp|http|https)\s*:\s*(\d{1,5})\s*$/i.exec(pair) ?? [];
    if (protocol === undefined) return undefined;
    const known = protocols.get(Number(port)) ?? [];
    protocols.set(Number(port), [...known, protocol.toUpperCase()]);
  }
  return protocols;
}

/**
 * Reads tags from `key=value,other=` pairs.
 *
 * Shape: in the order of keys; the last value of a key counts, and the value ends at a second `=`,
 *   as in the Go CCM.
 */
function parseTags(value: string): Required<Tag>[] {
  const tags = new Map<string, string>();
  for (const pair of value.split(',')) {
    const [key = '', text = ''] = pair.trim().split('=');
    if (key.trim() !== '') tags.set(key.trim(), text.trim());
  }
  return [...tags].sort(([a], [b]) => compare(a, b)).map(([key, text]) => ({ key, value: text }));
}

function schemaPath(target: FieldTarget): readonly string[] {
  return target.scope === 'listener' ? ['listeners', ...target.path] : target.path;
}

function patternOf(target: FieldTarget): string {
  return ['.spec', ...schemaPath(target)].join('.');
}

function listenerPath(
  at: { readonly transport: string; readonly port: number },
  path: readonly string[],
): FieldPath {
  return [
    { field: 'spec' },
    { field: 'listeners' },
    { key: { port: at.port, transport: at.transport } },
    ...path.map((field) => ({ field })),
  ];
}

function setMember(object: Members, path: readonly string[], value: unknown): void {
  const [name, ...rest] = path;
  if (name === undefined) return;
  if (rest.length === 0) {
    object[name] = value;
    return;
  }
  const member: Members = { ...(object[name] as Members | undefined) };
  setMember(member, rest, value);
  object[name] = member;
}

function isTransport(protocol: string): protocol is Transport {
  return protocol === 'TCP' || protocol === 'UDP';
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
