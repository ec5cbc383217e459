import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { KubectlError } from '../support/kubectl.ts';
import { PATIENT_LEASES } from '../support/node-scene.ts';
import { eventually, pause, startOperatorWorld } from '../support/operator-world.ts';

const world = await startOperatorWorld({ instances: 1 });
const { cloud } = world;
const { kubectl } = world.cluster;

const ON = ['--controllers=persistentvolume-label-controller', ...PATIENT_LEASES];
const CSI_DRIVER = 'diskplugin.csi.alibabacloud.com';
const REGION = 'topology.kubernetes.io/region';
const ZONE = 'topology.kubernetes.io/zone';
const LEGACY_REGION = 'failure-domain.beta.kubernetes.io/region';
const LEGACY_ZONE = 'failure-domain.beta.kubernetes.io/zone';
// Nobody here runs who takes the finalizer away that guards volumes in use.
const RELEASE = ['--type=merge', '-p', '{"metadata":{"finalizers":null}}'];
const LABELS = { [REGION]: cloud.regionId, [ZONE]: 'cn-hangzhou-h' };

interface Volume {
  readonly metadata: {
    readonly name: string;
    readonly resourceVersion: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec: { readonly nodeAffinity?: object };
}

interface VolumeWish {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** A CSI volume of the disk of its name unless given. */
  readonly source?: object;
  readonly terms?: readonly object[];
}

let since = 0;

beforeEach(async () => {
  await world.stopOperators();
  await kubectl.run('delete', '--raw', '/api/v1/persistentvolumes');
  await kubectl.run('delete', '--raw', '/apis/events.k8s.io/v1/namespaces/default/events');
  const { items } = await kubectl.get<{ readonly items: readonly Volume[] }>('pv');
  await Promise.all(
    items.map(({ metadata }) => kubectl.run('patch', 'pv', metadata.name, ...RELEASE)),
  );
  since = cloud.calls().at(-1)?.seq ?? 0;
});

function seedDisks(ids: readonly string[], zoneId = 'cn-hangzhou-h'): void {
  cloud.admin.seed({ disks: ids.map((diskId) => ({ diskId, zoneId })) });
}

function volume(name: string, wish: VolumeWish = {}): object {
  const { labels, annotations, terms } = wish;
  const source = wish.source ?? { csi: { driver: CSI_DRIVER, volumeHandle: name } };
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name, labels, annotations },
    spec: {
      capacity: { storage: '20Gi' },
      accessModes: ['ReadWriteOnce'],
      ...source,
      ...(terms !== undefined && { nodeAffinity: { required: { nodeSelectorTerms: terms } } }),
    },
  };
}

async function create(...items: readonly object[]): Promise<void> {
  await kubectl.runWithInput({ apiVersion: 'v1', kind: 'List', items }, 'create', '-f', '-');
}

function get(name: string): Promise<Volume> {
  return kubectl.get<Volume>('pv', name);
}

function labelled(name: string, labels: object = LABELS): Promise<Volume> {
  return eventually(async () => {
    const found = await get(name);
    assert.deepEqual(found.metadata.labels ?? {}, labels);
    return found;
  });
}

function eventOn(name: string, reason: string): Promise<string> {
  return eventually(async () => {
    const found = (await world.events('default')).find(
      ({ regarding, reason: given }) =>
        regarding.kind === 'PersistentVolume' && regarding.name === name && given === reason,
    );
    assert.ok(found !== undefined, `${reason} on ${name}`);
    assert.equal(found.type, 'Warning');
    return found.note;
  });
}

function diskReads(): number {
  return cloud.calls(since).filter(({ action }) => action === 'DescribeDisks').length;
}

async function volumeWrites(): Promise<number> {
  const writes = await world.operatorWrites();
  return writes.filter(({ objectRef }) => objectRef?.resource === 'persistentvolumes').length;
}

function inTerm(...requirements: readonly (readonly [string, string])[]): object {
  return {
    matchExpressions: requirements.map(([key, value]) => ({
      key,
      operator: 'In',
      values: [value],
    })),
  };
}

test('PV-01 PV-02 PV-05: a disk without affinity gets labels and affinity, once and for all', async () => {
  seedDisks(['d-plain1']);
  await create(volume('d-plain1'));
  const before = await volumeWrites();
  await world.startOperator(...ON);
  const { spec } = await labelled('d-plain1');
  assert.deepEqual(spec.nodeAffinity, {
    required: {
      nodeSelectorTerms: [inTerm([REGION, cloud.regionId], [ZONE, 'cn-hangzhou-h'])],
    },
  });
  assert.equal((await volumeWrites()) - before, 1, 'Both in one write');

  const other = { required: { nodeSelectorTerms: [inTerm([ZONE, 'cn-hangzhou-i'])] } };
  await assert.rejects(
    kubectl.run('patch', 'pv', 'd-plain1', '-p', JSON.stringify({ spec: { nodeAffinity: other } })),
    KubectlError,
    'The API server refuses to change it',
  );
  // A label that is taken away comes back, and the affinity is not written again.
  await kubectl.run('label', 'pv', 'd-plain1', `${ZONE}-`);
  assert.deepEqual((await labelled('d-plain1')).spec.nodeAffinity, spec.nodeAffinity);
});

test('PV-01: legacy labels are written where the flag asks for them', async () => {
  seedDisks(['d-legacy1']);
  await create(volume('d-legacy1'));
  await world.startOperator(...ON, '--legacy-topology-labels');
  await labelled('d-legacy1', {
    ...LABELS,
    [LEGACY_REGION]: cloud.regionId,
    [LEGACY_ZONE]: 'cn-hangzhou-h',
  });
});

test('PV-02 PV-05 PV-09: an affinity that is there stays, whatever its terms', async () => {
  const cases = [
    { name: 'd-driver1', terms: [inTerm(['topology.diskplugin.csi.alibabacloud.com/zone', 'z'])] },
    { name: 'd-zone1', terms: [inTerm([ZONE, 'cn-hangzhou-i'])] },
    { name: 'd-terms1', terms: [inTerm(['a', 'b']), inTerm(['c', 'd'])] },
  ];
  seedDisks(cases.map(({ name }) => name));
  await create(...cases.map(({ name, terms }) => volume(name, { terms })));
  await world.startOperator(...ON);
  for (const { name, terms } of cases) {
    const { spec } = await labelled(name);
    assert.deepEqual(spec.nodeAffinity, { required: { nodeSelectorTerms: terms } }, name);
  }
});

test('PV-03: a volume made for a claim with both labels is trusted, unasked', async () => {
  seedDisks(['d-made1', 'd-half1']);
  const annotations = { 'pv.kubernetes.io/provisioned-by': CSI_DRIVER };
  const trusted = { [REGION]: 'elsewhere', [ZONE]: 'elsewhere-a' };
  await create(
    volume('d-made1', { annotations, labels: trusted }),
    volume('d-half1', { annotations, labels: { [REGION]: cloud.regionId } }),
  );
  const { metadata } = await get('d-made1');
  await world.startOperator(...ON);
  await labelled('d-half1');
  const after = await labelled('d-made1', trusted);
  assert.equal(after.metadata.resourceVersion, metadata.resourceVersion);
  const [call, ...others] = cloud.calls(since).filter(({ action }) => action === 'DescribeDisks');
  assert.deepEqual(others, []);
  assert.doesNotMatch(JSON.stringify(call?.parameters), /d-made1/);
});

test('PV-03: a label that contradicts the disk is told of, and nothing is written', async () => {
  seedDisks(['d-wrong1']);
  const labels = { [ZONE]: 'cn-hangzhou-k' };
  await create(volume('d-wrong1', { labels }));
  const before = await get('d-wrong1');
  await world.startOperator(...ON);
  assert.match(
    await eventOn('d-wrong1', 'TopologyMismatch'),
    /zone is "cn-hangzhou-k", but disk "d-wrong1" is in "cn-hangzhou-h"/,
  );
  assert.deepEqual(await get('d-wrong1'), before);
  // The person corrects the label, and all goes on.
  await kubectl.run('label', 'pv', 'd-wrong1', `${ZONE}-`);
  const { spec } = await labelled('d-wrong1');
  assert.ok(spec.nodeAffinity !== undefined);
});

test('PV-04: only disks of this cloud are looked at', async () => {
  seedDisks(['d-flex1']);
  const left = {
    nfs: { nfs: { server: '10.0.0.1', path: '/' } },
    foreign: { csi: { driver: 'ebs.csi.aws.com', volumeHandle: 'd-flex1' } },
    placeholder: { csi: { driver: CSI_DRIVER, volumeHandle: 'placeholder-for-provisioning' } },
    oss: { flexVolume: { driver: 'alicloud/oss', options: { volumeId: 'd-flex1' } } },
  };
  await create(
    ...Object.entries(left).map(([name, source]) => volume(name, { source })),
    volume('flex', {
      source: { flexVolume: { driver: 'alicloud/disk', options: { volumeId: 'd-flex1' } } },
    }),
  );
  await world.startOperator(...ON);
  await labelled('flex');
  await pause(1_000);
  for (const name of Object.keys(left)) {
    const { metadata, spec } = await get(name);
    assert.deepEqual([metadata.labels, spec.nodeAffinity], [undefined, undefined], name);
  }
  assert.equal(diskReads(), 1);
});

test('PV-07: what was created while nobody was here is labelled afterwards', async () => {
  seedDisks(['d-early1', 'd-late1', 'd-live1']);
  const first = await world.startOperator(...ON);
  await create(volume('d-early1'));
  await labelled('d-early1');
  await first.stop();
  await create(volume('d-late1'));
  await world.startOperator(...ON);
  await labelled('d-late1');
  await create(volume('d-live1'));
  await labelled('d-live1');
});

test('PV-08: a disk that does not exist is told of, and asked for ever more rarely', async () => {
  await create(
    volume('d-nowhere1'),
    volume('d-odd', { source: { csi: { driver: CSI_DRIVER, volumeHandle: 'my-data' } } }),
  );
  await world.startOperator(...ON);
  assert.match(await eventOn('d-nowhere1', 'DiskNotFound'), /does not know disk "d-nowhere1"/);
  assert.match(await eventOn('d-odd', 'InvalidDiskId'), /"my-data" is not the id of a disk/);
  await pause(4_000);
  assert.equal(diskReads(), 1, 'The first wait is five seconds');
  seedDisks(['d-nowhere1']);
  await labelled('d-nowhere1');
  assert.equal(diskReads(), 2);
});

test('PV-08: a volume that is made again does not wait for as long as its predecessor', async () => {
  await create(volume('d-again1'));
  await world.startOperator(...ON);
  await eventOn('d-again1', 'DiskNotFound');
  await kubectl.run('patch', 'pv', 'd-again1', ...RELEASE);
  await kubectl.run('delete', 'pv', 'd-again1');
  await create(volume('d-again1'));
  await eventually(() => {
    assert.equal(diskReads(), 2);
  });
  seedDisks(['d-again1']);
  const startMs = performance.now();
  await labelled('d-again1');
  const tookMs = performance.now() - startMs;
  assert.ok(tookMs < 8_000, `It took ${tookMs} ms`);
});

test('a disk of the whole region gets no zone, and is not asked for again', async () => {
  cloud.admin.seed({ disks: [{ diskId: 'd-region1', category: 'cloud_regional_disk_auto' }] });
  await create(volume('d-region1'));
  const first = await world.startOperator(...ON);
  const { spec } = await labelled('d-region1', { [REGION]: cloud.regionId });
  assert.deepEqual(spec.nodeAffinity, {
    required: { nodeSelectorTerms: [inTerm([REGION, cloud.regionId])] },
  });
  await first.stop();
  assert.equal(diskReads(), 1);
  await world.startOperator(...ON);
  await pause(2_000);
  assert.equal(diskReads(), 1);
});

test('a denied permission is told of on the volume', async () => {
  seedDisks(['d-denied1']);
  cloud.addFault({ action: 'DescribeDisks', kind: 'error', code: 'Forbidden.RAM', times: 0 });
  try {
    await create(volume('d-denied1'));
    await world.startOperator(...ON);
    assert.match(await eventOn('d-denied1', 'LabelingFailed'), /Forbidden\.RAM/);
  } finally {
    cloud.removeFaults();
  }
});

test('250 volumes are asked for in three calls, and none is after a restart', async () => {
  const ids = Array.from({ length: 250 }, (_, index) => `d-many${index}`);
  seedDisks(ids);
  await create(...ids.map((id) => volume(id)));
  const first = await world.startOperator(...ON);
  await eventually(async () => {
    const { items } = await kubectl.get<{ readonly items: readonly Volume[] }>('pv');
    assert.equal(items.filter(({ metadata }) => metadata.labels?.[ZONE] !== undefined).length, 250);
  }, 60_000);
  assert.equal(diskReads(), 3);
  await first.stop();

  const [calls, writes] = [cloud.calls().length, await volumeWrites()];
  await world.startOperator(...ON);
  await pause(3_000);
  assert.equal(cloud.calls().length, calls, 'No call at all');
  assert.equal(await volumeWrites(), writes);
});
