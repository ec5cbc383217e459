/** An access key, as clients are told it. */
export interface ClientKey {
  readonly id: string;
  readonly secret: string;
}

/**
 * The environment variables that point the operator, the Go CCM or an SDK at an emulator.
 *
 * Shape: endpoints are host and port, the metadata endpoint is a URL.
 */
export function emulatorEnvironment(url: string, key: ClientKey): Record<string, string> {
  const { host } = new URL(url);
  return {
    ALICLOUD_CLIENT_SCHEME: 'HTTP',
    SLB_ENDPOINT: host,
    STS_ENDPOINT: host,
    ECS_ENDPOINT: host,
    VPC_ENDPOINT: host,
    METADATA_ENDPOINT: url,
    ACCESS_KEY_ID: key.id,
    ACCESS_KEY_SECRET: key.secret,
  };
}
