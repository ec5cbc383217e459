/** What is read of a module's go.mod, in the form that `go mod edit -json` prints. */
export interface GoModuleFile {
  readonly Go: string;
  readonly Require?: readonly { readonly Path: string; readonly Version: string }[] | null;
}

/**
 * Writes the go.mod of a module from which every Kubernetes program can be built.
 *
 * Kubernetes requires its staging modules at v0.0.0, which its own repository replaces by folders.
 * Outside of that repository each is replaced by its published version: Kubernetes 1.36.3 goes
 * with k8s.io/api 0.36.3.
 *
 * Shape: replacements sorted by path, so that equal inputs give equal files.
 */
export function kubernetesModuleFile(version: string, upstream: GoModuleFile): string {
  const stagingVersion = `v${version.replace(/^1\./, '0.')}`;
  const staging = (upstream.Require ?? [])
    .filter(({ Path, Version }) => Path.startsWith('k8s.io/') && Version === 'v0.0.0')
    .map(({ Path }) => Path)
    .sort();
  return [
    'module control-plane/kubernetes',
    '',
    `go ${upstream.Go}`,
    '',
    `require k8s.io/kubernetes v${version}`,
    '',
    ...staging.map((path) => `replace ${path} => ${path} ${stagingVersion}`),
    '',
  ].join('\n');
}

/**
 * Writes the go.mod of a module from which etcd can be built.
 *
 * A module of its own is needed because `go install` refuses etcd for its replace lines.
 */
export function etcdModuleFile(version: string, upstream: GoModuleFile): string {
  return [
    'module control-plane/etcd',
    '',
    `go ${upstream.Go}`,
    '',
    `require go.etcd.io/etcd/server/v3 v${version}`,
    '',
  ].join('\n');
}
