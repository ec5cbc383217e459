import { KubeConfig } from '@kubernetes/client-node';
import { Failure } from '../cloud/failure.ts';

/**
 * Finds out how to reach the API server: a named file, else the file of `KUBECONFIG`, else the
 * access that a pod has.
 *
 * Shape: a file in the home folder is not looked for, so that nobody works on a cluster by accident.
 * Errors: `terminal`, in words for the user, when there is none or it cannot be read.
 */
export function loadKubeConfig(
  path: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): KubeConfig {
  const kubeConfig = new KubeConfig();
  const file = path ?? (env.KUBECONFIG === '' ? undefined : env.KUBECONFIG);
  if (file !== undefined) {
    try {
      kubeConfig.loadFromFile(file);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Failure('terminal', `Cannot read kubeconfig "${file}": ${why}`, { cause: error });
    }
  } else if ((env.KUBERNETES_SERVICE_HOST ?? '') !== '') {
    kubeConfig.loadFromCluster();
  } else {
    throw new Failure(
      'terminal',
      'Cannot reach an API server: set "--kubeconfig", or run in a pod of the cluster',
    );
  }
  const cluster = kubeConfig.getCurrentCluster();
  if (cluster === null || !URL.canParse(cluster.server)) {
    throw new Failure(
      'terminal',
      `Cannot use kubeconfig "${file ?? 'of the pod'}": its current context must name a cluster with the address of a server`,
    );
  }
  return kubeConfig;
}
