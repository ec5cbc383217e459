import type { CredentialSettings } from '../../cloud/transport/cloud-settings.ts';
import { filled } from './flag-values.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Chooses the credentials: those of the cloud-config file, then in the order of the Go CCM, then the
 * vendor's own variables, then the role of the instance.
 */
export function readCredentials(
  fromFile: CredentialSettings | undefined,
  env: Environment,
  mistakes: string[],
): CredentialSettings {
  if (fromFile !== undefined) return fromFile;
  const pairs = [
    ['ACCESS_KEY_ID', 'ACCESS_KEY_SECRET'],
    ['ALIBABA_CLOUD_ACCESS_KEY_ID', 'ALIBABA_CLOUD_ACCESS_KEY_SECRET'],
  ] as const;
  for (const [idVariable, secretVariable] of pairs) {
    const accessKeyId = filled(env[idVariable]);
    const accessKeySecret = filled(env[secretVariable]);
    if (accessKeyId === undefined && accessKeySecret === undefined) continue;
    if (accessKeyId === undefined || accessKeySecret === undefined) {
      const missing = accessKeyId === undefined ? idVariable : secretVariable;
      mistakes.push(
        `Environment variable "${missing}" is missing: an access key has an id and a secret`,
      );
      continue;
    }
    const token = filled(env.ALIBABA_CLOUD_SECURITY_TOKEN);
    const securityToken = idVariable === 'ALIBABA_CLOUD_ACCESS_KEY_ID' ? token : undefined;
    const taken = accessKeyRole(env);
    if (taken !== undefined) {
      return {
        kind: 'assumedRole',
        ...taken,
        accessKeyId,
        accessKeySecret,
        ...(securityToken !== undefined && { securityToken }),
      };
    }
    return securityToken === undefined
      ? { kind: 'accessKey', accessKeyId, accessKeySecret }
      : { kind: 'stsToken', accessKeyId, accessKeySecret, securityToken };
  }
  const oidcRole = readOidcRole(env, mistakes);
  if (oidcRole !== undefined) return oidcRole;
  const roleName = filled(env.ALIBABA_CLOUD_ECS_METADATA);
  return { kind: 'ramRole', ...(roleName !== undefined && { roleName }) };
}

/** The role that an access key takes; one that is meant for OIDC is left to it. */
function accessKeyRole(
  env: Environment,
): { readonly roleArn: string; readonly sessionName?: string } | undefined {
  const roleArn = filled(env.ALIBABA_CLOUD_ROLE_ARN);
  const isForOidc =
    filled(env.ALIBABA_CLOUD_OIDC_PROVIDER_ARN) !== undefined ||
    filled(env.ALIBABA_CLOUD_OIDC_TOKEN_FILE) !== undefined;
  if (roleArn === undefined || isForOidc) return undefined;
  const sessionName = filled(env.ALIBABA_CLOUD_ROLE_SESSION_NAME);
  return { roleArn, ...(sessionName !== undefined && { sessionName }) };
}

/** Reads what RRSA puts into the environment of a pod; some of it alone is a mistake. */
function readOidcRole(env: Environment, mistakes: string[]): CredentialSettings | undefined {
  const roleArn = filled(env.ALIBABA_CLOUD_ROLE_ARN);
  const oidcProviderArn = filled(env.ALIBABA_CLOUD_OIDC_PROVIDER_ARN);
  const tokenFile = filled(env.ALIBABA_CLOUD_OIDC_TOKEN_FILE);
  if (roleArn !== undefined && oidcProviderArn !== undefined && tokenFile !== undefined) {
    const sessionName = filled(env.ALIBABA_CLOUD_ROLE_SESSION_NAME);
    return {
      kind: 'oidcRole',
      roleArn,
      oidcProviderArn,
      tokenFile,
      ...(sessionName !== undefined && { sessionName }),
    };
  }
  const variables = [
    ['ALIBABA_CLOUD_ROLE_ARN', roleArn],
    ['ALIBABA_CLOUD_OIDC_PROVIDER_ARN', oidcProviderArn],
    ['ALIBABA_CLOUD_OIDC_TOKEN_FILE', tokenFile],
  ] as const;
  if (variables.every(([, value]) => value === undefined)) return undefined;
  for (const [variable, value] of variables) {
    if (value !== undefined) continue;
    mistakes.push(
      `Environment variable "${variable}" is missing: a RAM role is taken with an access key, or with an OIDC provider and a token file`,
    );
  }
  return undefined;
}
