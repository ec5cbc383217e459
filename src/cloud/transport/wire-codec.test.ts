import assert from 'node:assert/strict';
import test from 'node:test';
import { decodeResponse, encodeRequest, fieldName, type OperationTable } from './wire-codec.ts';

const TABLE: OperationTable = {
  mutating: false,
  request: {
    LoadBalancerId: 'string',
    PageSize: 'number',
    All: 'boolean',
    ResourceId: ['string'],
    Tag: [{ Key: 'string', Value: 'string' }],
    healthCheckInterval: 'number',
    VSwitchId: 'string',
  },
  response: {
    TotalCount: 'number',
    Flag: 'boolean',
    Name: 'string',
    Tags: { Tag: [{ TagKey: 'string' }] },
    Listeners: [{ ListenerPort: 'number', VServerGroupId: 'string' }],
  },
};

const names = [
  { wire: 'LoadBalancerId', field: 'loadBalancerId' },
  { wire: 'VServerGroupId', field: 'VServerGroupId' },
  { wire: 'TCPListenerConfig', field: 'TCPListenerConfig' },
  { wire: 'VSwitchId', field: 'vSwitchId' },
  { wire: 'healthCheckInterval', field: 'healthCheckInterval' },
  { wire: 'AddressIPVersion', field: 'addressIPVersion' },
];

for (const { wire, field } of names) {
  test(`fieldName: ${wire}`, () => {
    assert.equal(fieldName(wire), field);
  });
}

test('encodeRequest flattens lists from 1, keeps the spelling of the wire and leaves gaps out', () => {
  const sent = encodeRequest(TABLE, {
    loadBalancerId: 'lb-1',
    pageSize: 100,
    all: false,
    resourceId: ['a', 'b'],
    tag: [
      { key: 'k', value: '' },
      { key: 'l', value: undefined },
    ],
    healthCheckInterval: 2,
    vSwitchId: undefined,
  });
  assert.deepEqual(sent, {
    LoadBalancerId: 'lb-1',
    PageSize: '100',
    All: 'false',
    'ResourceId.1': 'a',
    'ResourceId.2': 'b',
    'Tag.1.Key': 'k',
    'Tag.1.Value': '',
    'Tag.2.Key': 'l',
    healthCheckInterval: '2',
  });
});

const readable = [
  { name: 'MissingLists', body: {}, want: {}, reason: 'What is missing stays away.' },
  { name: 'NullList', body: { Listeners: null }, want: {}, reason: 'Null is missing.' },
  {
    name: 'NumericText',
    body: { TotalCount: '12', Flag: 'true', Name: 7 },
    want: { totalCount: 12, flag: true, name: '7' },
    reason: 'Answers differ in how they write numbers.',
  },
  {
    name: 'UnknownMembers',
    body: { TotalCount: 1, Another: { Deep: [] } },
    want: { totalCount: 1 },
    reason: 'The API grows.',
  },
  {
    name: 'DoublyWrapped',
    body: { Tags: { Tag: [{ TagKey: 'k' }] } },
    want: { tags: { tag: [{ tagKey: 'k' }] } },
    reason: 'As published.',
  },
  {
    name: 'WrappedOnceLess',
    body: { Tags: [{ TagKey: 'k' }] },
    want: { tags: { tag: [{ tagKey: 'k' }] } },
    reason: 'Newer answers drop the wrapping.',
  },
  {
    name: 'WrappedOnceMore',
    body: { Listeners: { Listener: [{ ListenerPort: '80' }] } },
    want: { listeners: [{ listenerPort: 80 }] },
    reason: 'Older answers keep it.',
  },
  {
    name: 'EmptyObjectForList',
    body: { Listeners: {}, Tags: '' },
    want: { listeners: [] },
    reason: 'Empty collections are written in several ways.',
  },
];

for (const { name, body, want, reason } of readable) {
  test(`decodeResponse: ${name}`, () => {
    assert.deepEqual(decodeResponse(TABLE, body), want, reason);
  });
}

const unreadable = [
  { name: 'TextForNumber', body: { TotalCount: 'many' }, path: 'TotalCount' },
  { name: 'ObjectForList', body: { Listeners: { A: 1, B: 2 } }, path: 'Listeners' },
  { name: 'TextForObject', body: { Tags: 'k=v' }, path: 'Tags' },
  { name: 'ObjectForText', body: { Name: {} }, path: 'Name' },
  {
    name: 'DeepInList',
    body: { Listeners: [{ ListenerPort: [] }] },
    path: 'Listeners[0].ListenerPort',
  },
  { name: 'NoObject', body: [], path: '' },
];

for (const { name, body, path } of unreadable) {
  test(`decodeResponse refuses: ${name}`, () => {
    assert.throws(() => decodeResponse(TABLE, body), {
      name: 'MalformedAnswer',
      message: new RegExp(`at "${path.replace(/[[\]]/g, '\\$&')}"`),
    });
  });
}
