import assert from 'node:assert/strict';
import test from 'node:test';
import {
  answeringPipeline,
  type ScriptedAnswer,
} from '../../../test/support/answering-pipeline.ts';
import type { CallOptions } from '../call-options.ts';
import { isFailure } from '../failure.ts';
import type { RpcCall } from '../transport/rpc-sender.ts';
import { OpenApiVpcClient } from './openapi-vpc-client.ts';
import type { NewRouteEntry } from './vpc-client.ts';
import { findVpcCode } from './vpc-error-table.ts';

const product = { product: 'vpc', version: '2016-04-28', lookup: findVpcCode } as const;
const options: CallOptions = { signal: new AbortController().signal, lane: 'live' };

function setup(
  answer: (call: RpcCall) => ScriptedAnswer,
  limits?: Parameters<typeof answeringPipeline>[2],
) {
  const { pipeline, calls, clock } = answeringPipeline(product, answer, limits);
  const vpc = new OpenApiVpcClient({ pipeline, regionId: () => Promise.resolve('cn-hangzhou') });
  return { vpc, calls, clock };
}

function cidrOf(index: number): string {
  return `172.20.${index}.0/24`;
}

/** Entries of a table in pages by token, which a test may tamper with. */
function entriesByToken(
  count: number,
  tamper: (answer: ScriptedAnswer, page: number) => ScriptedAnswer = (answer) => answer,
) {
  return ({ parameters }: RpcCall): ScriptedAnswer => {
    const size = 100;
    const page = Number(parameters.NextToken ?? '1');
    const items = Array.from({ length: count }, (_, index) => ({
      RouteEntryId: `rte-${index}`,
      DestinationCidrBlock: cidrOf(index),
    })).slice((page - 1) * size, page * size);
    const more = page * size < count;
    return tamper(
      { RouteEntrys: { RouteEntry: items }, ...(more ? { NextToken: String(page + 1) } : {}) },
      page,
    );
  };
}

const completeEntries = [
  { name: 'None', answer: entriesByToken(0), want: 0, wantCalls: 1 },
  { name: 'OnePage', answer: entriesByToken(7), want: 7, wantCalls: 1 },
  { name: 'ThreePages', answer: entriesByToken(250), want: 250, wantCalls: 3 },
  {
    name: 'EmptyTokenAtTheEnd',
    answer: entriesByToken(7, (answer) => ({ ...answer, NextToken: '' })),
    want: 7,
    wantCalls: 1,
  },
  {
    name: 'CountThatFits',
    answer: entriesByToken(250, (answer) => ({ ...answer, TotalCount: 250 })),
    want: 250,
    wantCalls: 3,
  },
];

for (const { name, answer, want, wantCalls } of completeEntries) {
  test(`OpenApiVpcClient follows every page of a route table: ${name}`, async () => {
    const { vpc, calls } = setup(answer);
    const entries = await vpc.listRouteEntries('vtb-1', options);
    assert.equal(new Set(entries.map(({ id }) => id)).size, want);
    assert.equal(calls.length, wantCalls);
    assert.deepEqual(calls[0]?.parameters, {
      RegionId: 'cn-hangzhou',
      RouteTableId: 'vtb-1',
      MaxResult: '500',
    });
  });
}

const incompleteEntries = [
  {
    name: 'RepeatedToken',
    answer: entriesByToken(250, (answer) => ({ ...answer, NextToken: '2' })),
    reason: 'A list that goes in circles never ends, and says nothing about what is not on it.',
  },
  {
    name: 'CountLarger',
    answer: entriesByToken(7, (answer) => ({ ...answer, TotalCount: 8 })),
    reason: 'One entry did not come.',
  },
  {
    name: 'LostPage',
    answer: entriesByToken(250, (answer, page) =>
      page === 2
        ? { RouteEntrys: { RouteEntry: [] }, TotalCount: 250 }
        : { ...answer, TotalCount: 250 },
    ),
    reason: 'The list ends in the middle.',
  },
];

for (const { name, answer, reason } of incompleteEntries) {
  test(`LIFE-05: OpenApiVpcClient refuses to believe entries that are too few: ${name}`, async () => {
    const { vpc } = setup(answer);
    await assert.rejects(
      vpc.listRouteEntries('vtb-1', options),
      (error) => isFailure(error, 'retryable') && error.code === 'IncompleteList',
      reason,
    );
  });
}

/** Route tables in numbered pages, which a test may tamper with. */
function tablesByPage(
  count: number,
  tamper: (items: ScriptedAnswer[], page: number) => ScriptedAnswer[] = (items) => items,
  totalCount: unknown = count,
) {
  return ({ parameters }: RpcCall): ScriptedAnswer => {
    const page = Number(parameters.PageNumber);
    const size = Number(parameters.PageSize);
    const all = Array.from({ length: count }, (_, index) => ({
      RouteTableId: `vtb-${index}`,
      VpcId: 'vpc-1',
      RouteTableType: index === 0 ? 'System' : 'Custom',
    }));
    return {
      RouterTableList: {
        RouterTableListType: tamper(all.slice((page - 1) * size, page * size), page),
      },
      ...(totalCount === undefined ? {} : { TotalCount: totalCount }),
    };
  };
}

test('OpenApiVpcClient follows every page of route tables', async () => {
  const { vpc, calls } = setup(tablesByPage(120));
  const tables = await vpc.listRouteTables('vpc-1', options);
  assert.equal(tables.length, 120);
  assert.deepEqual(tables[0], {
    id: 'vtb-0',
    name: '',
    vpcId: 'vpc-1',
    type: 'System',
    status: '',
  });
  assert.equal(tables[1]?.type, 'Custom');
  assert.deepEqual(
    calls.map(({ parameters }) => parameters.PageNumber),
    ['1', '2', '3'],
  );
});

const incompleteTables = [
  {
    name: 'ShortPage',
    answer: tablesByPage(120, (items, page) => (page === 2 ? items.slice(1) : items)),
    reason: 'A table is missing from a later page.',
  },
  {
    name: 'EmptyPage',
    answer: tablesByPage(120, (items, page) => (page === 2 ? [] : items)),
    reason: 'A page that should have tables has none.',
  },
  {
    name: 'RepeatedItem',
    answer: tablesByPage(120, (items, page) =>
      page === 2 ? [{ RouteTableId: 'vtb-0' }, ...items.slice(1)] : items,
    ),
    reason: 'The list moved between the pages.',
  },
  {
    name: 'NoCount',
    answer: (call: RpcCall): ScriptedAnswer => {
      const { RouterTableList } = tablesByPage(7)(call);
      return { RouterTableList };
    },
    reason: 'Nobody can tell whether that was all.',
  },
  {
    name: 'ItemWithoutId',
    answer: tablesByPage(1, () => [{ VpcId: 'vpc-1' }]),
    reason: 'A table that cannot be named was not read.',
  },
];

for (const { name, answer, reason } of incompleteTables) {
  test(`LIFE-05: OpenApiVpcClient refuses to believe tables that are too few: ${name}`, async () => {
    const { vpc } = setup(answer);
    await assert.rejects(
      vpc.listRouteTables('vpc-1', options),
      (error) => isFailure(error, 'retryable') && error.code === 'IncompleteList',
      reason,
    );
  });
}

test('OpenApiVpcClient never lists the tables of everyone', async () => {
  const { vpc, calls } = setup(tablesByPage(3));
  await assert.rejects(vpc.listRouteTables('', options), RangeError);
  assert.equal(calls.length, 0);
});

test('OpenApiVpcClient finds a table by its whole id, or tells that there is none', async () => {
  const { vpc } = setup(tablesByPage(2));
  assert.equal((await vpc.findRouteTable('vtb-1', options))?.id, 'vtb-1');
  assert.equal(await vpc.findRouteTable('vtb', options), undefined);
});

test('OpenApiVpcClient reads an entry with all its ways on', async () => {
  const { vpc } = setup(() => ({
    RouteEntrys: {
      RouteEntry: [
        {
          RouteEntryId: 'rte-1',
          RouteEntryName: 'name',
          Description: 'words',
          DestinationCidrBlock: '2001:db8::/64',
          IpVersion: 'ipv6',
          Type: 'Custom',
          Status: 'Available',
          NextHops: {
            NextHop: [
              { NextHopType: 'Instance', NextHopId: 'i-1', Weight: '0' },
              { NextHopType: 'Instance', NextHopId: 'i-2' },
            ],
          },
        },
        { DestinationCidrBlock: '10.0.0.0/24', NextHops: { NextHop: [] } },
      ],
    },
  }));
  assert.deepEqual(await vpc.listRouteEntries('vtb-1', options), [
    {
      id: 'rte-1',
      routeTableId: 'vtb-1',
      name: 'name',
      description: 'words',
      destinationCidr: '2001:db8::/64',
      ipVersion: 'IPv6',
      type: 'Custom',
      status: 'Available',
      nextHops: [
        { type: 'Instance', id: 'i-1' },
        { type: 'Instance', id: 'i-2' },
      ],
    },
    {
      id: '',
      routeTableId: 'vtb-1',
      name: '',
      description: '',
      destinationCidr: '10.0.0.0/24',
      ipVersion: 'IPv4',
      type: '',
      status: '',
      nextHops: [],
    },
  ]);
});

test('OpenApiVpcClient reads a VPC with all its blocks', async () => {
  const { vpc, calls } = setup(() => ({
    TotalCount: 1,
    Vpcs: {
      Vpc: [
        {
          VpcId: 'vpc-1',
          RegionId: 'cn-hangzhou',
          CidrBlock: '10.0.0.0/8',
          SecondaryCidrBlocks: { SecondaryCidrBlock: ['172.16.0.0/16'] },
          Ipv6CidrBlock: '2001:db8::/56',
          Ipv6CidrBlocks: { Ipv6CidrBlock: [{ Ipv6CidrBlock: '2001:db8::/56', Ipv6Isp: 'BGP' }] },
        },
      ],
    },
  }));
  assert.deepEqual(await vpc.findVpc('vpc-1', options), {
    id: 'vpc-1',
    regionId: 'cn-hangzhou',
    cidrBlocks: ['10.0.0.0/8', '172.16.0.0/16'],
    ipv6CidrBlocks: ['2001:db8::/56'],
  });
  assert.equal(calls[0]?.parameters.VpcId, 'vpc-1');
  const { vpc: none } = setup(() => ({ TotalCount: 0, Vpcs: { Vpc: [] } }));
  assert.equal(await none.findVpc('vpc-2', options), undefined);
});

function newEntry(index: number, more: Partial<NewRouteEntry> = {}): NewRouteEntry {
  return {
    routeTableId: 'vtb-1',
    destinationCidr: cidrOf(index),
    nextHopId: `i-${index}`,
    nextHopType: 'Instance',
    ipVersion: 'IPv4',
    name: `name-${index}`,
    ...more,
  };
}

const accepted = (count: number) => () => ({
  RequestId: 'R',
  SuccessCount: count,
  FailedCount: 0,
  FailedRouteEntries: [],
});

test('OpenApiVpcClient sends a batch as the wire wants it', async () => {
  const { vpc, calls } = setup(accepted(2));
  const answer = await vpc.createRouteEntries(
    'vpc-1',
    [newEntry(1), newEntry(2, { destinationCidr: '2001:db8::/64', ipVersion: 'IPv6' })],
    options,
  );
  assert.deepEqual(answer, { failed: [], requestId: 'R' });
  assert.deepEqual(calls[0]?.parameters, {
    RegionId: 'cn-hangzhou',
    'RouteEntries.1.RouteTableId': 'vtb-1',
    'RouteEntries.1.DstCidrBlock': '172.20.1.0/24',
    'RouteEntries.1.NextHop': 'i-1',
    'RouteEntries.1.NextHopType': 'Instance',
    'RouteEntries.1.Name': 'name-1',
    'RouteEntries.2.RouteTableId': 'vtb-1',
    'RouteEntries.2.DstCidrBlock': '2001:db8::/64',
    'RouteEntries.2.NextHop': 'i-2',
    'RouteEntries.2.NextHopType': 'Instance',
    'RouteEntries.2.Name': 'name-2',
    'RouteEntries.2.IpVersion': '6',
  });
});

test('OpenApiVpcClient names what it deletes by table, destination and next hop', async () => {
  const { vpc, calls } = setup(accepted(2));
  await vpc.deleteRouteEntries('vpc-1', [newEntry(1), newEntry(2, { nextHopId: '' })], options);
  assert.deepEqual(calls[0]?.parameters, {
    RegionId: 'cn-hangzhou',
    'RouteEntries.1.RouteTableId': 'vtb-1',
    'RouteEntries.1.DstCidrBlock': '172.20.1.0/24',
    'RouteEntries.1.NextHop': 'i-1',
    'RouteEntries.2.RouteTableId': 'vtb-1',
    'RouteEntries.2.DstCidrBlock': '172.20.2.0/24',
  });
});

test('OpenApiVpcClient tells entry by entry what failed in an answer of 200', async () => {
  const { vpc } = setup(() => ({
    RequestId: 'R',
    SuccessCount: 1,
    FailedCount: 1,
    FailedRouteEntries: [
      {
        DstCidrBlock: cidrOf(2),
        NextHop: 'i-2',
        FailedCode: 'VPC_ROUTE_ENTRY_CIDR_BLOCK_DUPLICATE',
        FailedMessage: 'words',
      },
    ],
  }));
  const { failed } = await vpc.createRouteEntries('vpc-1', [newEntry(1), newEntry(2)], options);
  assert.deepEqual(failed, [
    {
      destinationCidr: cidrOf(2),
      nextHopId: 'i-2',
      code: 'VPC_ROUTE_ENTRY_CIDR_BLOCK_DUPLICATE',
      message: 'words',
    },
  ]);
});

const contradictions = [
  { name: 'FailedWithoutEntries', answer: { FailedCount: 1, SuccessCount: 1 } },
  { name: 'CountsTooSmall', answer: { FailedCount: 0, SuccessCount: 1, FailedRouteEntries: [] } },
  {
    name: 'EntriesWithoutCount',
    answer: { FailedCount: 0, SuccessCount: 2, FailedRouteEntries: [{ DstCidrBlock: cidrOf(1) }] },
  },
];

for (const { name, answer } of contradictions) {
  test(`OpenApiVpcClient takes no contradictory answer for success: ${name}`, async () => {
    const { vpc } = setup(() => answer);
    await assert.rejects(
      vpc.createRouteEntries('vpc-1', [newEntry(1), newEntry(2)], options),
      (error) =>
        isFailure(error, 'retryable') && error.code === 'MalformedAnswer' && error.ambiguous,
      'The caller reads before it writes again.',
    );
  });
}

test('OpenApiVpcClient sends no empty and no overlong batch', async () => {
  const { vpc, calls } = setup(accepted(0));
  const tooMany = Array.from({ length: 51 }, (_, index) => newEntry(index));
  await vpc.createRouteEntries('vpc-1', [], options);
  await vpc.deleteRouteEntries('vpc-1', [], options);
  await assert.rejects(vpc.createRouteEntries('vpc-1', tooMany, options), RangeError);
  await assert.rejects(vpc.deleteRouteEntries('vpc-1', tooMany, options), RangeError);
  assert.equal(calls.length, 0);
});

test('OpenApiVpcClient writes to one VPC one after another, to others at the same time', async () => {
  const { vpc, calls, clock } = setup(accepted(1), { spacingMs: 300, takesMs: 50 });
  const writes = Promise.all([
    vpc.createRouteEntries('vpc-1', [newEntry(1)], options),
    vpc.deleteRouteEntries('vpc-1', [newEntry(2, { routeTableId: 'vtb-2' })], options),
    vpc.createRouteEntries('vpc-2', [newEntry(3, { routeTableId: 'vtb-3' })], options),
  ]);
  await clock.advance(2_000);
  await writes;
  assert.deepEqual(
    calls.map(({ action, atMs }) => [action, atMs]),
    [
      ['CreateRouteEntries', 0],
      ['CreateRouteEntries', 0],
      ['DeleteRouteEntries', 350],
    ],
  );
});

const refusals = [
  { code: 'TaskConflict', kind: 'conflict' },
  { code: 'IncorrectRouteEntryStatus', kind: 'conflict' },
  { code: 'QuotaExceeded', kind: 'terminal' },
  { code: 'InvalidRouteTable.NotFound', kind: 'notfound' },
  { code: 'Forbidden.RAM', kind: 'terminal' },
] as const;

for (const { code, kind } of refusals) {
  test(`OpenApiVpcClient answers ${code} with ${kind}`, async () => {
    const { vpc, calls } = setup(() => ({ Code: code, Message: 'words', RequestId: 'R' }));
    await assert.rejects(
      vpc.createRouteEntries('vpc-1', [newEntry(1)], options),
      (error) => isFailure(error, kind) && error.code === code && !error.ambiguous,
    );
    assert.equal(calls.length, 1, 'A write is never sent twice.');
  });
}

test('OpenApiVpcClient names the permission that is missing', async () => {
  const { vpc } = setup(() => ({ Code: 'Forbidden.RAM', Message: 'words' }));
  await assert.rejects(vpc.listRouteEntries('vtb-1', options), {
    message:
      'Cannot list the entries of the route table "vtb-1": the identity lacks the permission "vpc:DescribeRouteEntryList"; add it to the RAM policy of the user or role (Forbidden.RAM)',
  });
});

test('OpenApiVpcClient refuses an answer that it cannot read', async () => {
  const { vpc } = setup(() => ({ RouteEntrys: { RouteEntry: { RouteEntryId: 'rte-1' } } }));
  await assert.rejects(
    vpc.listRouteEntries('vtb-1', options),
    (error) => isFailure(error, 'retryable') && error.code === 'MalformedAnswer',
  );
});
