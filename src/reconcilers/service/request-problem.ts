/**
 * What is wrong with one setting that a Service asks for.
 *
 * Shape: `Invalid` and `NotSupported` are refused, the last good value stays and the object is not
 *   Accepted; `Unknown` (a key that nobody reads) and `Adjusted` (served otherwise than asked, or
 *   without effect) are only warned of.
 */
export type RequestProblemKind = 'Invalid' | 'NotSupported' | 'Unknown' | 'Adjusted';

/** One setting of a Service that cannot be served as asked. */
export interface RequestProblem {
  readonly kind: RequestProblemKind;
  /** The annotation's key, or the path of the Service's field. */
  readonly source: string;
  /** What was asked, cut to a length that fits a message. */
  readonly value: string;
  /** A whole sentence: the source, the value, and what is allowed or what to do. */
  readonly message: string;
  /** Whether it guards who may connect, so that no new listener opens without it. */
  readonly guardsAccess: boolean;
  /** The port concerned; absent when it concerns all of them. */
  readonly port?: { readonly transport: string; readonly port: number };
  /** Why that port cannot be served at all; absent when only the setting is left out. */
  readonly notServed?: 'Protocol' | 'NodePort' | 'Limit';
  /**
   * The path in the AlibabaLoadBalancer that carries the same wish, so that it is said once, for
   * example `spec.listeners[TCP:80].backend.servicePort`.
   */
  readonly specPath?: string;
}

/** Tells whether a problem is a refusal, which makes the object not Accepted, or only a warning. */
export function isRefusal(problem: RequestProblem): boolean {
  return problem.kind === 'Invalid' || problem.kind === 'NotSupported';
}

/** Cuts a value from outside to a length that fits a message, without control characters. */
export function quotable(value: string): string {
  const printable = value.replace(/\p{Cc}+/gu, ' ');
  return printable.length <= 64 ? printable : `${printable.slice(0, 63)}…`;
}
