import type { AuditEvent } from '../../../hack/control-plane/audit-log.ts';
import type { RoleRule } from '../../support/chart-manifests.ts';
import type { E2eCluster } from './e2e-cluster.ts';

const RELEASE = 'alibaba-cloud-operator';

/** Writes what a request asked for as `verb group/resource`. */
export function requestText({ verb, objectRef }: AuditEvent): string {
  const { apiGroup = '', resource = '', subresource } = objectRef ?? {};
  return `${verb} ${apiGroup}/${resource}${subresource === undefined ? '' : `/${subresource}`}`;
}

/**
 * Lists every request that the chart's roles allow, in the words of `requestText`.
 *
 * Shape: without the right to create our own kinds, which the audit log never tells: the API server
 *   asks for it when an apply creates, and calls that a patch.
 */
export async function grantedRequests({ kubectl }: E2eCluster): Promise<string[]> {
  const clusterRole = await kubectl.get<{ rules: RoleRule[] }>('clusterrole', RELEASE);
  const role = await kubectl.get<{ rules: RoleRule[] }>(
    ...['role', `${RELEASE}-leases`, '-n', 'kube-system'],
  );
  const granted = [...clusterRole.rules, ...role.rules].flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) => verbs.map((verb) => `${verb} ${group}/${resource}`)),
    ),
  );
  return [...new Set(granted)].filter(
    (right) => !right.startsWith('create networking.alibabacloud.com/'),
  );
}
