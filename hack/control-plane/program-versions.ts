import pinned from './versions.json' with { type: 'json' };

/** A program of the control plane, or one that works on it. */
export type Program =
  | 'etcd'
  | 'helm'
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kube-scheduler'
  | 'kubectl'
  | 'kwok';

/** The versions that one run uses, without a leading "v". */
export interface Versions {
  readonly kubernetes: string;
  readonly etcd: string;
  readonly kwok: string;
  readonly helm: string;
  /** The oldest Go that builds them all, as major and minor. */
  readonly go: string;
}

/**
 * Selects the versions of a run: the pinned ones, with another Kubernetes when `K8S` names one.
 *
 * Errors: throws when `K8S` is not a full version such as 1.33.13.
 */
export function selectVersions(
  environment: Readonly<Record<string, string | undefined>>,
): Versions {
  const asked = environment.K8S;
  if (asked === undefined || asked === '') return pinned;
  const match = /^v?(1\.\d+\.\d+)$/.exec(asked);
  if (match?.[1] === undefined) {
    throw new Error(`Cannot use Kubernetes "${asked}": K8S must be a full version such as 1.33.13`);
  }
  return { ...pinned, kubernetes: match[1] };
}

/** Tells the version of one program; everything that comes from Kubernetes has its version. */
export function versionOf(program: Program, versions: Versions): string {
  switch (program) {
    case 'etcd':
      return versions.etcd;
    case 'kwok':
      return versions.kwok;
    case 'helm':
      return versions.helm;
    case 'kube-apiserver':
    case 'kube-controller-manager':
    case 'kube-scheduler':
    case 'kubectl':
      return versions.kubernetes;
  }
}
