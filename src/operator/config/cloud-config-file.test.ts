import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCloudConfigText } from './cloud-config-file.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

test('B-60: readCloudConfigText: a whole file, with the keys decoded', () => {
  const reading = readCloudConfigText(`
Global:
  clusterID: c-1
  accessKeyID: ${base64('LTAI-id')}
  accessKeySecret: ${base64('s3cret')}
  region: cn-hangzhou
  vpcid: vpc-1
  vswitchid: "cn-hangzhou-b:vsw-b,:vsw-x,vsw-y"
  zoneid: cn-hangzhou-b
  resourceGroupID: rg-1
  serviceMaxConcurrentReconciles: 7
  nodeMaxConcurrentReconciles: 3
  routeTableIDs: vtb-1, vtb-2 ,
`);
  assert.deepEqual(reading.mistakes, []);
  assert.deepEqual(reading.warnings, []);
  assert.deepEqual(reading.content, {
    vSwitches: [
      { vSwitchId: 'vsw-b', zoneId: 'cn-hangzhou-b' },
      { vSwitchId: 'vsw-x' },
      { vSwitchId: 'vsw-y' },
    ],
    credentials: { kind: 'accessKey', accessKeyId: 'LTAI-id', accessKeySecret: 's3cret' },
    clusterId: 'c-1',
    regionId: 'cn-hangzhou',
    vpcId: 'vpc-1',
    zoneId: 'cn-hangzhou-b',
    resourceGroupId: 'rg-1',
    concurrentServiceSyncs: 7,
    concurrentNodeSyncs: 3,
    // Blanks around the ids do not count, as they do for the Go CCM.
    routeTableIds: ['vtb-1', 'vtb-2'],
  });
});

test('readCloudConfigText: JSON, other spellings of names, and empty values count as unset', () => {
  const reading = readCloudConfigText(
    JSON.stringify({ global: { ClusterId: 'c-2', accessKeyID: '', region: '  ', vpcID: 'vpc-2' } }),
  );
  assert.deepEqual(reading.mistakes, []);
  assert.deepEqual(reading.content, {
    vSwitches: [],
    clusterId: 'c-2',
    vpcId: 'vpc-2',
    routeTableIds: [],
  });
});

const mistakes = [
  { name: 'NotAnObject', text: '- 1', want: [/everything under "Global"/] },
  { name: 'NoGlobal', text: 'global2: {}', want: [/under "Global"/, /"global2" is not known/] },
  {
    name: 'EveryMistakeAtOnce',
    text: 'Global: {clusterIdd: x, region: "cn hangzhou", disablePublicSLB: "yes"}',
    want: [
      /"Global\.clusterIdd" is not known/,
      /"Global\.region" must consist of/,
      /"Global\.disablePublicSLB"/,
    ],
  },
  {
    name: 'MistakesOfFormAndOfSense',
    text: 'Global: {region: 7, accessKeyID: "not base64!", accessKeySecret: 7, disablePublicSLB: true}',
    want: [
      /"Global\.accessKeySecret" must be string/,
      /"Global\.region" must be string/,
      /"Global\.accessKeyID" must be base64/,
      /"Global\.disablePublicSLB" is not supported/,
    ],
  },
  { name: 'HalfAKey', text: `Global: {accessKeyID: ${base64('id')}}`, want: [/accessKeySecret/] },
  {
    name: 'PlainTextKey',
    text: 'Global: {accessKeyID: LTAI-plain, accessKeySecret: "not base64!"}',
    want: [/accessKeyID" must be base64/, /accessKeySecret" must be base64/],
  },
  {
    name: 'RoleByUid',
    text: `Global: {uid: "1", accessKeyID: ${base64('id')}, accessKeySecret: ${base64('sec')}}`,
    want: [/Global\.uid/],
  },
  { name: 'PodBackends', text: 'Global: {serviceBackendType: eni}', want: [/serviceBackendType/] },
  { name: 'NoPublic', text: 'Global: {disablePublicSLB: true}', want: [/disablePublicSLB/] },
];

for (const { name, text, want } of mistakes) {
  test(`readCloudConfigText: ${name}`, () => {
    const reading = readCloudConfigText(text);
    assert.equal(reading.mistakes.length, want.length, reading.mistakes.join('\n'));
    want.forEach((pattern, index) => {
      assert.match(reading.mistakes[index] ?? '', pattern);
    });
  });
}

test('readCloudConfigText: a file that is no YAML is named by its place, and not quoted', () => {
  const reading = readCloudConfigText('Global:\n  accessKeySecret: "c2VjcmV0\n');
  assert.equal(reading.mistakes.length, 1);
  assert.match(reading.mistakes[0] ?? '', /line \d+/);
  assert.ok(!(reading.mistakes[0] ?? '').includes('c2VjcmV0'));
});

test('readCloudConfigText: fields of parts that are not served are named in one warning', () => {
  const reading = readCloudConfigText('Global: {privateZoneId: "p-1", featureGates: "A=true"}');
  assert.deepEqual(reading.mistakes, []);
  assert.equal(reading.warnings.length, 1);
  assert.match(reading.warnings[0] ?? '', /privateZoneId, featureGates/);
});
