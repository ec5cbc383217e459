/** What a token of an identity provider says. */
export interface OidcClaims {
  readonly issuer: string;
  readonly subject: string;
  readonly audiences: readonly string[];
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** Reads a token; undefined for what is none. Its signature is not looked at. */
export function readOidcToken(token: string): OidcClaims | undefined {
  const parts = token.split('.');
  if (parts.length !== 3 || parts.some((part) => !/^[\w-]+$/.test(part))) return undefined;
  const claims = readJson(parts[1] ?? '');
  if (readJson(parts[0] ?? '') === undefined || claims === undefined) return undefined;
  const { iss, sub, aud, exp } = claims;
  const audiences = Array.isArray(aud) ? (aud as unknown[]) : [aud];
  if (typeof iss !== 'string' || typeof sub !== 'string' || typeof exp !== 'number') {
    return undefined;
  }
  return {
    issuer: iss,
    subject: sub,
    audiences: audiences.filter((audience) => typeof audience === 'string'),
    expiresAt: exp * 1000,
  };
}

function readJson(part: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return typeof parsed === 'object' && parsed !== null
      ? (parsed as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}
