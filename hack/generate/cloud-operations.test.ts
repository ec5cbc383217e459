import assert from 'node:assert/strict';
import test from 'node:test';
import { operationsFile } from './cloud-operations.ts';

const published = {
  DescribeThings: {
    version: '2020-01-01',
    request: [
      { name: 'RegionId', type: 'string', required: true },
      { name: 'PageSize', type: 'int32', required: false },
      {
        name: 'Tag',
        type: 'array<object>',
        required: false,
        fields: [{ name: 'Key', type: 'string', required: false }],
      },
    ],
    response: { Things: { Thing: [{ VServerGroupId: 'string', Size: 'int64' }] }, Ids: ['string'] },
  },
  StopThing: { version: '2020-01-01', request: [], response: { RequestId: 'string' } },
} as const;

test('operationsFile types requests and answers by the names of the vendor', () => {
  const text = operationsFile('slb', 'source.json', published, Object.keys(published));
  const lines = [
    '  readonly regionId: string;',
    '  readonly pageSize?: number | undefined;',
    '  readonly tag?: readonly DescribeThingsRequestTag[] | undefined;',
    '  readonly key?: string | undefined;',
    '  readonly VServerGroupId?: string;',
    '  readonly thing?: readonly DescribeThingsResponseBodyThingsThing[];',
    '  readonly ids?: readonly string[];',
    'export type StopThingRequest = Readonly<Record<string, never>>;',
    "export const SLB_VERSION = '2020-01-01';",
  ];
  for (const line of lines) assert.ok(text.split('\n').includes(line), `${line}\nin\n${text}`);
});

test('operationsFile keeps the names on the wire, and which operations change something', () => {
  const text = operationsFile('slb', 'source.json', published, Object.keys(published));
  assert.ok(
    text.includes(
      'DescribeThings: {"mutating":false,"request":{"RegionId":"string","PageSize":"number","Tag":[{"Key":"string"}]}',
    ),
  );
  assert.ok(text.includes('StopThing: {"mutating":true,"request":{}'));
});

test('operationsFile refuses an operation that is not published', () => {
  assert.throws(
    () => operationsFile('slb', 'source.json', published, ['StartThing']),
    /StartThing/,
  );
});
