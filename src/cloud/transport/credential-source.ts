import credentialsPackage, { Config } from '@alicloud/credentials';
import type { Clock } from '../clock.ts';
import { Failure, isFailure } from '../failure.ts';
import { whileNotAborted } from './abortable-wait.ts';
import type { CredentialSettings } from './cloud-settings.ts';
import type { InstanceMetadata } from './instance-metadata.ts';
import { RenewedCredentials, type RoleCredentials } from './renewed-credentials.ts';

/** What a request is signed with. */
export interface ResolvedCredentials {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  /** Unset for long-lived access keys. */
  readonly securityToken: string | undefined;
  /** Where they came from, as the vendor names it. */
  readonly providerName: string;
}

/** A role that is to be taken, and the name under which the cloud's logs show it. */
export interface TakenRole {
  readonly roleArn: string;
  readonly sessionName?: string;
}

/** The token of a service account, for the OIDC provider that knows its issuer. */
export interface OidcProof {
  readonly oidcProviderArn: string;
  readonly token: string;
}

/** An access key, of a user or a temporary one. */
export interface AccessKey {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly securityToken?: string;
}

/** Takes roles at the token service. */
export interface RoleTokens {
  withOidc(role: TakenRole, proof: OidcProof, signal: AbortSignal): Promise<RoleCredentials>;
  withAccessKey(role: TakenRole, key: AccessKey, signal: AbortSignal): Promise<RoleCredentials>;
}

/** What a source of credentials is made from. */
export interface CredentialSourcePorts {
  readonly clock: Clock;
  readonly metadata: () => InstanceMetadata;
  readonly roleTokens: RoleTokens;
  /** Reads a text file; the token of a service account is in one. */
  readonly readFile: (path: string) => Promise<string>;
}

type VendorCredential = InstanceType<typeof credentialsPackage.default>;

/**
 * Where the credentials of every call come from, by the vendor's package.
 *
 * Shape: temporary credentials are renewed before they end; `replace` takes other settings without
 *   a restart, and a call that has begun ends with what it began with.
 * Errors: `retryable` where they cannot be had at present, `terminal` where the settings are
 *   incomplete. No error, log or property of this class carries a secret.
 */
export class CredentialSource {
  readonly #ports: CredentialSourcePorts;
  #settings: CredentialSettings;
  #credential: VendorCredential | undefined;

  constructor(settings: CredentialSettings, ports: CredentialSourcePorts) {
    this.#settings = settings;
    this.#ports = ports;
  }

  /** Uses other settings from the next call on. */
  replace(settings: CredentialSettings): void {
    this.#settings = settings;
    this.#credential = undefined;
  }

  /** Forgets what was had, because the cloud refuses it; the next call asks anew. */
  discard(): void {
    this.#credential = undefined;
  }

  async get(signal: AbortSignal): Promise<ResolvedCredentials> {
    signal.throwIfAborted();
    const settings = this.#settings;
    this.#credential ??= this.#build(settings);
    const { accessKeyId, accessKeySecret, securityToken, providerName } = await whileNotAborted(
      vendorAnswer(this.#credential, settings.kind),
      signal,
    );
    if (isBlank(accessKeyId) || isBlank(accessKeySecret)) throw unavailable(settings.kind);
    return {
      accessKeyId,
      accessKeySecret,
      securityToken: isBlank(securityToken) ? undefined : securityToken,
      providerName: providerName ?? settings.kind,
    };
  }

  #build(settings: CredentialSettings): VendorCredential {
    const Credential = credentialsPackage.default;
    switch (settings.kind) {
      case 'accessKey':
      case 'stsToken':
        // The vendor's package would fill a gap from the environment, silently.
        if (settings.accessKeyId === '' || settings.accessKeySecret === '') {
          throw new Failure(
            'terminal',
            'Cannot use the access key: both its id and its secret must be configured',
            { code: 'IncompleteCredentials' },
          );
        }
        return new Credential(
          new Config({
            type: settings.kind === 'accessKey' ? 'access_key' : 'sts',
            accessKeyId: settings.accessKeyId,
            accessKeySecret: settings.accessKeySecret,
            ...(settings.kind === 'stsToken' ? { securityToken: settings.securityToken } : {}),
          }),
        );
      case 'ramRole': {
        const metadata = this.#ports.metadata();
        return this.#renewed('ecs_ram_role', (signal) =>
          metadata.roleCredentials(settings.roleName, signal),
        );
      }
      case 'oidcRole':
        return this.#renewed('oidc_role_arn', async (signal) => {
          // Read anew each time, because the kubelet replaces it.
          const token = await this.#oidcToken(settings.tokenFile);
          return this.#ports.roleTokens.withOidc(
            settings,
            { oidcProviderArn: settings.oidcProviderArn, token },
            signal,
          );
        });
      case 'assumedRole':
        return this.#renewed('ram_role_arn', (signal) =>
          this.#ports.roleTokens.withAccessKey(settings, settings, signal),
        );
    }
  }

  #renewed(
    providerName: string,
    fetch: (signal: AbortSignal) => Promise<RoleCredentials>,
  ): VendorCredential {
    const Credential = credentialsPackage.default;
    return new Credential(null, new RenewedCredentials({ providerName, fetch }, this.#ports.clock));
  }

  async #oidcToken(tokenFile: string): Promise<string> {
    const way = 'mount a token of the service account there, as RRSA does';
    let token: string;
    try {
      token = (await this.#ports.readFile(tokenFile)).trim();
    } catch (error) {
      throw new Failure(
        'retryable',
        `Cannot read the token of the service account from "${tokenFile}" (${systemCode(error)}): ${way}`,
        { code: 'OidcTokenUnreadable', cause: error },
      );
    }
    if (token !== '') return token;
    throw new Failure(
      'retryable',
      `Cannot use the token of the service account: the file "${tokenFile}" is empty; ${way}`,
      { code: 'OidcTokenUnreadable' },
    );
  }
}

async function vendorAnswer(
  credential: VendorCredential,
  kind: CredentialSettings['kind'],
): Promise<{
  readonly accessKeyId?: string;
  readonly accessKeySecret?: string;
  readonly securityToken?: string;
  readonly providerName?: string;
}> {
  try {
    return await credential.getCredential();
  } catch (error) {
    if (isFailure(error)) throw error;
    // The vendor's messages may quote answers that carry credentials; they go no further.
    throw unavailable(kind);
  }
}

function systemCode(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'unreadable';
}

function unavailable(kind: CredentialSettings['kind']): Failure {
  return new Failure(
    'retryable',
    `Cannot get credentials for Alibaba Cloud by "${kind}": configure an access key, or give the instance or service account a RAM role`,
    { code: 'CredentialsUnavailable' },
  );
}

function isBlank(text: string | null | undefined): text is null | undefined | '' {
  return text === undefined || text === null || text === '';
}
