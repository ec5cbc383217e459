import type { AccessKey } from '../cloud-state.ts';
import type { Answer, OperationContext, OperationHandler } from '../operation-context.ts';
import { assumeRole, assumeRoleWithOidc } from './role-operations.ts';

/** The operations on who one is, and on taking a role. */
export const IDENTITY_OPERATIONS: Readonly<Record<string, OperationHandler>> = {
  GetCallerIdentity: getCallerIdentity,
  AssumeRole: assumeRole,
  AssumeRoleWithOIDC: assumeRoleWithOidc,
};

/** Who calls without a signature; few operations take such a call. */
export const ANONYMOUS: AccessKey = { accessKeyId: '', accessKeySecret: '', accountId: '' };

/** The actions of STS that may be called without a signature. */
export const UNSIGNED_ACTIONS: ReadonlySet<string> = new Set(['2015-04-01/AssumeRoleWithOIDC']);

/** The resource name of whom a key acts for. */
export function principalOf(key: AccessKey): string {
  const account = `acs:ram::${key.accountId}`;
  if (key.roleName !== undefined) {
    return `${account}:assumed-role/${key.roleName}/${sessionOf(key)}`;
  }
  return key.userName === undefined ? `${account}:root` : `${account}:user/${key.userName}`;
}

/** Every name by which a caller may be meant: the session, its role, the access key. */
export function principalsOf(key: AccessKey): string[] {
  const role = key.roleName === undefined ? [] : [`acs:ram::${key.accountId}:role/${key.roleName}`];
  return [principalOf(key), ...role, key.accessKeyId];
}

/** The number by which a role is known beside its name. */
export function roleIdOf({ accountId }: { readonly accountId: string }): string {
  return `3${accountId}`;
}

function getCallerIdentity(context: OperationContext): Answer {
  const key = context.caller;
  const answer = { AccountId: key.accountId, Arn: principalOf(key) };
  if (key.roleName !== undefined) {
    const roleId = roleIdOf(key);
    const principal = `${roleId}:${sessionOf(key)}`;
    return {
      ...answer,
      IdentityType: 'AssumedRoleUser',
      PrincipalId: principal,
      RoleId: roleId,
      UserId: principal,
    };
  }
  if (key.userName !== undefined) {
    const userId = `2${key.accountId}`;
    return { ...answer, IdentityType: 'RAMUser', PrincipalId: userId, UserId: userId };
  }
  return {
    ...answer,
    IdentityType: 'Account',
    PrincipalId: key.accountId,
    UserId: key.accountId,
  };
}

function sessionOf(key: AccessKey): string {
  return key.sessionName ?? key.accessKeyId.replace(/^STS\./, '').toLowerCase();
}
