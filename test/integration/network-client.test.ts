import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { createEmulator } from '../../emulator/emulator.ts';
import {
  DEFAULT_ACCOUNT,
  DEFAULT_SEED,
  seedInstances,
  type CloudSeed,
} from '../../emulator/model/cloud-seed.ts';
import type { CallOptions } from '../../src/cloud/call-options.ts';
import { createCloudClients } from '../../src/cloud/cloud-clients.ts';
import type { Clock } from '../../src/cloud/clock.ts';
import { isFailure } from '../../src/cloud/failure.ts';
import type { HttpSender } from '../../src/cloud/transport/http-exchange.ts';
import {
  DEFAULT_CLOUD_SETTINGS,
  type CloudSettings,
} from '../../src/cloud/transport/cloud-settings.ts';
import { routeEntryFailure } from '../../src/cloud/vpc/route-entry-failure.ts';
import type { NewRouteEntry } from '../../src/cloud/vpc/vpc-client.ts';
import { SystemClock, SystemRandomness } from '../../src/operator/system-clock.ts';
import { LocalCloudDoor } from '../support/local-cloud-door.ts';
import { startLocalCloud, type LocalCloud } from '../support/local-cloud.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const live: CallOptions = { signal: new AbortController().signal, lane: 'live' };
const VPC_ID = DEFAULT_SEED.vpcs?.[0]?.vpcId ?? '';
const TABLE_ID = DEFAULT_SEED.vpcs?.[0]?.routeTables?.[0]?.routeTableId ?? '';
const REGION = 'cn-hangzhou';

/** Clients of a cloud on this host, or of one in this process. */
function connect(
  host: string,
  more: Partial<CloudSettings> = {},
  inProcess?: { readonly clock: Clock; readonly http: HttpSender; readonly token?: string },
) {
  const { http, token = '' } = inProcess ?? {};
  return createCloudClients(
    {
      ...DEFAULT_CLOUD_SETTINGS,
      regionId: REGION,
      endpoints: { vpc: host, ecs: host, sts: host },
      scheme: 'http',
      credentials: {
        kind: 'accessKey',
        accessKeyId: 'emulator',
        accessKeySecret: 'emulator-secret',
      },
      clusterId: 'c-test',
      operatorVersion: '0.0.0',
      readWindowMs: 20,
      ...more,
    },
    {
      clock: inProcess?.clock ?? new SystemClock(),
      randomness: new SystemRandomness(),
      mayWrite: () => true,
      metrics: { observeCall: () => undefined },
      logger: { debug: () => undefined, info: () => undefined, warn: () => undefined },
      readFile: () => Promise.resolve(token),
      ...(http === undefined ? {} : { http }),
    },
  );
}

function route(index: number, nextHopId: string): NewRouteEntry {
  return {
    routeTableId: TABLE_ID,
    destinationCidr: `172.20.${index}.0/24`,
    nextHopId,
    nextHopType: 'Instance',
    ipVersion: 'IPv4',
    name: `route-${index}`,
  };
}

describe('the clients of VPC and ECS against the local cloud', () => {
  let cloud: LocalCloud;
  let clients: ReturnType<typeof connect>;
  let instanceId = '';

  before(async () => {
    cloud = await startLocalCloud({ instances: 130 });
    clients = connect(new URL(cloud.url).host);
    instanceId = cloud.instanceIds[0] ?? '';
  });

  beforeEach(() => {
    cloud.removeFaults();
  });

  after(async () => {
    clients.close();
    await cloud.stop();
  });

  test('finds the VPC and its route tables', async () => {
    assert.deepEqual((await clients.vpc.findVpc(VPC_ID, live))?.cidrBlocks, ['10.0.0.0/8']);
    assert.equal(await clients.vpc.findVpc('vpc-none', live), undefined);
    const tables = await clients.vpc.listRouteTables(VPC_ID, live);
    assert.deepEqual(
      tables.map(({ id, type }) => [id, type]),
      [[TABLE_ID, 'System']],
    );
    assert.equal((await clients.vpc.findRouteTable(TABLE_ID, live))?.vpcId, VPC_ID);
    assert.equal(await clients.vpc.findRouteTable('vtb-none', live), undefined);
  });

  test('creates routes in batches, tells what failed, and deletes them', async () => {
    const routes = Array.from({ length: 60 }, (_, index) => route(index, instanceId));
    const answers = await Promise.all([
      clients.vpc.createRouteEntries(VPC_ID, routes.slice(0, 50), live),
      clients.vpc.createRouteEntries(VPC_ID, routes.slice(50), live),
    ]);
    assert.deepEqual(
      answers.map(({ failed }) => failed),
      [[], []],
      'Two writes at a time do not meet in one VPC.',
    );
    const entries = await clients.vpc.listRouteEntries(TABLE_ID, live);
    const ours = entries.filter(({ name }) => name.startsWith('route-'));
    assert.equal(ours.length, 60);
    assert.deepEqual(
      { ...ours[0], id: '', status: '' },
      {
        id: '',
        routeTableId: TABLE_ID,
        name: 'route-0',
        description: '',
        destinationCidr: '172.20.0.0/24',
        ipVersion: 'IPv4',
        type: 'Custom',
        status: '',
        nextHops: [{ type: 'Instance', id: instanceId }],
      },
    );
    assert.ok(entries.some(({ type }) => type === 'System'));

    const again = await clients.vpc.createRouteEntries(
      VPC_ID,
      [route(0, instanceId), route(200, 'i-none'), route(201, instanceId)],
      live,
    );
    assert.deepEqual(
      again.failed.map((entry) => [entry.destinationCidr, routeEntryFailure('create', entry).kind]),
      [
        ['172.20.0.0/24', 'conflict'],
        ['172.20.200.0/24', 'retryable'],
      ],
    );
    const removed = await clients.vpc.deleteRouteEntries(
      VPC_ID,
      [...routes.slice(0, 48), route(250, instanceId)],
      live,
    );
    assert.deepEqual(
      removed.failed.map((entry) => routeEntryFailure('delete', entry).kind),
      ['notfound'],
    );
  });

  test('says that routes whose answer was lost may be there', async () => {
    cloud.addFault({ kind: 'lose-answer', action: 'CreateRouteEntries', times: 1 });
    await assert.rejects(
      clients.vpc.createRouteEntries(VPC_ID, [route(220, instanceId)], live),
      (error) => isFailure(error, 'retryable') && error.ambiguous,
    );
    const entries = await clients.vpc.listRouteEntries(TABLE_ID, live);
    assert.ok(entries.some(({ name }) => name === 'route-220'));
    assert.equal(
      cloud.calls().filter(({ parameters }) => parameters['RouteEntries.1.Name'] === 'route-220')
        .length,
      1,
      'A write is never sent twice.',
    );
  });

  test('answers an unknown route table with notfound', async () => {
    await assert.rejects(clients.vpc.listRouteEntries('vtb-none', live), (error) =>
      isFailure(error, 'notfound'),
    );
  });

  test('reads instances in few calls and leaves out those that do not exist', async () => {
    const from = cloud.calls().length;
    const asked = [...cloud.instanceIds, 'i-none'];
    const found = await Promise.all(
      asked.map((id) => clients.ecsReads.findInstance(REGION, id, live)),
    );
    assert.deepEqual(
      found.map((instance) => instance?.id),
      [...cloud.instanceIds, undefined],
    );
    assert.deepEqual(
      cloud.calls(from).map(({ action }) => action),
      ['DescribeInstances', 'DescribeInstances'],
    );
    const [first] = found;
    assert.equal(first?.status, 'Running');
    assert.equal(first.regionId, REGION);
    assert.equal(first.vpcId, VPC_ID);
    assert.equal(first.interfaces[0]?.type, 'Primary');
    assert.deepEqual(first.interfaces[0].privateIps, first.privateIps);
  });

  test('finds instances by their private addresses', async () => {
    const address = cloud.nodes[1]?.privateIp ?? '';
    const place = { regionId: REGION, vpcId: VPC_ID };
    const found = await clients.ecs.listInstancesByPrivateIp(place, [address, '10.9.9.9'], live);
    assert.deepEqual(
      found.map(({ id }) => id),
      [cloud.instanceIds[1]],
    );
  });

  test('switches the source/destination check off', async () => {
    const instance = await clients.ecsReads.findInstance(REGION, instanceId, live);
    const interfaceId = instance?.interfaces[0]?.id ?? '';
    const find = () => clients.ecsReads.findNetworkInterface(REGION, interfaceId, live);
    assert.deepEqual(await find(), {
      id: interfaceId,
      instanceId,
      type: 'Primary',
      sourceDestCheck: true,
    });
    await clients.ecs.setSourceDestCheck(REGION, interfaceId, false, live);
    assert.equal((await find())?.sourceDestCheck, false);
    assert.equal(await clients.ecsReads.findNetworkInterface(REGION, 'eni-none', live), undefined);
  });

  test('reads disks with their zones', async () => {
    cloud.admin.seed({
      disks: [{ diskId: 'd-1', zoneId: 'cn-hangzhou-h', category: 'cloud_essd' }],
    });
    const disk = await clients.ecsReads.findDisk(REGION, 'd-1', live);
    assert.deepEqual(
      [disk?.regionId, disk?.zoneId, disk?.category],
      [REGION, 'cn-hangzhou-h', 'cloud_essd'],
    );
    assert.equal(await clients.ecsReads.findDisk(REGION, 'd-none', live), undefined);
  });

  test('says which permission is missing', async () => {
    cloud.addFault({ kind: 'deny', action: 'DescribeInstances' });
    await assert.rejects(
      clients.ecs.listInstances(REGION, [instanceId], live),
      (error) => isFailure(error, 'terminal') && error.message.includes('"ecs:DescribeInstances"'),
    );
  });
});

describe('roles against the local cloud', () => {
  const ROLE = `acs:ram::${DEFAULT_ACCOUNT}:role/operator`;
  const ISSUER = 'https://oidc.example.com';
  const seed: CloudSeed = {
    ...DEFAULT_SEED,
    instances: seedInstances(1),
    accessKeys: [
      ...(DEFAULT_SEED.accessKeys ?? []),
      { accessKeyId: 'user-key', accessKeySecret: 'user-secret', userName: 'user' },
    ],
    oidcProviders: [{ name: 'cluster', issuer: ISSUER, clientIds: ['sts.aliyuncs.com'] }],
    ramRoles: [
      { name: 'operator', trustedSubjects: ['system:serviceaccount:kube-system:operator'] },
    ],
  };

  function connectWith(credentials: CloudSettings['credentials'], claims: object = {}) {
    const clock = new VirtualClock();
    const emulator = createEmulator({ seed, clock });
    const text = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
    const token = [
      { alg: 'RS256' },
      {
        iss: ISSUER,
        sub: 'system:serviceaccount:kube-system:operator',
        aud: ['sts.aliyuncs.com'],
        exp: Math.floor(clock.now() / 1_000) + 86_400,
        ...claims,
      },
      { signature: true },
    ].map(text);
    const http = new LocalCloudDoor(emulator, clock);
    const clients = connect(
      'cloud.test',
      { credentials },
      { clock, http, token: `${token.join('.')}\n` },
    );
    return { clients, clock, emulator };
  }

  const oidc = {
    kind: 'oidcRole',
    roleArn: ROLE,
    oidcProviderArn: `acs:ram::${DEFAULT_ACCOUNT}:oidc-provider/cluster`,
    tokenFile: '/var/run/token',
  } as const;

  test('SEC-08: takes the role of the service account, and a new one before it ends', async () => {
    const { clients, clock, emulator } = connectWith(oidc);
    const { accountId } = await clock.until(clients.identity(live.signal));
    assert.equal(accountId, DEFAULT_ACCOUNT);
    for (let hours = 0; hours < 5; hours += 0.25) {
      await clock.advance(15 * 60_000);
      await clock.until(clients.vpc.findVpc(VPC_ID, live));
    }
    const calls = emulator.admin.calls();
    assert.deepEqual(
      calls.flatMap(({ code }) => code ?? []),
      [],
      'No call ever had ended credentials.',
    );
    const taken = calls.filter(({ action }) => action === 'AssumeRoleWithOIDC').length;
    assert.ok(taken >= 5 && taken <= 8, `${taken} roles in five hours`);
  });

  test('takes a role with the key of a user', async () => {
    const { clients, clock } = connectWith({
      kind: 'assumedRole',
      roleArn: ROLE,
      accessKeyId: 'user-key',
      accessKeySecret: 'user-secret',
    });
    const { arn } = await clock.until(clients.sts.getCallerIdentity(live));
    assert.equal(arn, `acs:ram::${DEFAULT_ACCOUNT}:assumed-role/operator/alibaba-cloud-operator`);
  });

  const refused = [
    {
      name: 'AnotherServiceAccount',
      claims: { sub: 'system:serviceaccount:default:other' },
      code: 'AuthenticationFail.NoPermission',
    },
    {
      name: 'AnotherAudience',
      claims: { aud: 'other' },
      code: 'AuthenticationFail.OIDCToken.AudienceNotMatch',
    },
    {
      name: 'AnotherIssuer',
      claims: { iss: 'https://other.example.com' },
      code: 'AuthenticationFail.OIDCToken.IssuerNotMatch',
    },
    { name: 'Ended', claims: { exp: 1 }, code: 'AuthenticationFail.OIDCToken.Expired' },
  ];

  for (const { name, claims, code } of refused) {
    test(`says why the role cannot be taken: ${name}`, async () => {
      const { clients, clock } = connectWith(oidc, claims);
      await assert.rejects(
        clock.until(clients.vpc.findVpc(VPC_ID, live)),
        (error) => isFailure(error) && error.code === code && !error.message.includes('eyJ'),
      );
    });
  }
});
