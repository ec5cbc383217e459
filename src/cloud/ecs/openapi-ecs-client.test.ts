import assert from 'node:assert/strict';
import test from 'node:test';
import {
  answeringPipeline,
  type ScriptedAnswer,
} from '../../../test/support/answering-pipeline.ts';
import type { CallOptions } from '../call-options.ts';
import { isFailure } from '../failure.ts';
import type { RpcCall } from '../transport/rpc-sender.ts';
import { findEcsCode } from './ecs-error-table.ts';
import { OpenApiEcsClient } from './openapi-ecs-client.ts';

const product = { product: 'ecs', version: '2014-05-26', lookup: findEcsCode } as const;
const options: CallOptions = { signal: new AbortController().signal, lane: 'live' };

function setup(
  answer: (call: RpcCall) => ScriptedAnswer,
  limits?: Parameters<typeof answeringPipeline>[2],
) {
  const { pipeline, calls, clock } = answeringPipeline(product, answer, limits);
  return { ecs: new OpenApiEcsClient(pipeline), calls, clock };
}

const ids = (count: number) => Array.from({ length: count }, (_, index) => `i-${index}`);

/** Instances in pages of ten, which a test may tamper with. */
function instancesByToken(
  count: number,
  tamper: (answer: ScriptedAnswer, page: number) => ScriptedAnswer = (answer) => answer,
) {
  return ({ parameters }: RpcCall): ScriptedAnswer => {
    const page = Number(parameters.NextToken ?? '1');
    const items = ids(count)
      .slice((page - 1) * 10, page * 10)
      .map((InstanceId) => ({ InstanceId }));
    return tamper(
      {
        Instances: { Instance: items },
        ...(page * 10 < count ? { NextToken: `${page + 1}` } : {}),
      },
      page,
    );
  };
}

test('OpenApiEcsClient asks for instances by id, in the endpoint of their region', async () => {
  const { ecs, calls } = setup(instancesByToken(2));
  const found = await ecs.listInstances('cn-beijing', ids(2), options);
  assert.deepEqual(
    found.map(({ id }) => id),
    ['i-0', 'i-1'],
  );
  assert.equal(calls[0]?.regionId, 'cn-beijing');
  assert.deepEqual(calls[0].parameters, {
    RegionId: 'cn-beijing',
    InstanceIds: '["i-0","i-1"]',
    'AdditionalAttributes.1': 'NETWORK_PRIMARY_ENI_IP',
    MaxResults: '100',
  });
});

const complete = [
  { name: 'AllOnThreePages', answer: instancesByToken(25), want: 25, reason: 'Every page counts.' },
  {
    name: 'UnknownIdsAreMissing',
    answer: instancesByToken(3, (answer) => ({ ...answer, TotalCount: 3 })),
    want: 3,
    reason: 'The cloud leaves out what it does not know.',
  },
  {
    name: 'MeaninglessCount',
    answer: instancesByToken(3, (answer) => ({ ...answer, TotalCount: 4_711 })),
    want: 3,
    reason: 'More than was asked for cannot be the length of the answer.',
  },
];

for (const { name, answer, want, reason } of complete) {
  test(`OpenApiEcsClient believes a list that may be complete: ${name}`, async () => {
    const { ecs } = setup(answer);
    assert.equal((await ecs.listInstances('cn-beijing', ids(30), options)).length, want, reason);
  });
}

const incomplete = [
  {
    name: 'CountLarger',
    answer: instancesByToken(3, (answer) => ({ ...answer, TotalCount: 4 })),
    reason: 'One instance did not come.',
  },
  {
    name: 'RepeatedToken',
    answer: instancesByToken(25, (answer) => ({ ...answer, NextToken: '2' })),
    reason: 'The list goes in circles.',
  },
  {
    name: 'LostPage',
    answer: instancesByToken(25, (answer, page) =>
      page === 2 ? { Instances: { Instance: [] }, TotalCount: 25 } : { ...answer, TotalCount: 25 },
    ),
    reason: 'The list ends in the middle.',
  },
  {
    name: 'InstanceWithoutId',
    answer: () => ({ Instances: { Instance: [{ InstanceName: 'name' }] } }),
    reason: 'It may be one of those that would count as gone.',
  },
];

for (const { name, answer, reason } of incomplete) {
  test(`LIFE-05: OpenApiEcsClient refuses to believe a list that is too short: ${name}`, async () => {
    const { ecs } = setup(answer);
    await assert.rejects(
      ecs.listInstances('cn-beijing', ids(30), options),
      (error) => isFailure(error, 'retryable') && error.code === 'IncompleteList',
      reason,
    );
  });
}

test('OpenApiEcsClient asks for nobody without a call, and never for too many', async () => {
  const { ecs, calls } = setup(instancesByToken(0));
  const tooMany = ids(101);
  assert.deepEqual(await ecs.listInstances('r', [], options), []);
  assert.deepEqual(await ecs.listNetworkInterfaces('r', [], options), []);
  assert.deepEqual(await ecs.listDisks('r', [], options), []);
  await assert.rejects(ecs.listInstances('r', tooMany, options), RangeError);
  await assert.rejects(ecs.listNetworkInterfaces('r', tooMany, options), RangeError);
  await assert.rejects(ecs.listDisks('r', tooMany, options), RangeError);
  assert.equal(calls.length, 0, 'A list without a filter would be that of everyone.');
});

test('OpenApiEcsClient reads the others where a region refuses all for one that is gone', async () => {
  const gone = ['i-3', 'i-7'];
  const { ecs, calls } = setup(({ parameters }) => {
    const asked = JSON.parse(parameters.InstanceIds ?? '') as string[];
    if (asked.some((id) => gone.includes(id))) return { Code: 'InvalidInstanceIds.NotFound' };
    return { Instances: { Instance: asked.map((InstanceId) => ({ InstanceId })) } };
  });
  const found = await ecs.listInstances('cn-beijing', ids(10), options);
  assert.deepEqual(
    found.map(({ id }) => id),
    ids(10).filter((id) => !gone.includes(id)),
  );
  assert.ok(calls.length < 2 * 10, `${calls.length} calls`);
});

test('OpenApiEcsClient reads all that nodes are made from', async () => {
  const { ecs } = setup(() => ({
    Instances: {
      Instance: [
        {
          InstanceId: 'i-1',
          InstanceName: 'name',
          HostName: 'host',
          RegionId: 'cn-beijing',
          ZoneId: 'cn-beijing-a',
          InstanceType: 'ecs.g7.large',
          Status: 'Running',
          InstanceChargeType: 'PostPaid',
          SpotStrategy: 'NoSpot',
          OperationLocks: { LockReason: [{ LockReason: 'financial' }, { LockReason: '' }] },
          PublicIpAddress: { IpAddress: ['47.0.0.1'] },
          EipAddress: { IpAddress: '47.0.0.2', AllocationId: 'eip-1', Bandwidth: '5' },
          InnerIpAddress: { IpAddress: [] },
          VpcAttributes: {
            VpcId: 'vpc-1',
            VSwitchId: 'vsw-1',
            PrivateIpAddress: { IpAddress: ['10.0.0.1'] },
          },
          NetworkInterfaces: {
            NetworkInterface: [
              {
                NetworkInterfaceId: 'eni-3',
                Type: 'Secondary',
                PrimaryIpAddress: '10.0.0.30',
              },
              {
                NetworkInterfaceId: 'eni-2',
                Type: 'Trunk',
                PrivateIpSets: {
                  PrivateIpSet: [
                    { PrivateIpAddress: '10.0.0.21', Primary: false },
                    { PrivateIpAddress: '10.0.0.20', Primary: true },
                  ],
                },
              },
              {
                NetworkInterfaceId: 'eni-9',
                Type: 'Primary',
                PrimaryIpAddress: '10.0.0.1',
                PrivateIpSets: {
                  PrivateIpSet: [
                    { PrivateIpAddress: '10.0.0.7', Primary: false },
                    { PrivateIpAddress: '10.0.0.1', Primary: true },
                  ],
                },
                Ipv6Sets: { Ipv6Set: [{ Ipv6Address: '2001:db8::1' }] },
              },
            ],
          },
          Tags: { Tag: [{ TagKey: 'k', TagValue: 'v' }] },
        },
        { InstanceId: 'i-2' },
      ],
    },
  }));
  assert.deepEqual(await ecs.listInstances('cn-beijing', ['i-1', 'i-2'], options), [
    {
      id: 'i-1',
      name: 'name',
      hostName: 'host',
      regionId: 'cn-beijing',
      zoneId: 'cn-beijing-a',
      vpcId: 'vpc-1',
      vSwitchId: 'vsw-1',
      instanceType: 'ecs.g7.large',
      status: 'Running',
      chargeType: 'PostPaid',
      spotStrategy: 'NoSpot',
      lockReasons: ['financial'],
      publicIps: ['47.0.0.1'],
      elasticIp: '47.0.0.2',
      innerIps: [],
      privateIps: ['10.0.0.1'],
      interfaces: [
        {
          id: 'eni-9',
          type: 'Primary',
          privateIps: ['10.0.0.1', '10.0.0.7'],
          ipv6s: ['2001:db8::1'],
        },
        { id: 'eni-2', type: 'Secondary', privateIps: ['10.0.0.20', '10.0.0.21'], ipv6s: [] },
        { id: 'eni-3', type: 'Secondary', privateIps: ['10.0.0.30'], ipv6s: [] },
      ],
      tags: [{ key: 'k', value: 'v' }],
    },
    {
      id: 'i-2',
      name: '',
      hostName: '',
      regionId: '',
      zoneId: '',
      vpcId: '',
      vSwitchId: '',
      instanceType: '',
      status: '',
      chargeType: '',
      spotStrategy: '',
      lockReasons: [],
      publicIps: [],
      elasticIp: '',
      innerIps: [],
      privateIps: [],
      interfaces: [],
      tags: [],
    },
  ]);
});

test('OpenApiEcsClient finds instances by their addresses within one VPC', async () => {
  const { ecs, calls } = setup(instancesByToken(1));
  const place = { regionId: 'cn-beijing', vpcId: 'vpc-1' };
  assert.equal((await ecs.listInstancesByPrivateIp(place, ['10.0.0.1'], options)).length, 1);
  assert.deepEqual(calls[0]?.parameters, {
    RegionId: 'cn-beijing',
    VpcId: 'vpc-1',
    InstanceNetworkType: 'vpc',
    PrivateIpAddresses: '["10.0.0.1"]',
    'AdditionalAttributes.1': 'NETWORK_PRIMARY_ENI_IP',
    MaxResults: '100',
  });
  assert.deepEqual(await ecs.listInstancesByPrivateIp(place, [], options), []);
  assert.equal(calls.length, 1);
});

test('OpenApiEcsClient reads network interfaces with their check', async () => {
  const { ecs, calls } = setup(() => ({
    NetworkInterfaceSets: {
      NetworkInterfaceSet: [
        {
          NetworkInterfaceId: 'eni-1',
          InstanceId: 'i-1',
          Type: 'Primary',
          SourceDestCheck: true,
        },
        {
          NetworkInterfaceId: 'eni-2',
          Attachment: { InstanceId: 'i-2' },
          SourceDestCheck: 'false',
        },
        { NetworkInterfaceId: 'eni-3' },
      ],
    },
  }));
  const asked = ['eni-1', 'eni-2', 'eni-3'];
  assert.deepEqual(await ecs.listNetworkInterfaces('cn-beijing', asked, options), [
    { id: 'eni-1', instanceId: 'i-1', type: 'Primary', sourceDestCheck: true },
    { id: 'eni-2', instanceId: 'i-2', type: 'Secondary', sourceDestCheck: false },
    { id: 'eni-3', instanceId: '', type: 'Secondary', sourceDestCheck: false },
  ]);
  assert.deepEqual(calls[0]?.parameters, {
    RegionId: 'cn-beijing',
    'NetworkInterfaceId.1': 'eni-1',
    'NetworkInterfaceId.2': 'eni-2',
    'NetworkInterfaceId.3': 'eni-3',
    MaxResults: '100',
  });
});

test('OpenApiEcsClient reads disks', async () => {
  const { ecs, calls } = setup(() => ({
    Disks: {
      Disk: [
        {
          DiskId: 'd-1',
          RegionId: 'cn-beijing',
          ZoneId: 'cn-beijing-a',
          Category: 'cloud_essd',
          Status: 'In_use',
        },
      ],
    },
    TotalCount: 1,
  }));
  assert.deepEqual(await ecs.listDisks('cn-beijing', ['d-1', 'd-2'], options), [
    {
      id: 'd-1',
      regionId: 'cn-beijing',
      zoneId: 'cn-beijing-a',
      category: 'cloud_essd',
      status: 'In_use',
    },
  ]);
  assert.deepEqual(calls[0]?.parameters, {
    RegionId: 'cn-beijing',
    DiskIds: '["d-1","d-2"]',
    MaxResults: '100',
  });
});

test('OpenApiEcsClient switches the check of one interface at a time, of others meanwhile', async () => {
  const { ecs, calls, clock } = setup(() => ({ RequestId: 'R' }), { spacingMs: 300, takesMs: 50 });
  const writes = Promise.all([
    ecs.setSourceDestCheck('cn-beijing', 'eni-1', false, options),
    ecs.setSourceDestCheck('cn-beijing', 'eni-1', true, options),
    ecs.setSourceDestCheck('cn-beijing', 'eni-2', false, options),
  ]);
  await clock.advance(1_000);
  await writes;
  assert.deepEqual(
    calls.map(({ parameters, atMs }) => [
      parameters.NetworkInterfaceId,
      parameters.SourceDestCheck,
      atMs,
    ]),
    [
      ['eni-1', 'false', 0],
      ['eni-2', 'false', 0],
      ['eni-1', 'true', 350],
    ],
  );
});

const refusals = [
  { code: 'InvalidOperation.InvalidEniState', kind: 'conflict' },
  { code: 'InvalidEniId.NotFound', kind: 'notfound' },
  { code: 'Forbidden.RAM', kind: 'terminal' },
  { code: 'Throttling.User', kind: 'throttled' },
] as const;

for (const { code, kind } of refusals) {
  test(`OpenApiEcsClient answers ${code} with ${kind}`, async () => {
    const { ecs } = setup(() => ({ Code: code, Message: 'words', RequestId: 'R' }));
    await assert.rejects(
      ecs.setSourceDestCheck('cn-beijing', 'eni-1', false, options),
      (error) => isFailure(error, kind) && error.code === code,
    );
  });
}
