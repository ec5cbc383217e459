/** A request as it came over the wire, or as an in-process caller would put it there. */
export interface WireRequest {
  readonly method: string;
  /** The request target: a path with query, or an absolute URI. */
  readonly target: string;
  /** Lower-case names; a header that came several times has its values joined. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Aborted when the caller closes the connection before the answer. */
  readonly gone?: AbortSignal;
}

/** What goes back over the wire; `cut` breaks the connection instead of answering. */
export type WireAnswer =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
    }
  | { readonly kind: 'cut' };

/** The parts of a request that the RPC wire format gives a meaning. */
export interface WireParameters {
  readonly path: string;
  /** Every pair of the query, decoded, in order. */
  readonly query: readonly (readonly [string, string])[];
  /** Every pair of a form body, decoded, in order. */
  readonly form: readonly (readonly [string, string])[];
}

/** Takes a request target and a form body apart. */
export function readWireParameters(request: WireRequest): WireParameters {
  const url = new URL(request.target, 'http://localhost');
  const isForm = /^application\/x-www-form-urlencoded/i.test(request.headers['content-type'] ?? '');
  const body = isForm ? Buffer.from(request.body).toString('utf8') : '';
  return {
    path: url.pathname,
    query: [...url.searchParams],
    form: [...new URLSearchParams(body)],
  };
}
