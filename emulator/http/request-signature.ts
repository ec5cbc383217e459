import { createHash, createHmac } from 'node:crypto';
import type { WireParameters, WireRequest } from './wire-message.ts';

/** The V3 signature that a request carries in its `Authorization` header. */
export interface HeaderSignature {
  readonly accessKeyId: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

const V3_ALGORITHM = 'ACS3-HMAC-SHA256';
const V1_HASHES: Readonly<Record<string, string>> = {
  'HMAC-SHA1': 'sha1',
  'HMAC-SHA256': 'sha256',
};

/** Reads a V3 `Authorization` header; undefined when it is not one. */
export function parseAuthorization(header: string): HeaderSignature | undefined {
  const [algorithm, ...rest] = header.trim().split(/\s+/);
  if (algorithm !== V3_ALGORITHM) return undefined;
  const parts = new Map(
    rest
      .join('')
      .split(',')
      .map((part) => {
        const at = part.indexOf('=');
        return [part.slice(0, at), part.slice(at + 1)] as const;
      }),
  );
  const accessKeyId = parts.get('Credential');
  const signedHeaders = parts.get('SignedHeaders');
  const signature = parts.get('Signature');
  if (!accessKeyId || !signedHeaders || !signature) return undefined;
  return { accessKeyId, signedHeaders: signedHeaders.split(';'), signature };
}

/**
 * Tells whether a V3 signature is right, over whichever headers the caller signed.
 *
 * Source: ACS3-HMAC-SHA256; some clients encode the names in the canonical query, some do not,
 *   so both are right.
 */
export function isHeaderSignatureRight(
  request: WireRequest,
  parameters: WireParameters,
  signature: HeaderSignature,
  secret: string,
): boolean {
  const bodyHash = createHash('sha256').update(request.body).digest('hex');
  const stated = request.headers['x-acs-content-sha256'];
  if (stated !== undefined && stated !== bodyHash) return false;
  const canonicalHeaders = signature.signedHeaders
    .map((name) => `${name}:${(request.headers[name.toLowerCase()] ?? '').trim()}\n`)
    .join('');
  return [percentEncode, (name: string) => name].some((encodeName) => {
    const query = [...parameters.query]
      .sort(([a], [b]) => compareBytes(a, b))
      .map(([name, value]) => `${encodeName(name)}=${percentEncode(value)}`)
      .join('&');
    const canonical = [
      request.method,
      parameters.path,
      query,
      canonicalHeaders,
      signature.signedHeaders.join(';'),
      bodyHash,
    ].join('\n');
    const hashed = createHash('sha256').update(canonical).digest('hex');
    const right = createHmac('sha256', secret).update(`${V3_ALGORITHM}\n${hashed}`).digest('hex');
    return right === signature.signature.toLowerCase();
  });
}

/** The text that a V1 caller signs: method, path and all parameters but the signature. */
export function v1StringToSign(method: string, parameters: WireParameters): string {
  const canonical = [...parameters.query, ...parameters.form]
    .filter(([name]) => name !== 'Signature')
    .sort(([a], [b]) => compareBytes(a, b))
    .map(([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`)
    .join('&');
  return `${method}&${percentEncode('/')}&${percentEncode(canonical)}`;
}

/** Signs as V1 does; undefined for a method that V1 does not have. */
export function v1Signature(
  stringToSign: string,
  secret: string,
  signatureMethod: string,
): string | undefined {
  const hash = V1_HASHES[signatureMethod.toUpperCase()];
  if (hash === undefined) return undefined;
  return createHmac(hash, `${secret}&`).update(stringToSign).digest('base64');
}

/** Percent-encodes as RFC 3986 does. */
function percentEncode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function compareBytes(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
