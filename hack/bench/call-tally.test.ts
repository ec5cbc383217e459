import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asideOf, countRouteListings, tallyCalls, type CountedCall } from './call-tally.ts';

const read: CountedCall = {
  action: 'DescribeLoadBalancers',
  version: '2014-05-15',
  mutating: false,
  userAgent: 'alibaba-cloud-operator/1.0.0',
};
const write = { ...read, action: 'CreateLoadBalancer', mutating: true };
const sweep = { ...read, userAgent: `${read.userAgent} lane/sweep` };
const identity = { ...read, action: 'GetCallerIdentity', version: '2015-04-01' };
const metadata = { ...read, action: 'InstanceMetadata', version: 'latest' };

const cases = [
  { name: 'Read', call: read, want: undefined, reason: 'It is part of the work.' },
  { name: 'Sweep', call: sweep, want: 'sweep', reason: 'It looks on a schedule of its own.' },
  {
    name: 'WriteOfSweep',
    call: { ...sweep, mutating: true },
    want: undefined,
    reason: 'Nobody can hide a write behind a name.',
  },
  { name: 'Identity', call: identity, want: 'credentials', reason: 'It depends on no Service.' },
  { name: 'Metadata', call: metadata, want: 'metadata', reason: 'It depends on no Service.' },
];

for (const { name, call, want, reason } of cases) {
  test(`asideOf: ${name}`, () => {
    assert.equal(asideOf(call), want, reason);
  });
}

test('tallyCalls: what is beside the work is listed and not counted', () => {
  assert.deepEqual(tallyCalls([write, read, sweep, identity, metadata, write]), {
    reads: 1,
    writes: 2,
    total: 3,
    operations: {
      CreateLoadBalancer: 2,
      DescribeLoadBalancers: 1,
      'credentials:GetCallerIdentity': 1,
      'metadata:InstanceMetadata': 1,
      'sweep:DescribeLoadBalancers': 1,
    },
  });
});

test('tallyCalls: the sweep counts where it is the work', () => {
  const { reads, writes, total } = tallyCalls([sweep, sweep, identity], true);
  assert.deepEqual({ reads, writes, total }, { reads: 2, writes: 0, total: 2 });
});

test('countRouteListings: a listing counts once, of however many pages it is', () => {
  const page = { action: 'DescribeRouteEntryList', parameters: { RouteTableId: 'vtb-1' } };
  const next = { ...page, parameters: { ...page.parameters, NextToken: 'more' } };
  const other = { action: 'DescribeRouteTableList', parameters: {} };
  assert.equal(countRouteListings([page, next, next, other, page]), 2);
});
