/**
 * What the base class of the operator gets, in the bundle, in place of the whole Kubernetes client.
 *
 * Its constructor makes a client of its own, which is replaced at once and never used; its watches,
 * finalizers and definitions are not used either. The real ones hold 30 MB in memory.
 */

/** Stands for the access that the base class finds by itself; ours is set after it. */
export class KubeConfig {
  loadFromDefault(): void {
    // Nothing is read, so that no kubeconfig of the home folder is used by accident.
  }

  makeApiClient(): undefined {
    return undefined;
  }
}

/** Fails whoever uses a part of the base class that the bundle leaves out. */
export function leftOut(): never {
  throw new Error('This part of the operator base class is not in the bundle');
}

export {
  leftOut as ApiextensionsV1Api,
  leftOut as CoreV1Api,
  leftOut as Watch,
  leftOut as loadYaml,
};
