import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sliceOf } from '../../../test/support/kubernetes-builders.ts';
import { isSignificantEndpointSliceChange } from './endpoint-slice-change.ts';

const onNode1 = { nodeName: 'n1' };

const cases = [
  { name: 'Added', before: undefined, after: sliceOf([onNode1]), want: true },
  { name: 'Removed', before: sliceOf([onNode1]), after: undefined, want: true },
  { name: 'AddedEmpty', before: undefined, after: sliceOf([]), want: false },
  { name: 'Moved', before: sliceOf([onNode1]), after: sliceOf([{ nodeName: 'n2' }]), want: true },
  {
    name: 'ReadyLost',
    before: sliceOf([onNode1]),
    after: sliceOf([{ ...onNode1, ready: false }]),
    want: true,
  },
  {
    name: 'Draining',
    before: sliceOf([{ ...onNode1, ready: false }]),
    after: sliceOf([{ ...onNode1, ready: false, terminating: true }]),
    want: true,
  },
  {
    name: 'SecondPodOfANode',
    before: sliceOf([onNode1]),
    after: sliceOf([onNode1, onNode1]),
    want: true,
  },
  {
    name: 'AnotherAddress',
    before: sliceOf([onNode1]),
    after: sliceOf([{ ...onNode1, addresses: ['10.9.9.9'] }]),
    want: false,
  },
] as const;

for (const { name, before, after, want } of cases) {
  test(`SVC-50: an endpoint change ${name} ${want ? 'can' : 'cannot'} change the nodes or their weights`, () => {
    assert.equal(isSignificantEndpointSliceChange(before, after), want);
  });
}
