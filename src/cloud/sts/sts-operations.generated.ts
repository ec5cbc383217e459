/* Generated from src/cloud/published-api/sts.json; run `npm run generate`. */

import type { OperationTable } from '../transport/wire-codec.ts';

export interface AssumeRoleRequest {
  readonly durationSeconds?: number | undefined;
  readonly externalId?: string | undefined;
  readonly policy?: string | undefined;
  readonly roleArn: string;
  readonly roleSessionName: string;
  readonly sourceIdentity?: string | undefined;
}

export interface AssumeRoleResponseBodyAssumedRoleUser {
  readonly arn?: string;
  readonly assumedRoleId?: string;
}

export interface AssumeRoleResponseBodyCredentials {
  readonly accessKeyId?: string;
  readonly accessKeySecret?: string;
  readonly expiration?: string;
  readonly securityToken?: string;
}

export interface AssumeRoleResponseBody {
  readonly assumedRoleUser?: AssumeRoleResponseBodyAssumedRoleUser;
  readonly credentials?: AssumeRoleResponseBodyCredentials;
  readonly requestId?: string;
  readonly sourceIdentity?: string;
}

export interface AssumeRoleWithOIDCRequest {
  readonly durationSeconds?: number | undefined;
  readonly OIDCProviderArn: string;
  readonly OIDCToken: string;
  readonly policy?: string | undefined;
  readonly roleArn: string;
  readonly roleSessionName: string;
}

export interface AssumeRoleWithOIDCResponseBodyAssumedRoleUser {
  readonly arn?: string;
  readonly assumedRoleId?: string;
}

export interface AssumeRoleWithOIDCResponseBodyCredentials {
  readonly accessKeyId?: string;
  readonly accessKeySecret?: string;
  readonly expiration?: string;
  readonly securityToken?: string;
}

export interface AssumeRoleWithOIDCResponseBodyOIDCTokenInfo {
  readonly clientIds?: string;
  readonly expirationTime?: string;
  readonly issuanceTime?: string;
  readonly issuer?: string;
  readonly subject?: string;
  readonly verificationInfo?: string;
}

export interface AssumeRoleWithOIDCResponseBody {
  readonly assumedRoleUser?: AssumeRoleWithOIDCResponseBodyAssumedRoleUser;
  readonly credentials?: AssumeRoleWithOIDCResponseBodyCredentials;
  readonly OIDCTokenInfo?: AssumeRoleWithOIDCResponseBodyOIDCTokenInfo;
  readonly requestId?: string;
  readonly sourceIdentity?: string;
}

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
  readonly AssumeRole: { readonly request: AssumeRoleRequest; readonly response: AssumeRoleResponseBody };
  readonly AssumeRoleWithOIDC: { readonly request: AssumeRoleWithOIDCRequest; readonly response: AssumeRoleWithOIDCResponseBody };
  readonly GetCallerIdentity: { readonly request: GetCallerIdentityRequest; readonly response: GetCallerIdentityResponseBody };
}

/** The version of the API that the operations belong to. */
export const STS_VERSION = '2015-04-01';

/** Names and shapes on the wire, by operation. */
export const STS_OPERATIONS: { readonly [Name in keyof StsOperations]: OperationTable } = {
  AssumeRole: {"mutating":true,"request":{"DurationSeconds":"number","ExternalId":"string","Policy":"string","RoleArn":"string","RoleSessionName":"string","SourceIdentity":"string"},"response":{"AssumedRoleUser":{"Arn":"string","AssumedRoleId":"string"},"Credentials":{"AccessKeyId":"string","AccessKeySecret":"string","Expiration":"string","SecurityToken":"string"},"RequestId":"string","SourceIdentity":"string"}},
  AssumeRoleWithOIDC: {"mutating":true,"request":{"DurationSeconds":"number","OIDCProviderArn":"string","OIDCToken":"string","Policy":"string","RoleArn":"string","RoleSessionName":"string"},"response":{"AssumedRoleUser":{"Arn":"string","AssumedRoleId":"string"},"Credentials":{"AccessKeyId":"string","AccessKeySecret":"string","Expiration":"string","SecurityToken":"string"},"OIDCTokenInfo":{"ClientIds":"string","ExpirationTime":"string","IssuanceTime":"string","Issuer":"string","Subject":"string","VerificationInfo":"string"},"RequestId":"string","SourceIdentity":"string"}},
  GetCallerIdentity: {"mutating":false,"request":{},"response":{"AccountId":"string","Arn":"string","IdentityType":"string","PrincipalId":"string","RequestId":"string","RoleId":"string","UserId":"string"}},
};
