import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '../../src/operator/config/config.ts';
import { CONTROLLERS } from '../../src/operator/controllers/controllers.ts';
import {
  manifestOf,
  podTemplateOf,
  renderChart,
  rulesOf,
  type Manifest,
  type RoleRule,
} from '../support/chart-manifests.ts';

const ROUTES = 'operator.clusterCidr=172.16.0.0/16';
const EVERYTHING = ['operator.controllers=*,node-ipam-controller', ROUTES];

/** The controllers that the program runs with the arguments of the chart. */
async function controllersOfProgram(manifests: readonly Manifest[]): Promise<readonly string[]> {
  const reading = await readConfig({
    argv: podTemplateOf(manifests).spec.containers[0].args,
    env: {},
    version: 'test',
    readFile: () => Promise.resolve('Global: {}'),
  });
  assert.ok(reading.kind === 'config', JSON.stringify(reading));
  const { controllers, isDryRun } = reading.config;
  return CONTROLLERS.filter(({ name, canObserve }) => {
    return controllers.has(name) && (canObserve || !isDryRun);
  })
    .map(({ name }) => name)
    .toSorted();
}

/** The controllers for which the chart grants permissions. */
function controllersOfChart(manifests: readonly Manifest[]): readonly string[] {
  const { metadata } = manifestOf(manifests, 'ClusterRole');
  const list = metadata.annotations?.['networking.alibabacloud.com/controllers'] ?? '';
  return list === '' ? [] : list.split(',');
}

/** Writes each permission as `verb group/resource`. */
function permissionsOf(rules: readonly RoleRule[]): readonly string[] {
  const permissions = rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) => verbs.map((verb) => `${verb} ${group}/${resource}`)),
    ),
  );
  return [...new Set(permissions)].toSorted();
}

const lists = [
  { list: '*', settings: [] },
  { list: '*', settings: [ROUTES] },
  { list: ' , ', settings: [ROUTES] },
  { list: '*,-service', settings: [] },
  { list: '-service-lb-controller, *', settings: [ROUTES] },
  { list: 'service', settings: [ROUTES] },
  { list: 'node', settings: [] },
  { list: 'cloud-node,-node', settings: [] },
  { list: '-cloud-node,node', settings: [] },
  { list: 'route', settings: [ROUTES] },
  { list: 'route', settings: [] },
  { list: 'route', settings: [ROUTES, 'operator.configureCloudRoutes=false'] },
  { list: '*,nodeipam', settings: [ROUTES] },
  { list: '*,-node-ipam-controller,node-ipam-controller', settings: [ROUTES] },
  { list: 'pvtz,ingress,-nlb,persistentvolume-label-controller', settings: [] },
  { list: 'pvtz', settings: [] },
  { list: '-service', settings: [] },
  { list: '*', settings: [ROUTES, 'operator.defaultImplementation=false'] },
  { list: 'node', settings: ['operator.defaultImplementation=false'] },
  { list: '*,node-ipam-controller', settings: [ROUTES, 'operator.dryRun=true'] },
];

for (const { list, settings } of lists) {
  test(`chart MIG-01 MIG-03: permissions are for what the program runs: "${list}" ${settings.join(' ')}`, async () => {
    const manifests = await renderChart(`operator.controllers=${list}`, ...settings);
    assert.deepEqual(controllersOfChart(manifests), await controllersOfProgram(manifests));
  });
}

/** What every controller needs. */
const COMMON = ['create events.k8s.io/events', 'get /namespaces', 'patch events.k8s.io/events'];
const ROUTE_TABLES = 'networking.alibabacloud.com/alibabaroutetables';
const LOAD_BALANCERS = 'networking.alibabacloud.com/alibabaloadbalancers';

const permissions = [
  {
    controller: 'cloud-node-controller',
    want: ['get /nodes', 'list /nodes', 'patch /nodes', 'patch /nodes/status', 'watch /nodes'],
  },
  {
    controller: 'cloud-node-lifecycle-controller',
    want: ['delete /nodes', 'get /nodes', 'list /nodes', 'patch /nodes', 'watch /nodes'],
  },
  {
    controller: 'node-ipam-controller',
    want: ['get /nodes', 'list /nodes', 'patch /nodes', 'watch /nodes'],
  },
  {
    controller: 'node-route-controller',
    want: [
      ...['list /nodes', 'patch /nodes/status', 'watch /nodes', `patch ${ROUTE_TABLES}/status`],
      ...['create', 'delete', 'list', 'patch', 'watch'].map((v) => `${v} ${ROUTE_TABLES}`),
    ],
  },
  {
    controller: 'persistentvolume-label-controller',
    want: ['list', 'patch', 'watch'].map((verb) => `${verb} /persistentvolumes`),
  },
  {
    controller: 'service-lb-controller',
    want: [
      ...['list /nodes', 'watch /nodes', 'patch /services/status'],
      ...['get', 'list', 'patch', 'watch'].map((verb) => `${verb} /services`),
      ...['list', 'watch'].map((verb) => `${verb} discovery.k8s.io/endpointslices`),
      ...['create', 'delete', 'get', 'list', 'patch', 'watch'].map((v) => `${v} ${LOAD_BALANCERS}`),
      `patch ${LOAD_BALANCERS}/status`,
    ],
  },
];

for (const { controller, want } of permissions) {
  test(`chart SEC-01 MIG-03: alone, ${controller} is granted its own permissions only`, async () => {
    const manifests = await renderChart(`operator.controllers=${controller}`, ROUTES);
    const granted = permissionsOf(rulesOf(manifests, 'ClusterRole'));
    assert.deepEqual(granted, [...COMMON, ...want].toSorted());
  });
}

test('chart SEC-01: together they are granted what each is, without a wildcard, and no Secrets', async () => {
  const rules = rulesOf(await renderChart(...EVERYTHING), 'ClusterRole');
  const each = permissions.flatMap(({ want }) => want);
  assert.deepEqual(permissionsOf(rules), [...new Set([...COMMON, ...each])].toSorted());
  const words = new Set(
    rules.flatMap(({ apiGroups, resources, verbs }) => [...apiGroups, ...resources, ...verbs]),
  );
  assert.ok(!words.has('*'));
  assert.ok(!words.has('secrets'));
});

test('chart SEC-01: nodes are deleted by nobody but the life cycle controller', async () => {
  const manifests = await renderChart(
    'operator.controllers=*,node-ipam-controller,-cloud-node-lifecycle',
    ROUTES,
  );
  const granted = permissionsOf(rulesOf(manifests, 'ClusterRole'));
  assert.ok(granted.includes('patch /nodes'));
  assert.ok(!granted.includes('delete /nodes'));
});

test('chart SEC-01: with a cluster id given, no namespace is read', async () => {
  const manifests = await renderChart('cloudConfig.clusterID=c1');
  const granted = permissionsOf(rulesOf(manifests, 'ClusterRole'));
  assert.ok(!granted.includes('get /namespaces'));
});

const leases = [
  { name: 'Usual', settings: [], want: ['alibaba-cloud-operator', 'ccm'] },
  {
    name: 'OwnClassOnly',
    settings: ['operator.defaultImplementation=false'],
    want: ['alibaba-cloud-operator'],
  },
  {
    name: 'DryRun',
    settings: ['operator.dryRun=true', 'operator.leaderMigration.enabled=true'],
    want: ['alibaba-cloud-operator'],
  },
  {
    name: 'Migration',
    settings: ['operator.leaderMigration.enabled=true'],
    want: ['alibaba-cloud-operator', 'ccm', 'cloud-provider-extraction-migration'],
  },
  {
    name: 'NamedMigration',
    settings: [
      'operator.leaderMigration.enabled=true',
      'operator.leaderMigration.leaseName=handover',
    ],
    want: ['alibaba-cloud-operator', 'ccm', 'handover'],
  },
];

for (const { name, settings, want } of leases) {
  test(`chart SEC-02 MIG-06: leases are named where a name can be given: ${name}`, async () => {
    const manifests = await renderChart(...settings);
    const role = manifestOf(manifests, 'Role');
    assert.equal(role.metadata.namespace, 'kube-system');
    for (const { resources, verbs, resourceNames } of rulesOf(manifests, 'Role')) {
      assert.deepEqual(resources, ['leases']);
      if (resourceNames === undefined) assert.deepEqual(verbs, ['create']);
      else assert.deepEqual(resourceNames, want);
    }
  });
}

const migrations = [
  {
    name: 'Default',
    settings: [],
    lease: 'cloud-provider-extraction-migration',
    want: ['cloud-node-lifecycle-controller', 'node-route-controller', 'service-lb-controller'],
    hasFile: false,
  },
  {
    name: 'OtherLease',
    settings: ['operator.leaderMigration.leaseName=handover'],
    lease: 'handover',
    want: ['cloud-node-lifecycle-controller', 'node-route-controller', 'service-lb-controller'],
    hasFile: true,
  },
  {
    name: 'OneController',
    settings: [
      'operator.leaderMigration.controllerLeaders[0].name=route',
      'operator.leaderMigration.controllerLeaders[0].component=*',
    ],
    lease: 'cloud-provider-extraction-migration',
    want: ['node-route-controller'],
    hasFile: true,
  },
];

for (const { name, settings, lease, want, hasFile } of migrations) {
  test(`chart MIG-06: leader migration is read as the values say it: ${name}`, async () => {
    const manifests = await renderChart('operator.leaderMigration.enabled=true', ...settings);
    const { args } = podTemplateOf(manifests).spec.containers[0];
    const path = '--leader-migration-config=/etc/alibaba-cloud-operator-migration/config.yaml';
    assert.equal(args.includes(path), hasFile);
    const file = manifests.find(({ metadata }) => metadata.name.endsWith('-leader-migration')) as
      { readonly data: Readonly<Record<string, string>> } | undefined;
    const reading = await readConfig({
      argv: args,
      env: {},
      version: 'test',
      readFile: (asked) =>
        Promise.resolve(
          asked.includes('migration') ? (file?.data['config.yaml'] ?? '') : 'Global: {}',
        ),
    });
    assert.ok(reading.kind === 'config', JSON.stringify(reading));
    const { migration } = reading.config.leaderElection;
    assert.equal(migration?.lease.name, lease);
    assert.deepEqual([...migration.controllers].toSorted(), want);
  });
}
