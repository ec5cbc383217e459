import { readFile, writeFile } from 'node:fs/promises';
import { stringify } from 'yaml';

/** One request to the API server, as its audit log tells it (audit.k8s.io/v1, Event). */
export interface AuditEvent {
  readonly auditID: string;
  readonly stage: 'ResponseStarted' | 'ResponseComplete' | 'Panic';
  readonly requestURI: string;
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly userAgent?: string;
  readonly objectRef?: {
    readonly resource: string;
    readonly namespace?: string;
    readonly name?: string;
    readonly apiGroup?: string;
    readonly subresource?: string;
  };
  readonly responseStatus?: { readonly code?: number; readonly reason?: string };
  /** The body of a mutating request; absent for secrets and tokens. */
  readonly requestObject?: unknown;
  readonly requestReceivedTimestamp: string;
  readonly stageTimestamp: string;
}

/**
 * Writes the policy of the audit log: every request on an object by anybody but the API server
 * itself, with the body of those that change something.
 */
export async function writeAuditPolicy(file: string): Promise<void> {
  const policy = {
    apiVersion: 'audit.k8s.io/v1',
    kind: 'Policy',
    omitStages: ['RequestReceived'],
    rules: [
      { level: 'None', users: ['system:apiserver'] },
      { level: 'None', nonResourceURLs: ['/*'] },
      {
        level: 'Metadata',
        resources: [{ group: '', resources: ['secrets', 'serviceaccounts/token'] }],
      },
      { level: 'Request', verbs: ['create', 'update', 'patch', 'delete', 'deletecollection'] },
      { level: 'Metadata' },
    ],
  };
  await writeFile(file, stringify(policy));
}

/**
 * Reads an audit log.
 *
 * Shape: in the order in which the requests were answered; a watch is there twice, once when it
 *   starts and once when it ends. The log is written before a request is answered, so what a
 *   client has seen the answer of is in it.
 */
export async function readAuditLog(file: string): Promise<AuditEvent[]> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    // The file comes with the first event.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  });
  // A line without an end is still being written.
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as AuditEvent);
}
