import { Ajv, type ErrorObject } from 'ajv';
import { parse as parseYaml, YAMLParseError } from 'yaml';
import type { CredentialSettings, VSwitchSetting } from '../../cloud/transport/cloud-settings.ts';

/** What a cloud-config file says, in our terms; what it leaves out is unset. */
export interface CloudConfigFile {
  readonly credentials?: Extract<CredentialSettings, { kind: 'accessKey' }>;
  readonly clusterId?: string;
  readonly regionId?: string;
  readonly vpcId?: string;
  readonly zoneId?: string;
  readonly vSwitches: readonly VSwitchSetting[];
  readonly resourceGroupId?: string;
  readonly concurrentServiceSyncs?: number;
  readonly concurrentNodeSyncs?: number;
  readonly routeTableIds: readonly string[];
}

/** A cloud-config file as read, with every mistake and every remark about it. */
export interface CloudConfigReading {
  readonly content: CloudConfigFile;
  readonly mistakes: readonly string[];
  readonly warnings: readonly string[];
}

interface GlobalSection {
  readonly uid?: string | number;
  readonly accessKeyID?: string;
  readonly accessKeySecret?: string;
  readonly clusterID?: string;
  readonly kubernetesClusterTag?: string;
  readonly region?: string;
  readonly vpcid?: string;
  readonly vswitchid?: string;
  readonly zoneid?: string;
  readonly resourceGroupID?: string;
  readonly serviceMaxConcurrentReconciles?: number;
  readonly nodeMaxConcurrentReconciles?: number;
  readonly routeTableIDs?: string;
  readonly serviceBackendType?: string;
  readonly disablePublicSLB?: boolean;
  readonly featureGates?: string;
}

const ID = {
  type: 'string',
  pattern: '^\\s*[A-Za-z0-9-]{0,64}\\s*$',
  description: 'must consist of at most 64 letters, digits and dashes',
};
const TEXT = { type: 'string' };
const COUNT = { type: 'integer', minimum: 0 };

const GLOBAL_PROPERTIES: Readonly<Record<keyof GlobalSection, object>> &
  Readonly<Record<string, object>> = {
  uid: { type: ['string', 'number'] },
  accessKeyID: TEXT,
  accessKeySecret: TEXT,
  clusterID: { type: 'string', maxLength: 64 },
  kubernetesClusterTag: TEXT,
  region: ID,
  vpcid: ID,
  vswitchid: {
    type: 'string',
    pattern: '^([A-Za-z0-9-]*:)?[A-Za-z0-9-]*(,([A-Za-z0-9-]*:)?[A-Za-z0-9-]+)*$',
    description: 'must be vSwitches, or pairs zone:vSwitch, separated by commas',
  },
  zoneid: ID,
  resourceGroupID: ID,
  serviceMaxConcurrentReconciles: { type: 'integer', minimum: 0, maximum: 1000 },
  serviceBackendType: TEXT,
  disablePublicSLB: { type: 'boolean' },
  nodeMaxConcurrentReconciles: COUNT,
  nodeMonitorPeriod: COUNT,
  nodeAddrSyncPeriod: COUNT,
  routeMaxConcurrentReconciles: COUNT,
  routeTableIDs: {
    type: 'string',
    pattern: '^[A-Za-z0-9,\\s-]*$',
    description: 'must be ids of route tables, separated by commas',
  },
  privateZoneId: TEXT,
  privateZoneRecordTTL: COUNT,
  featureGates: TEXT,
};

/** Fields of parts that this version does not serve; set, they change nothing. */
const FIELDS_WITHOUT_EFFECT: readonly string[] = [
  'kubernetesClusterTag',
  'nodeMonitorPeriod',
  'nodeAddrSyncPeriod',
  'routeMaxConcurrentReconciles',
  'privateZoneId',
  'privateZoneRecordTTL',
  'featureGates',
];

const validateFile = new Ajv({ allErrors: true, allowUnionTypes: true, verbose: true }).compile<{
  Global: GlobalSection;
}>({
  type: 'object',
  additionalProperties: false,
  required: ['Global'],
  properties: {
    Global: { type: 'object', additionalProperties: false, properties: GLOBAL_PROPERTIES },
    // What a Kubernetes style file carries beside; the Go CCM does not look at it.
    apiVersion: TEXT,
    kind: TEXT,
  },
});

const NOTHING: CloudConfigFile = { vSwitches: [], routeTableIds: [] };

/**
 * Reads the text of a cloud-config file, YAML or JSON, all under `Global`.
 *
 * Shape: field names in any mix of upper and lower case, as the Go CCM reads them; empty values
 *   count as unset. No message repeats a secret.
 * Source: the Go cloud-controller-manager for Alibaba Cloud, its CCM configuration.
 */
export function readCloudConfigText(text: string): CloudConfigReading {
  let parsed: unknown;
  try {
    parsed = parseYaml(text);
  } catch (error) {
    // The library's message quotes the line, which may hold a key.
    const place = error instanceof YAMLParseError ? error.linePos?.[0] : undefined;
    const where = place === undefined ? '' : ` at line ${place.line}, column ${place.col}`;
    return invalid([`Cannot read cloud-config${where}: it must be YAML or JSON`]);
  }
  const file = withCanonicalNames(parsed);
  if (!validateFile(file)) {
    const errors = validateFile.errors ?? [];
    return invalid([...errors.map(describeError), ...mistakesBeside(file, errors)]);
  }
  return readGlobal(file.Global);
}

/** Judges the fields that are of the right form, so that every mistake is told at once. */
function mistakesBeside(file: unknown, errors: readonly ErrorObject[]): string[] {
  if (!isRecord(file) || !isRecord(file.Global)) return [];
  const wrong = errors.map(({ instancePath }) => instancePath.split('/')[2] ?? '');
  const sound = Object.entries(file.Global).filter(([name]) => !wrong.includes(name));
  return readGlobal(Object.fromEntries(sound)).mistakes.filter(
    (mistake) => !wrong.some((field) => mistake.includes(`"Global.${field}"`)),
  );
}

function readGlobal(section: GlobalSection): CloudConfigReading {
  const mistakes: string[] = [];
  const warnings: string[] = [];
  const idText = filled(section.accessKeyID);
  const secretText = filled(section.accessKeySecret);
  const accessKeyId = decodeKey('accessKeyID', idText, mistakes);
  const accessKeySecret = decodeKey('accessKeySecret', secretText, mistakes);
  if ((idText === undefined) !== (secretText === undefined)) {
    const missing = idText === undefined ? 'accessKeyID' : 'accessKeySecret';
    mistakes.push(
      `Cloud-config field "Global.${missing}" is missing: an access key has an id and a secret`,
    );
  }
  if (filled(textOf(section.uid)) !== undefined && idText !== undefined) {
    mistakes.push(
      'Cloud-config field "Global.uid" is not supported together with an access key: remove it, or let the instance role give the credentials',
    );
  }
  const backendType = filled(section.serviceBackendType);
  if (backendType !== undefined && backendType !== 'ecs') {
    mistakes.push(
      `Cloud-config field "Global.serviceBackendType" is "${backendType}": this version registers nodes only, so it must be empty`,
    );
  }
  if (section.disablePublicSLB === true) {
    mistakes.push(
      'Cloud-config field "Global.disablePublicSLB" is not supported by this version: it must be false',
    );
  }
  const withoutEffect = FIELDS_WITHOUT_EFFECT.filter((field) => {
    const value: unknown = Reflect.get(section, field);
    return value !== undefined && value !== '' && value !== 0;
  });
  if (withoutEffect.length > 0) {
    warnings.push(`Cloud-config fields without effect: ${withoutEffect.join(', ')}`);
  }

  const clusterId = filled(section.clusterID);
  const regionId = filled(section.region);
  const vpcId = filled(section.vpcid);
  const zoneId = filled(section.zoneid);
  const resourceGroupId = filled(section.resourceGroupID);
  const concurrentServiceSyncs = section.serviceMaxConcurrentReconciles ?? 0;
  const concurrentNodeSyncs = section.nodeMaxConcurrentReconciles ?? 0;
  return {
    mistakes,
    warnings,
    content: {
      vSwitches: parseVSwitches(section.vswitchid ?? ''),
      ...(accessKeyId !== undefined &&
        accessKeySecret !== undefined && {
          credentials: { kind: 'accessKey', accessKeyId, accessKeySecret },
        }),
      ...(clusterId !== undefined && { clusterId }),
      ...(regionId !== undefined && { regionId }),
      ...(vpcId !== undefined && { vpcId }),
      ...(zoneId !== undefined && { zoneId }),
      ...(resourceGroupId !== undefined && { resourceGroupId }),
      ...(concurrentServiceSyncs > 0 && { concurrentServiceSyncs }),
      ...(concurrentNodeSyncs > 0 && { concurrentNodeSyncs }),
      routeTableIds: (section.routeTableIDs ?? '')
        .split(',')
        .map((id) => id.trim())
        .filter((id) => id !== ''),
    },
  };
}

/** Reads `zone:vsw,zone:vsw`, `:vsw` or a plain `vsw`. */
function parseVSwitches(text: string): VSwitchSetting[] {
  return text
    .split(',')
    .map((entry): VSwitchSetting => {
      const [first = '', second] = entry.trim().split(':');
      if (second === undefined) return { vSwitchId: first };
      return first === '' ? { vSwitchId: second } : { vSwitchId: second, zoneId: first };
    })
    .filter(({ vSwitchId }) => vSwitchId !== '');
}

function decodeKey(
  field: string,
  encoded: string | undefined,
  mistakes: string[],
): string | undefined {
  if (encoded === undefined) return undefined;
  const compact = encoded.replace(/\s/g, '');
  const isBase64 = /^[A-Za-z0-9+/]+={0,2}$/.test(compact) && compact.length % 4 === 0;
  const decoded = isBase64 ? Buffer.from(compact, 'base64').toString('utf8').trim() : '';
  if (!/^[\x21-\x7e]+$/.test(decoded)) {
    mistakes.push(`Cloud-config field "Global.${field}" must be base64 of the plain text`);
    return undefined;
  }
  return decoded;
}

/** Gives known fields their documented spelling, because the Go CCM takes any. */
function withCanonicalNames(file: unknown): unknown {
  if (!isRecord(file)) return file;
  const sections = renameKeys(file, ['Global', 'apiVersion', 'kind']);
  const section = sections.Global;
  if (isRecord(section)) {
    const fields = renameKeys(section, Object.keys(GLOBAL_PROPERTIES));
    // "key:" with nothing after it is null in YAML, and unset for the Go CCM.
    sections.Global = Object.fromEntries(
      Object.entries(fields).filter(([, value]) => value !== null),
    );
  }
  return sections;
}

function renameKeys(
  record: Readonly<Record<string, unknown>>,
  names: readonly string[],
): Record<string, unknown> {
  const byLowerCase = new Map(names.map((name) => [name.toLowerCase(), name]));
  return Object.fromEntries(
    Object.entries(record).map(([key, value]) => [
      byLowerCase.get(key.toLowerCase()) ?? key,
      value,
    ]),
  );
}

function describeError(error: ErrorObject): string {
  const path = error.instancePath.slice(1).replaceAll('/', '.');
  const params = error.params as Readonly<Record<string, unknown>>;
  if (error.keyword === 'additionalProperties') {
    const field = [path, String(params.additionalProperty)].filter((part) => part !== '');
    return `Cloud-config field "${field.join('.')}" is not known`;
  }
  if (error.keyword === 'required') return 'Cloud-config must have everything under "Global"';
  if (path === '') return 'Cloud-config must have everything under "Global"';
  const { description } = (error.parentSchema ?? {}) as { readonly description?: string };
  const isShape = error.keyword === 'pattern' && description !== undefined;
  return `Cloud-config field "${path}" ${isShape ? description : (error.message ?? 'is wrong')}`;
}

function invalid(mistakes: readonly string[]): CloudConfigReading {
  return { content: NOTHING, mistakes, warnings: [] };
}

function filled(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === '' ? undefined : text.trim();
}

function textOf(value: string | number | undefined): string | undefined {
  return value === undefined ? undefined : String(value);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
