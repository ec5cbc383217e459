import { Ajv } from 'ajv';
import { parse as parseYaml } from 'yaml';
import { canonicalControllers, type ControllerName } from '../controllers/controller-selection.ts';
import type { FlagValues } from './flag-values.ts';

/** Which controllers wait for the lease by which another controller manager hands them over. */
export interface LeaderMigration {
  /** In the namespace of our own lease. */
  readonly leaseName: string;
  /** They run under the lease of the migration, besides our own. */
  readonly migrated: ReadonlySet<ControllerName>;
  /** They belong to another component for as long as this configuration stands. */
  readonly foreign: ReadonlySet<ControllerName>;
}

/** The configuration that is used where no file gives another. */
const DEFAULT_MIGRATION: LeaderMigration = {
  leaseName: 'cloud-provider-extraction-migration',
  migrated: new Set([
    'node-route-controller',
    'service-lb-controller',
    'cloud-node-lifecycle-controller',
  ]),
  foreign: new Set(),
};

/** The name of this component in a file that is shared with kube-controller-manager. */
const COMPONENT = 'cloud-controller-manager';

interface MigrationFile {
  readonly leaderName: string;
  readonly controllerLeaders?: readonly { readonly name: string; readonly component: string }[];
}

const validateFile = new Ajv({ allErrors: true }).compile<MigrationFile>({
  type: 'object',
  required: ['apiVersion', 'kind', 'leaderName'],
  properties: {
    apiVersion: {
      enum: ['v1', 'v1beta1', 'v1alpha1'].map((v) => `controllermanager.config.k8s.io/${v}`),
    },
    kind: { const: 'LeaderMigrationConfiguration' },
    leaderName: { type: 'string', pattern: '^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$' },
    resourceLock: { enum: ['leases'] },
    controllerLeaders: {
      type: 'array',
      items: {
        type: 'object',
        required: ['name', 'component'],
        properties: { name: { type: 'string' }, component: { type: 'string' } },
        additionalProperties: false,
      },
    },
  },
  additionalProperties: false,
});

/**
 * Reads the flags of leader migration, and the file that they name.
 *
 * Shape: `undefined` where the switch is off; the file replaces the default wholly. Mistakes are noted.
 * Source: Kubernetes, "Migrate Replicated Control Plane To Use Cloud Controller Manager".
 */
export async function readLeaderMigration(
  values: FlagValues,
  readFile: (path: string) => Promise<string>,
  mistakes: string[],
): Promise<LeaderMigration | undefined> {
  const path = values.optional('leader-migration-config');
  if (!values.boolean('enable-leader-migration')) {
    if (path !== undefined) {
      mistakes.push('Flag "--leader-migration-config" needs "--enable-leader-migration"');
    }
    return undefined;
  }
  if (!values.boolean('leader-elect')) {
    mistakes.push('Flag "--enable-leader-migration" needs "--leader-elect=true"');
  }
  if (path === undefined) return DEFAULT_MIGRATION;
  try {
    return readMigrationText(await readFile(path), mistakes);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    mistakes.push(`Cannot read leader migration configuration "${path}": ${why}`);
    return undefined;
  }
}

function readMigrationText(text: string, mistakes: string[]): LeaderMigration | undefined {
  const file: unknown = parseYaml(text);
  if (!validateFile(file)) {
    for (const { instancePath, message } of validateFile.errors ?? []) {
      const where = instancePath === '' ? 'the file' : `"${instancePath.slice(1)}"`;
      mistakes.push(`Leader migration configuration: ${where} ${message ?? 'is invalid'}`);
    }
    return undefined;
  }
  const migrated = new Set<ControllerName>();
  const foreign = new Set<ControllerName>();
  for (const { name, component } of file.controllerLeaders ?? []) {
    const isOurs = component === '*' || component === COMPONENT;
    // The file is shared: controllers that only the other component has are its own affair.
    for (const controller of canonicalControllers(name)) {
      (isOurs ? migrated : foreign).add(controller);
    }
  }
  return { leaseName: file.leaderName, migrated, foreign };
}
