import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import {
  CHART,
  helm,
  kindsOf,
  manifestOf,
  podTemplateOf,
  renderChart,
  type PodTemplate,
} from '../support/chart-manifests.ts';

const ROOT = path.join(CHART, '../..');

/** The pods of the chart with these settings. */
async function podsWith(...settings: readonly string[]): Promise<PodTemplate> {
  return podTemplateOf(await renderChart(...settings));
}

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;
const matrix: readonly {
  readonly name: string;
  readonly settings: readonly string[];
  readonly see: (pods: PodTemplate) => unknown;
  readonly want: unknown;
}[] = [
  {
    name: 'image tag',
    settings: ['image.repository=example.com/operator', 'image.tag=1.2.3'],
    see: ({ spec }) => spec.containers[0].image,
    want: 'example.com/operator:1.2.3',
  },
  {
    name: 'image digest',
    settings: ['image.tag=1.2.3', `image.digest=${digest}`],
    see: ({ spec }) => spec.containers[0].image,
    want: `alibaba-cloud-operator@${digest}`,
  },
  {
    name: 'pull policy',
    settings: ['image.pullPolicy=Always'],
    see: ({ spec }) => spec.containers[0].imagePullPolicy,
    want: 'Always',
  },
  {
    name: 'pull secrets',
    settings: ['image.pullSecrets[0]=one', 'image.pullSecrets[1]=two'],
    see: ({ spec }) => spec.imagePullSecrets,
    want: [{ name: 'one' }, { name: 'two' }],
  },
  {
    name: 'resources',
    settings: ['resources.limits.memory=1Gi'],
    see: ({ spec }) => spec.containers[0].resources,
    want: { requests: { cpu: '100m', memory: '160Mi' }, limits: { memory: '1Gi' } },
  },
  {
    name: 'node selector',
    settings: ['nodeSelector.pool=system'],
    see: ({ spec }) => spec.nodeSelector,
    want: { pool: 'system' },
  },
  {
    name: 'affinity',
    settings: ['affinity.nodeAffinity.x=y'],
    see: ({ spec }) => spec.affinity,
    want: { nodeAffinity: { x: 'y' } },
  },
  {
    name: 'tolerations',
    settings: ['tolerations[0].operator=Exists'],
    see: ({ spec }) => spec.tolerations,
    want: [{ operator: 'Exists' }],
  },
  {
    name: 'spread',
    settings: ['topologySpreadConstraints[0].topologyKey=rack'],
    see: ({ spec }) => spec.topologySpreadConstraints,
    want: [{ topologyKey: 'rack' }],
  },
  {
    name: 'priority',
    settings: ['priorityClassName=mine'],
    see: ({ spec }) => spec.priorityClassName,
    want: 'mine',
  },
  {
    name: 'pod security context',
    settings: ['podSecurityContext.runAsUser=1000'],
    see: ({ spec }) => (spec.securityContext as { readonly runAsUser: number }).runAsUser,
    want: 1000,
  },
  {
    name: 'container security context',
    settings: ['securityContext.privileged=false'],
    see: ({ spec }) =>
      (spec.containers[0].securityContext as { readonly privileged: boolean }).privileged,
    want: false,
  },
  {
    name: 'further flags',
    settings: ['operator.extraArgs={--kube-api-qps=50}'],
    see: ({ spec }) => spec.containers[0].args.at(-1),
    want: '--kube-api-qps=50',
  },
  {
    name: 'further variables',
    settings: ['operator.extraEnv[0].name=A', 'operator.extraEnv[0].value=b'],
    see: ({ spec }) => spec.containers[0].env.at(-1),
    want: { name: 'A', value: 'b' },
  },
  {
    name: 'further volumes',
    settings: [
      'extraVolumes[0].name=more',
      'extraVolumeMounts[0].name=more',
      'extraVolumeMounts[0].mountPath=/more',
    ],
    see: ({ spec }) => [spec.volumes?.at(-1), spec.containers[0].volumeMounts.at(-1)],
    want: [{ name: 'more' }, { name: 'more', mountPath: '/more' }],
  },
  {
    name: 'labels',
    settings: ['podLabels.team=a'],
    see: ({ metadata }) => (metadata as { readonly labels: { readonly team: string } }).labels.team,
    want: 'a',
  },
  {
    name: 'annotations',
    settings: ['podAnnotations.note=a'],
    see: ({ metadata }) =>
      (metadata as { readonly annotations: { readonly note: string } }).annotations.note,
    want: 'a',
  },
  {
    name: 'account of others',
    settings: ['serviceAccount.create=false', 'serviceAccount.name=theirs'],
    see: ({ spec }) => spec.serviceAccountName,
    want: 'theirs',
  },
];

for (const { name, settings, see, want } of matrix) {
  test(`chart PKG-04: can be set: ${name}`, async () => {
    assert.deepEqual(see(await podsWith(...settings)), want);
  });
}

test('chart PKG-04: roles and account can be left to others, each by itself', async () => {
  const roles = ['ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding'];
  const withoutRoles = kindsOf(await renderChart('rbac.create=false'));
  assert.deepEqual(
    roles.filter((kind) => withoutRoles.includes(kind)),
    [],
  );
  assert.ok(withoutRoles.includes('ServiceAccount'));
  const theirs = ['serviceAccount.create=false', 'serviceAccount.name=theirs'];
  const withoutAccount = await renderChart(...theirs);
  assert.ok(!kindsOf(withoutAccount).includes('ServiceAccount'));
  for (const kind of ['ClusterRoleBinding', 'RoleBinding']) {
    const { subjects } = manifestOf(withoutAccount, kind) as unknown as {
      readonly subjects: readonly { readonly name: string }[];
    };
    assert.deepEqual(
      subjects.map((subject) => subject.name),
      ['theirs'],
    );
  }
});

test('chart PKG-08: it says which Kubernetes it fits, and its version of the program is the tag of the image', async () => {
  const chart = parse(await readFile(path.join(CHART, 'Chart.yaml'), 'utf8')) as {
    readonly appVersion: string;
    readonly version: string;
  };
  const { version } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8')) as {
    readonly version: string;
  };
  assert.equal(chart.appVersion, version);
  assert.match(chart.version, /^\d+\.\d+\.\d+$/);
  const { spec } = await podsWith();
  assert.equal(spec.containers[0].image, `alibaba-cloud-operator:${version}`);
  await helm(['template', 'test', CHART, '--kube-version', '1.31.0']);
  await assert.rejects(
    helm(['template', 'test', CHART, '--kube-version', '1.30.9']),
    /chart requires kubeVersion: >=1\.31\.0-0 which is incompatible with Kubernetes v1\.30\.9/,
  );
});

const configurations = [
  { name: 'Same', settings: ['operator.logLevel=info'], changes: false },
  { name: 'RouteTables', settings: ['cloudConfig.routeTableIDs=vtb-1'], changes: true },
  { name: 'ClusterId', settings: ['cloudConfig.clusterID=c1'], changes: true },
  {
    name: 'Migration',
    settings: ['operator.leaderMigration.enabled=true', 'operator.leaderMigration.leaseName=other'],
    changes: true,
  },
  {
    name: 'KeyOnly',
    settings: ['credentials.accessKeyId=a', 'credentials.accessKeySecret=b'],
    changes: false,
  },
];

for (const { name, settings, changes } of configurations) {
  test(`chart PKG-09: another configuration takes other pods, and another key none: ${name}`, async () => {
    const checksum = ({ metadata }: PodTemplate): string | undefined =>
      (metadata as { readonly annotations: Readonly<Record<string, string>> }).annotations[
        'checksum/config'
      ];
    const before = checksum(await podsWith());
    assert.match(before ?? '', /^[0-9a-f]{64}$/);
    assert.equal(checksum(await podsWith(...settings)) !== before, changes);
  });
}

test('chart PKG-09: probes ask for health, requests and a limit are set, and the heap stays within the limit', async () => {
  const [container] = (await podsWith()).spec.containers;
  const probe = (name: string): unknown =>
    (container[name] as { readonly httpGet: { readonly path: string } }).httpGet.path;
  assert.deepEqual([probe('livenessProbe'), probe('readinessProbe')], ['/healthz', '/readyz']);
  assert.deepEqual(container.resources, {
    requests: { cpu: '100m', memory: '160Mi' },
    limits: { memory: '512Mi' },
  });
  const options = container.env.find(({ name }) => name === 'NODE_OPTIONS');
  assert.match(options?.value ?? '', /^--max-old-space-size-percentage=[5-8]\d$/);
});

test('chart SEC-08: a role for the service account takes a token of its own, and no key', async () => {
  const manifests = await renderChart(
    'rrsa.enable=true',
    'rrsa.roleArn=acs:ram::100:role/operator',
    'rrsa.oidcProviderArn=acs:ram::100:oidc-provider/ack-rrsa-c1',
  );
  const { volumes, containers } = podTemplateOf(manifests).spec;
  const environment = Object.fromEntries(
    containers[0].env.map(({ name, value }) => [name, value] as const),
  );
  assert.equal(environment.ALIBABA_CLOUD_ROLE_ARN, 'acs:ram::100:role/operator');
  assert.equal(
    environment.ALIBABA_CLOUD_OIDC_PROVIDER_ARN,
    'acs:ram::100:oidc-provider/ack-rrsa-c1',
  );
  const mount = containers[0].volumeMounts.find(({ name }) => name === 'rrsa-oidc-token');
  assert.equal(environment.ALIBABA_CLOUD_OIDC_TOKEN_FILE, `${mount?.mountPath ?? ''}/token`);
  assert.deepEqual(volumes?.find(({ name }) => name === 'rrsa-oidc-token')?.projected, {
    sources: [
      {
        serviceAccountToken: {
          path: 'token',
          audience: 'sts.aliyuncs.com',
          expirationSeconds: 3600,
        },
      },
    ],
  });
  const { annotations } = manifestOf(manifests, 'ServiceAccount').metadata;
  assert.equal(annotations, undefined, 'No webhook is to add a second token');
});

test('chart SEC-08: where a webhook gives pods their token, only the service account names the role', async () => {
  const manifests = await renderChart(
    'rrsa.enable=true',
    'rrsa.roleName=operator',
    'serviceAccount.annotations.note=kept',
  );
  assert.deepEqual(manifestOf(manifests, 'ServiceAccount').metadata.annotations, {
    note: 'kept',
    'pod-identity.alibabacloud.com/role-name': 'operator',
  });
  const { volumes, containers } = podTemplateOf(manifests).spec;
  assert.ok(containers[0].env.every(({ name }) => !name.startsWith('ALIBABA_CLOUD_')));
  assert.ok(volumes?.every(({ name }) => name !== 'rrsa-oidc-token'));
});

test('image SEC-11: it has a numeric user, a runtime of one version and the program, and needs no shell', async () => {
  const file = await readFile(path.join(ROOT, 'hack/build/Dockerfile'), 'utf8');
  const { devDependencies } = JSON.parse(
    await readFile(path.join(ROOT, 'package.json'), 'utf8'),
  ) as { readonly devDependencies: { readonly node: string } };
  assert.match(file, new RegExp(`^ARG NODE_VERSION=${devDependencies.node}$`, 'm'));
  assert.match(file, /^USER 65532:65532$/m);
  // The form of a list is run without a shell.
  assert.match(file, /^ENTRYPOINT \["node", "\/operator\/operator\.js"\]$/m);
  const copied = [...file.matchAll(/^COPY (?:--\S+ )*(.+) \.\/$/gm)].flatMap(([, names = '']) =>
    names.split(' '),
  );
  assert.deepEqual(copied.toSorted(), ['LICENSE', 'dist/operator.js', 'package.json']);
});
