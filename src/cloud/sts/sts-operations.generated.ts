/* Generated from src/cloud/published-api/sts.json; run `npm run generate`. */

import type { OperationTable } from '../transport/wire-codec.ts';

export type GetCallerIdentityRequest = Readonly<Record<string, never>>;

export interface GetCallerIdentityResponseBody {
  readonly accountId?: string;
  readonly arn?: string;
  readonly identityType?: string;
  readonly principalId?: string;
  readonly requestId?: string;
  readonly roleId?: string;
  readonly userId?: string;
}

/** What each operation takes and answers. */
export interface StsOperations {
  readonly GetCallerIdentity: { readonly request: GetCallerIdentityRequest; readonly response: GetCallerIdentityResponseBody };
}

/** The version of the API that the operations belong to. */
export const STS_VERSION = '2015-04-01';

/** Names and shapes on the wire, by operation. */
export const STS_OPERATIONS: { readonly [Name in keyof StsOperations]: OperationTable } = {
  GetCallerIdentity: {"mutating":false,"request":{},"response":{"AccountId":"string","Arn":"string","IdentityType":"string","PrincipalId":"string","RequestId":"string","RoleId":"string","UserId":"string"}},
};
