import { describedTime } from '../answer-page.ts';
import type { AccessKey, OidcProvider, RamRole } from '../cloud-state.ts';
import type { Answer, OperationContext } from '../operation-context.ts';
import { readOidcToken, type OidcClaims } from './oidc-token.ts';

const MIN_SESSION_SECONDS = 900;
const DEFAULT_SESSION_SECONDS = 3600;
const SESSION_NAME = /^[\w.@-]{2,64}$/;
const INVALID = 'AuthenticationFail.OIDCToken.Invalid';
const EXPIRED = 'AuthenticationFail.OIDCToken.Expired';

/** Gives a signed caller temporary keys of a role. */
export function assumeRole(context: OperationContext): Answer {
  const { caller } = context;
  if (caller.roleName === undefined && caller.userName === undefined) {
    throw context.failure('NoPermission', 'Roles may not be assumed by root accounts.');
  }
  const role = requireRole(context);
  if (role.accountId !== caller.accountId) {
    throw context.failure(
      'NoPermission',
      'You are not authorized to do this action. You should be authorized by RAM.',
    );
  }
  return newSession(context, role);
}

/** Gives the holder of an identity provider's token temporary keys of a role. */
export function assumeRoleWithOidc(context: OperationContext): Answer {
  const provider = requireProvider(context);
  const claims = checkedClaims(context, provider);
  const role = requireRole(context);
  const isTrusted = role.trustedSubjects?.includes(claims.subject) ?? true;
  if (role.accountId !== provider.accountId || !isTrusted) {
    throw context.failure('AuthenticationFail.NoPermission', 'There is no permission');
  }
  return {
    ...newSession(context, role),
    OIDCTokenInfo: {
      Subject: claims.subject,
      Issuer: claims.issuer,
      ClientIds: claims.audiences.join(','),
      ExpirationTime: describedTime(claims.expiresAt),
      VerificationInfo: 'Success',
    },
  };
}

function requireProvider(context: OperationContext): OidcProvider {
  const arn = context.parameters.text('OIDCProviderArn');
  const match = /^acs:ram::([^:]+):oidc-provider\/(.+)$/.exec(arn);
  if (match === null) {
    throw context.failure(
      'InvalidParameter.OIDCProviderArn',
      'The parameter OIDCProviderArn is wrongly formed.',
    );
  }
  const provider = context.state.oidcProviders.get(`${match[1] ?? ''}/${match[2] ?? ''}`);
  if (provider === undefined) {
    throw context.failure('AuthenticationFail.NoPermission', 'No such OIDC Provider registered.');
  }
  return provider;
}

/** Checks everything about a token but its signature. */
function checkedClaims(context: OperationContext, provider: OidcProvider): OidcClaims {
  const claims = readOidcToken(context.parameters.text('OIDCToken'));
  if (claims === undefined) throw context.failure(INVALID, 'This JsonWebToken is invalid.');
  if (claims.expiresAt <= context.now) {
    throw context.failure(EXPIRED, 'This JsonWebToken is expired.');
  }
  if (claims.issuer !== provider.issuer) {
    throw context.failure(
      'AuthenticationFail.OIDCToken.IssuerNotMatch',
      "The issuer in the OIDC Token doesn't match the OIDC Provider registered.",
    );
  }
  if (!claims.audiences.some((audience) => provider.clientIds.includes(audience))) {
    throw context.failure('AuthenticationFail.OIDCToken.AudienceNotMatch', 'Invalid audience.');
  }
  return claims;
}

/** Finds the role that a call names; the role of the instances is one without being seeded. */
function requireRole(context: OperationContext): RamRole {
  const { state } = context;
  const arn = context.parameters.text('RoleArn');
  const [, accountId = '', name = ''] = /^acs:ram::([^:]+):role\/(.+)$/.exec(arn) ?? [];
  if (name === '') {
    throw context.failure('InvalidParameter.RoleArn', 'The parameter RoleArn is wrongly formed.');
  }
  const role = state.ramRoles.get(`${accountId}/${name}`);
  if (role !== undefined) return role;
  if (name === state.ramRole && state.accounts.has(accountId)) {
    return { name, accountId, maxSessionDurationSeconds: DEFAULT_SESSION_SECONDS };
  }
  throw context.failure('EntityNotExist.Role', `The role not exists: ${arn}. `);
}

function newSession(context: OperationContext, role: RamRole): Answer {
  const { parameters, state, now } = context;
  const sessionName = parameters.text('RoleSessionName');
  if (!SESSION_NAME.test(sessionName)) {
    throw context.failure(
      'InvalidParameter.RoleSessionName',
      'The parameter RoleSessionName is wrongly formed.',
    );
  }
  const seconds =
    parameters.findInteger('DurationSeconds') ??
    Math.min(DEFAULT_SESSION_SECONDS, role.maxSessionDurationSeconds);
  if (seconds < MIN_SESSION_SECONDS || seconds > role.maxSessionDurationSeconds) {
    throw context.failure(
      'InvalidParameter.DurationSeconds',
      `The Min/Max value of DurationSeconds is 15min/${role.maxSessionDurationSeconds / 60}min.`,
    );
  }
  const key: AccessKey & { readonly securityToken: string } = {
    accessKeyId: `STS.${state.ids.secret('session-key', 24)}`,
    accessKeySecret: state.ids.secret('session-secret', 44),
    securityToken: `CAIS${state.ids.secret('session-token', 80)}`,
    accountId: role.accountId,
    roleName: role.name,
    sessionName,
    // The answer tells whole seconds.
    expiresAt: Math.floor(now / 1000) * 1000 + seconds * 1000,
  };
  state.addKey(key);
  return {
    AssumedRoleUser: {
      Arn: `acs:ram::${role.accountId}:assumed-role/${role.name}/${sessionName}`,
      AssumedRoleId: `3${role.accountId}:${sessionName}`,
    },
    Credentials: {
      AccessKeyId: key.accessKeyId,
      AccessKeySecret: key.accessKeySecret,
      SecurityToken: key.securityToken,
      Expiration: describedTime(key.expiresAt ?? 0),
    },
  };
}
