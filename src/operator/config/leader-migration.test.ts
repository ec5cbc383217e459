import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig, type Config } from './config.ts';

async function read(
  argv: readonly string[],
  migrationFile?: string,
): Promise<Config | readonly string[]> {
  const reading = await readConfig({
    argv,
    env: {},
    version: '1.2.3',
    readFile: () =>
      migrationFile === undefined
        ? Promise.reject(new Error('no such file'))
        : Promise.resolve(migrationFile),
  });
  assert.ok(reading.kind !== 'text');
  return reading.kind === 'config' ? reading.config : reading.mistakes;
}

async function configOf(argv: readonly string[], migrationFile?: string): Promise<Config> {
  const config = await read(argv, migrationFile);
  assert.ok('version' in config, JSON.stringify(config));
  return config;
}

const ON = '--enable-leader-migration';
const WITH_FILE = [ON, '--leader-migration-config=file'];

test('MIG-06: without the switch no lease of a migration is asked for', async () => {
  const { leaderElection } = await configOf([]);
  assert.equal(leaderElection.migration, undefined);
});

test('MIG-06: the switch alone hands routes, Services and the life cycle of nodes over', async () => {
  const { leaderElection } = await configOf([ON, '--leader-elect-resource-namespace=cloud']);
  assert.deepEqual(leaderElection.migration?.lease, {
    namespace: 'cloud',
    name: 'cloud-provider-extraction-migration',
  });
  assert.deepEqual(
    [...leaderElection.migration.controllers].sort(),
    ['cloud-node-lifecycle-controller', 'node-route-controller', 'service-lb-controller'],
    'The controller that initialises nodes runs under the main lease',
  );
});

const FILE = `
apiVersion: controllermanager.config.k8s.io/v1
kind: LeaderMigrationConfiguration
leaderName: handover
controllerLeaders:
  - {name: route, component: "*"}
  - {name: cloud-node-lifecycle-controller, component: cloud-controller-manager}
  - {name: service, component: kube-controller-manager}
  - {name: garbage-collector-controller, component: kube-controller-manager}
`;

test('MIG-06: a file replaces the default wholly, and takes away what belongs to the other', async () => {
  const { leaderElection, controllers } = await configOf(WITH_FILE, FILE);
  assert.equal(leaderElection.migration?.lease.name, 'handover');
  assert.deepEqual(
    [...leaderElection.migration.controllers],
    ['node-route-controller', 'cloud-node-lifecycle-controller'],
  );
  assert.equal(controllers.has('service-lb-controller'), false);
  assert.equal(controllers.has('cloud-node-controller'), true);
});

const mistakes: readonly {
  readonly name: string;
  readonly argv: readonly string[];
  readonly file?: string;
  readonly want: readonly RegExp[];
}[] = [
  {
    name: 'a file without the switch',
    argv: ['--leader-migration-config=file'],
    file: FILE,
    want: [/needs "--enable-leader-migration"/],
  },
  { name: 'a file that cannot be read', argv: WITH_FILE, want: [/"file": no such file/] },
  {
    name: 'no leader election',
    argv: [ON, '--leader-elect=false'],
    want: [/needs "--leader-elect=true"/],
  },
  {
    name: 'another kind, and a member that is not known',
    argv: WITH_FILE,
    file: 'apiVersion: v1\nkind: ConfigMap\nleaderName: x\ndata: {}',
    want: [/additional properties/, /"apiVersion" must be/, /"kind" must be/],
  },
  {
    name: 'an entry without a component',
    argv: WITH_FILE,
    file: `${FILE}  - {name: route}`,
    want: [/"controllerLeaders\/4" must have required property 'component'/],
  },
  { name: 'no YAML', argv: WITH_FILE, file: '{', want: [/Cannot read leader migration/] },
];
for (const { name, argv, file, want } of mistakes) {
  test(`MIG-06 MIG-07: ${name} ends the program with a mistake`, async () => {
    const found = await read(argv, file);
    assert.ok(!('version' in found), 'The configuration was accepted');
    assert.equal(found.length, want.length, found.join('; '));
    for (const pattern of want)
      assert.ok(
        found.some((mistake) => pattern.test(mistake)),
        `${pattern}`,
      );
  });
}
