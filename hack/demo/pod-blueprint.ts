import path from 'node:path';

/** What is read of a Deployment's container. */
export interface ContainerSpec {
  readonly args?: readonly string[];
  readonly env?: readonly EnvironmentVariable[];
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
  readonly resources?: { readonly limits?: { readonly memory?: string } };
}

/** One variable of a container's environment, as far as the chart uses the possibilities. */
export interface EnvironmentVariable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly fieldRef?: { readonly fieldPath: string } };
}

/** What is read of a Deployment. */
export interface DeploymentObject {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly serviceAccountName: string;
        readonly containers: readonly ContainerSpec[];
        readonly volumes?: readonly Volume[];
      };
    };
  };
}

/** A volume of the kinds that the chart uses. */
export interface Volume {
  readonly name: string;
  readonly configMap?: { readonly name: string };
  readonly secret?: { readonly secretName: string };
}

/** What differs between a pod and a process on this machine. */
export interface LocalDifferences {
  readonly podName: string;
  readonly namespace: string;
  /** The folder in which each volume has a folder of its name. */
  readonly volumes: string;
}

/**
 * Turns a container's arguments into those of a process: paths below a mount become paths below the
 * folder that stands for its volume. All else stays as the chart says it.
 */
export function localArguments(container: ContainerSpec, local: LocalDifferences): string[] {
  const mounts = container.volumeMounts ?? [];
  return (container.args ?? []).map((argument) =>
    mounts.reduce(
      (text, mount) =>
        text.replaceAll(`${mount.mountPath}/`, `${path.join(local.volumes, mount.name)}/`),
      argument,
    ),
  );
}

/**
 * Turns a container's environment into that of a process.
 *
 * Shape: a share of the container's memory is told as what it comes to, since a process has all of the
 *   machine's.
 * Errors: throws on a source that this machine has no counterpart for, rather than leave it out.
 */
export function localEnvironment(
  container: ContainerSpec,
  local: LocalDifferences,
): Record<string, string> {
  const fields: Readonly<Record<string, string>> = {
    'metadata.name': local.podName,
    'metadata.namespace': local.namespace,
  };
  const variables = (container.env ?? []).map(({ name, value, valueFrom }): [string, string] => {
    if (valueFrom === undefined) return [name, withinMemory(value ?? '', container)];
    const field = fields[valueFrom.fieldRef?.fieldPath ?? ''];
    if (field === undefined) throw new Error(`Cannot set "${name}" outside of a pod`);
    return [name, field];
  });
  return Object.fromEntries(variables);
}

function withinMemory(text: string, { resources }: ContainerSpec): string {
  const limitMiB = /^(\d+)Mi$/.exec(resources?.limits?.memory ?? '')?.[1];
  if (limitMiB === undefined) return text;
  return text.replace(
    /--max-old-space-size-percentage=(\d+)/,
    (_, percent: string) =>
      `--max-old-space-size=${Math.floor((Number(limitMiB) * Number(percent)) / 100)}`,
  );
}
