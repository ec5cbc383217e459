import assert from 'node:assert/strict';
import { test } from 'node:test';
import { selectControllers } from './controller-selection.ts';

const SERVICE = 'service-lb-controller';

const cases = [
  { list: '', enabled: [SERVICE], notServed: [], reason: 'An empty list means all.' },
  { list: '*', enabled: [SERVICE], notServed: [], reason: 'All says nothing of the rest.' },
  { list: SERVICE, enabled: [SERVICE], notServed: [], reason: 'Switched on by its name.' },
  { list: 'service', enabled: [SERVICE], notServed: [], reason: 'The old name lasts for ever.' },
  { list: '*,-service', enabled: [], notServed: [], reason: 'Switched off by its old name.' },
  { list: '-service-lb-controller', enabled: [], notServed: [], reason: 'No star, none named.' },
  { list: '-service,service', enabled: [], notServed: [], reason: 'The first entry wins.' },
  { list: 'service,-service', enabled: [SERVICE], notServed: [], reason: 'The first entry wins.' },
  {
    list: '-service,*',
    enabled: [],
    notServed: [],
    reason: 'A star later does not switch on what was named.',
  },
  {
    list: 'node,route,service,nlb',
    enabled: [SERVICE],
    notServed: ['node', 'route', 'nlb'],
    reason: "The Go CCM's default list starts, and says what is missing.",
  },
  { list: 'cloud-node', enabled: [], notServed: ['cloud-node'], reason: 'Known, not served.' },
  {
    list: '*,-node-route-controller,-cloud-node-lifecycle',
    enabled: [SERVICE],
    notServed: [],
    reason: 'What is switched off anyway needs no remark.',
  },
  { list: ' service , -nlb ', enabled: [SERVICE], notServed: [], reason: 'Blanks do not count.' },
] as const;

for (const { list, enabled, notServed, reason } of cases) {
  test(`MIG-01 MIG-02: --controllers "${list}"`, () => {
    const selection = selectControllers(list);
    assert.ok(selection.kind === 'selected');
    assert.deepEqual([...selection.enabled], enabled, reason);
    assert.deepEqual(selection.notServed, notServed, reason);
  });
}

test('MIG-01: unknown names are refused with the known ones, also to switch them off', () => {
  const selection = selectControllers('service,sevice,-nods');
  assert.ok(selection.kind === 'unknown');
  assert.deepEqual(selection.names, ['sevice', 'nods']);
  for (const name of ['service-lb-controller', 'cloud-node', 'route', 'pvtz']) {
    assert.ok(selection.known.includes(name), name);
  }
});
