import { writeFile } from 'node:fs/promises';
import { stringify } from 'yaml';

/** What a kubeconfig needs to say to reach one API server as one user. */
export interface KubeconfigContent {
  readonly url: string;
  /** The certificates that the API server's own must come from, in PEM. */
  readonly certificateAuthority: string;
  readonly token: string;
  readonly namespace?: string;
}

/** Writes a kubeconfig with one cluster and one user, readable by its owner only. */
export async function writeKubeconfig(file: string, content: KubeconfigContent): Promise<void> {
  const name = 'control-plane';
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    clusters: [
      {
        name,
        cluster: {
          server: content.url,
          'certificate-authority-data': Buffer.from(content.certificateAuthority).toString(
            'base64',
          ),
        },
      },
    ],
    users: [{ name, user: { token: content.token } }],
    contexts: [
      { name, context: { cluster: name, user: name, namespace: content.namespace ?? 'default' } },
    ],
  };
  await writeFile(file, stringify(kubeconfig), { mode: 0o600 });
}
