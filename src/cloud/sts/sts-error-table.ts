import type { CodeEntry } from '../transport/call-failure.ts';
import {
  codeEntries,
  findGatewayCode,
  type CodesByMeaning,
} from '../transport/gateway-error-table.ts';

/**
 * Codes of the Security Token Service by what they mean.
 *
 * Source: STS API 2015-04-01, the error codes published per operation.
 */
const STS_CODES: CodesByMeaning = {
  // The token's file is read again before every call, and is renewed by the kubelet.
  passing: ['AuthenticationFail.OIDCToken.Expired'],
  credentials: [
    'AuthenticationFail.ApiPassword',
    'AuthenticationFail.ApiUsername',
    'AuthenticationFail.OIDCToken.AudienceNotMatch',
    'AuthenticationFail.OIDCToken.Invalid',
    'AuthenticationFail.OIDCToken.IssuerNotMatch',
    'InvalidParameter.OIDCToken',
  ],
  denied: ['AuthenticationFail.NoPermission', 'NoPermission'],
  missing: ['EntityNotExist.OIDCProvider', 'EntityNotExist.Role'],
  invalid: [
    'InvalidParameter.ContentType',
    'InvalidParameter.DurationSeconds',
    'InvalidParameter.ExternalId',
    'InvalidParameter.OIDCProviderArn',
    'InvalidParameter.PolicyGrammar',
    'InvalidParameter.PolicySize',
    'InvalidParameter.RoleArn',
    'InvalidParameter.RoleSessionName',
    'InvalidParameter.SerialNumber',
    'InvalidParameter.TokenCode',
  ],
};

const MAY_NOT_TAKE =
  "the role cannot be taken this way; check that its trust policy names who takes it: the access key's user, or an OIDC provider that exists in RAM, with this service account as the subject";

const ADVICE: Readonly<Record<string, string>> = {
  'AuthenticationFail.NoPermission': MAY_NOT_TAKE,
  'AuthenticationFail.OIDCToken.AudienceNotMatch':
    'the token of the service account is for another audience; let the OIDC provider in RAM list the audience of the token as a client id',
  'AuthenticationFail.OIDCToken.Expired':
    'the token of the service account has ended; its file is read again, and must be one that the kubelet renews',
  'AuthenticationFail.OIDCToken.Invalid':
    'the token of the service account is not accepted; check that the OIDC provider in RAM has the keys of this cluster',
  'AuthenticationFail.OIDCToken.IssuerNotMatch':
    'the token of the service account is from another issuer; check that the OIDC provider in RAM is that of this cluster',
  'EntityNotExist.OIDCProvider':
    'the OIDC provider does not exist in RAM; check "ALIBABA_CLOUD_OIDC_PROVIDER_ARN"',
  'EntityNotExist.Role': 'the RAM role does not exist; check "ALIBABA_CLOUD_ROLE_ARN"',
  'InvalidParameter.OIDCProviderArn':
    'the name of the OIDC provider is wrong; check "ALIBABA_CLOUD_OIDC_PROVIDER_ARN"',
  'InvalidParameter.OIDCToken':
    'the token of the service account is not accepted; check that its file holds one',
  'InvalidParameter.RoleArn': 'the name of the RAM role is wrong; check "ALIBABA_CLOUD_ROLE_ARN"',
  'InvalidParameter.RoleSessionName':
    'the name of the session is wrong; check "ALIBABA_CLOUD_ROLE_SESSION_NAME"',
  NoPermission: MAY_NOT_TAKE,
};

const EXACT = codeEntries(STS_CODES, ADVICE);

/** Tells what a code of the token service means; `undefined` for one that has no line. */
export function findStsCode(action: string, code: string): CodeEntry | undefined {
  // Who may not even ask who one is lacks a permission like everywhere else.
  const isAboutRole = action.startsWith('AssumeRole');
  return (isAboutRole ? EXACT.get(code) : undefined) ?? findGatewayCode(code);
}
