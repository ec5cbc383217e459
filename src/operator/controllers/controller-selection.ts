/** The controllers that this program knows by name. */
export type ControllerName =
  | 'cloud-node-controller'
  | 'cloud-node-lifecycle-controller'
  | 'node-ipam-controller'
  | 'node-route-controller'
  | 'persistentvolume-label-controller'
  | 'service-lb-controller';

const CONTROLLERS: readonly ControllerName[] = [
  'cloud-node-controller',
  'cloud-node-lifecycle-controller',
  'node-ipam-controller',
  'node-route-controller',
  'persistentvolume-label-controller',
  'service-lb-controller',
];

/** The controllers that `*` does not switch on. */
const OFF_BY_DEFAULT: ReadonlySet<ControllerName> = new Set(['node-ipam-controller']);

/** Other names by which the controllers are known: upstream's old ones and the Go CCM's. */
const ALIASES: ReadonlyMap<string, readonly ControllerName[]> = new Map<
  string,
  readonly ControllerName[]
>([
  ['cloud-node', ['cloud-node-controller']],
  ['cloud-node-lifecycle', ['cloud-node-lifecycle-controller']],
  ['service', ['service-lb-controller']],
  ['route', ['node-route-controller']],
  ['nodeipam', ['node-ipam-controller']],
  ['node', ['cloud-node-controller', 'cloud-node-lifecycle-controller']],
]);

/** Names of the Go CCM's controllers that have no counterpart here. */
const FOREIGN_NAMES: ReadonlySet<string> = new Set(['nlb', 'ingress', 'pvtz']);

/** Which controllers run, and what to tell the user about the rest. */
export type ControllerSelection =
  | {
      readonly kind: 'selected';
      readonly enabled: ReadonlySet<ControllerName>;
      /** Names of the Go CCM's that were switched on but have no counterpart here. */
      readonly notServed: readonly string[];
    }
  | { readonly kind: 'unknown'; readonly names: readonly string[]; readonly known: string };

/**
 * Reads the list of the `--controllers` flag.
 *
 * Shape: the first entry that names a controller wins; without `*` only named ones run; `*` means
 *   all that are on by default, and so does an empty list.
 * Source: Kubernetes, k8s.io/controller-manager, IsControllerEnabled.
 */
export function selectControllers(list: string): ControllerSelection {
  const entries = list
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  const isAll = entries.length === 0 || entries.includes('*');

  const decided = new Map<ControllerName, boolean>();
  const unknown: string[] = [];
  const notServed: string[] = [];
  for (const entry of entries) {
    if (entry === '*') continue;
    const isOn = !entry.startsWith('-');
    const name = isOn ? entry : entry.slice(1);
    if (FOREIGN_NAMES.has(name)) {
      if (isOn) notServed.push(name);
      continue;
    }
    const canonical = canonicalControllers(name);
    if (canonical.length === 0) unknown.push(name);
    for (const controller of canonical) {
      if (!decided.has(controller)) decided.set(controller, isOn);
    }
  }
  if (unknown.length > 0) return { kind: 'unknown', names: unknown, known: knownNames() };

  const enabled = CONTROLLERS.filter(
    (controller) => decided.get(controller) ?? (isAll && !OFF_BY_DEFAULT.has(controller)),
  );
  return { kind: 'selected', enabled: new Set(enabled), notServed: [...new Set(notServed)] };
}

/** The controllers that a name stands for, whichever of its names it is; none for an unknown one. */
export function canonicalControllers(name: string): readonly ControllerName[] {
  const canonical = CONTROLLERS.find((controller) => controller === name);
  return canonical === undefined ? (ALIASES.get(name) ?? []) : [canonical];
}

function knownNames(): string {
  return [...CONTROLLERS, ...ALIASES.keys(), ...FOREIGN_NAMES].sort().join(', ');
}
