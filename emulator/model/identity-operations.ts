import type { AccessKey } from './cloud-state.ts';
import type { Answer, OperationContext, OperationHandler } from './operation-context.ts';

/** The operations on who one is. */
export const IDENTITY_OPERATIONS: Readonly<Record<string, OperationHandler>> = {
  GetCallerIdentity: getCallerIdentity,
};

/** The resource name of whom a key acts for. */
export function principalOf(key: AccessKey): string {
  return key.roleName === undefined
    ? `acs:ram::${key.accountId}:root`
    : `acs:ram::${key.accountId}:assumed-role/${key.roleName}/${sessionOf(key)}`;
}

function getCallerIdentity(context: OperationContext): Answer {
  const key = context.caller;
  if (key.roleName === undefined) {
    return {
      AccountId: key.accountId,
      Arn: principalOf(key),
      IdentityType: 'Account',
      PrincipalId: key.accountId,
      UserId: key.accountId,
    };
  }
  const roleId = `3${key.accountId}`;
  return {
    AccountId: key.accountId,
    Arn: principalOf(key),
    IdentityType: 'AssumedRoleUser',
    PrincipalId: `${roleId}:${sessionOf(key)}`,
    RoleId: roleId,
    UserId: `${roleId}:${sessionOf(key)}`,
  };
}

function sessionOf(key: AccessKey): string {
  return key.accessKeyId.replace(/^STS\./, '').toLowerCase();
}
