import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findPublishedOperation } from './api-catalog.ts';
import type { Answer } from './operation-context.ts';
import { wholeAnswer } from './whole-answer.ts';

/** The answer of an operation with what it has to tell in any case. */
function whole(version: string, action: string, answer: Answer): unknown {
  const operation = findPublishedOperation(version, action);
  if (operation === undefined) throw new Error(`No ${action} is published`);
  return wholeAnswer(operation, answer);
}

const ECS = '2014-05-26';

/** The first item of the only list of an answer. */
function firstOf(answer: unknown, list: string, item: string): Record<string, unknown> {
  const lists = (answer as Record<string, Record<string, Record<string, unknown>[]>>)[list];
  return lists?.[item]?.[0] ?? {};
}

test('rule answer-lists: a list that has nothing is empty, within the items of lists too', () => {
  const eni = { NetworkInterfaceId: 'eni-1', Attachment: {} };
  const shown = firstOf(
    whole(ECS, 'DescribeNetworkInterfaces', {
      NetworkInterfaceSets: { NetworkInterfaceSet: [eni] },
    }),
    'NetworkInterfaceSets',
    'NetworkInterfaceSet',
  );
  assert.deepEqual(
    [shown.Ipv4PrefixSets, shown.Ipv6Sets, shown.NetworkInterfaceId],
    [{ Ipv4PrefixSet: [] }, { Ipv6Set: [] }, 'eni-1'],
  );
  assert.equal('QueueNumber' in shown, false);
  assert.deepEqual(whole('2016-04-28', 'DescribeVpcs', {}), { Vpcs: { Vpc: [] } });
});

test('rule answer-lists: load balancers tell what they told before', () => {
  assert.deepEqual(whole('2014-05-15', 'DescribeLoadBalancers', {}), {});
});

test('rule answer-instances: an instance tells every member, empty for what it has not', () => {
  const answer = whole(ECS, 'DescribeInstances', {
    Instances: { Instance: [{ InstanceId: 'i-1', EipAddress: { IpAddress: '' } }] },
  });
  const shown = firstOf(answer, 'Instances', 'Instance');
  assert.deepEqual(shown.MetadataOptions, {
    HttpEndpoint: '',
    HttpPutResponseHopLimit: 0,
    HttpTokens: '',
    InstanceMetadataTags: '',
  });
  assert.deepEqual(
    [shown.InstanceId, shown.KeyPairName, shown.GPUAmount, shown.EnableNVS],
    ['i-1', '', 0, false],
  );
  assert.equal((shown.EipAddress as Record<string, unknown>).Bandwidth, 0);
  assert.equal((answer as Record<string, unknown>).NextToken, '');
  assert.equal('RequestId' in (answer as object), false);
});
