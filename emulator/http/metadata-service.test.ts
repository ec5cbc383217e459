import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { cloudCaller } from '../../test/support/cloud-caller.ts';
import { startLocalCloud, type LocalCloud } from '../../test/support/local-cloud.ts';

let cloud: LocalCloud;

before(async () => {
  cloud = await startLocalCloud({ manualClock: true });
});
afterEach(() => {
  cloud.reset();
});
after(() => cloud.stop());

async function get(path: string, headers: Record<string, string> = {}, method = 'GET') {
  const response = await fetch(`${cloud.url}/latest/${path}`, { headers, method });
  return { status: response.status, text: await response.text() };
}

const TTL = 'X-aliyun-ecs-metadata-token-ttl-seconds';
const TOKEN = 'X-aliyun-ecs-metadata-token';

test('rule metadata-token: with a session token and without', async () => {
  assert.equal((await get('meta-data/region-id')).text, 'cn-hangzhou');
  const made = await get('api/token', { [TTL]: '60' }, 'PUT');
  assert.equal(made.status, 200);
  const withToken = () => get('meta-data/region-id', { [TOKEN]: made.text });
  assert.equal((await withToken()).text, 'cn-hangzhou');
  cloud.advance(60_000);
  assert.equal((await withToken()).status, 403);
  assert.equal((await get('meta-data/region-id', { [TOKEN]: 'forged' })).status, 403);
  for (const seconds of ['0', '21601', 'x']) {
    assert.equal((await get('api/token', { [TTL]: seconds }, 'PUT')).status, 400);
  }
  assert.equal((await get('api/token', {}, 'PUT')).status, 400);
  assert.equal((await get('api/token')).status, 405);
});

test('rule metadata-instance: the tree is that of the first instance', async () => {
  const [node] = cloud.nodes;
  for (const [name, value] of [
    ['instance-id', node?.instanceId],
    ['region-id', cloud.regionId],
    ['zone-id', node?.zone],
    ['vpc-id', cloud.vpcId],
    ['vswitch-id', 'vsw-bp1emulator000000000h'],
    ['private-ipv4', node?.privateIp],
    ['hostname', node?.hostName],
    ['owner-account-id', cloud.accountId],
  ] as const) {
    assert.deepEqual(await get(`meta-data/${name}`), { status: 200, text: value });
  }
  const { text: mac } = await get('meta-data/mac');
  assert.match(mac, /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/);
  assert.equal((await get('meta-data/network/interfaces/macs/')).text, `${mac}/`);
  const folder = `meta-data/network/interfaces/macs/${mac}`;
  assert.equal((await get(`${folder}/primary-ip-address`)).text, node?.privateIp);
  assert.equal((await get(`${folder}/vpc-id`)).text, cloud.vpcId);
  assert.match((await get('meta-data/')).text, /^eipv4|^hostname/);
  assert.equal((await get('meta-data/none')).status, 404);
  assert.equal((await get('other')).status, 404);
  const document = JSON.parse((await get('dynamic/instance-identity/document')).text) as unknown;
  assert.equal((document as { 'instance-id': string })['instance-id'], node?.instanceId);
});

test('rule metadata-role: the role’s key signs, changes in time, and ends', async () => {
  const folder = 'meta-data/ram/security-credentials/';
  const { text: role } = await get(folder);
  assert.equal(role, 'KubernetesWorkerRole');
  const read = async () =>
    JSON.parse((await get(folder + role)).text) as {
      AccessKeyId: string;
      AccessKeySecret: string;
      SecurityToken: string;
      Expiration: string;
      Code: string;
    };
  const first = await read();
  assert.equal(first.Code, 'Success');
  assert.match(first.AccessKeyId, /^STS\./);
  const call = cloudCaller(cloud.url, {
    accessKeyId: first.AccessKeyId,
    accessKeySecret: first.AccessKeySecret,
    securityToken: first.SecurityToken,
  });
  const identity = await call('GetCallerIdentity', {}, { version: '2015-04-01' });
  assert.equal(identity.get('IdentityType'), 'AssumedRoleUser');
  assert.equal(identity.get('AccountId'), cloud.accountId);
  assert.match(identity.text('Arn'), /:assumed-role\/KubernetesWorkerRole\//);

  cloud.advance(3 * 3600_000 - 1);
  assert.equal((await read()).AccessKeyId, first.AccessKeyId);
  cloud.advance(1);
  const second = await read();
  assert.notEqual(second.AccessKeyId, first.AccessKeyId);
  assert.ok(second.Expiration > first.Expiration);
  cloud.advance(3 * 3600_000);
  assert.equal((await call('DescribeRegions')).code, 'InvalidSecurityToken.Expired');
  assert.equal((await get(`${folder}none`)).status, 404);
});

test('metadata requests stand in the call log under a name of their own', async () => {
  await get('meta-data/region-id', { 'user-agent': 'tester' });
  const [call] = cloud.calls();
  assert.deepEqual(
    [call?.action, call?.version, call?.parameters, call?.userAgent, call?.httpStatus],
    [
      'InstanceMetadata',
      'latest',
      { Method: 'GET', Path: '/latest/meta-data/region-id' },
      'tester',
      200,
    ],
  );
});
