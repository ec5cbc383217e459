import assert from 'node:assert/strict';
import { test } from 'node:test';
import { selectControllers } from './controller-selection.ts';

const SERVICE = 'service-lb-controller';
const ROUTE = 'node-route-controller';
const NODE = 'cloud-node-controller';
const LIFECYCLE = 'cloud-node-lifecycle-controller';
const VOLUME = 'persistentvolume-label-controller';
const IPAM = 'node-ipam-controller';
const ALL = [NODE, LIFECYCLE, ROUTE, VOLUME, SERVICE];

const cases = [
  { list: '', enabled: ALL, reason: 'An empty list means all that are on by default.' },
  { list: '*', enabled: ALL, reason: 'All that are on by default.' },
  {
    list: `*,${IPAM}`,
    enabled: [NODE, LIFECYCLE, IPAM, ROUTE, VOLUME, SERVICE],
    reason: 'By name.',
  },
  { list: SERVICE, enabled: [SERVICE], reason: 'Without a star only what is named.' },
  { list: 'service', enabled: [SERVICE], reason: 'The old name lasts for ever.' },
  { list: 'cloud-node', enabled: [NODE], reason: 'The old name lasts for ever.' },
  { list: 'cloud-node-lifecycle', enabled: [LIFECYCLE], reason: 'The old name lasts for ever.' },
  { list: 'route', enabled: [ROUTE], reason: 'The old name lasts for ever.' },
  { list: 'nodeipam', enabled: [IPAM], reason: 'The old name lasts for ever.' },
  { list: 'node', enabled: [NODE, LIFECYCLE], reason: "The Go CCM's one is upstream's two." },
  { list: '*,-service', enabled: [NODE, LIFECYCLE, ROUTE, VOLUME], reason: 'Off by its old name.' },
  { list: '-service-lb-controller', enabled: [], reason: 'No star, none named.' },
  { list: '-service,service', enabled: [], reason: 'The first entry wins.' },
  { list: 'service,-service', enabled: [SERVICE], reason: 'The first entry wins.' },
  {
    list: '-service,*',
    enabled: [NODE, LIFECYCLE, ROUTE, VOLUME],
    reason: 'A star later does not switch on what was named.',
  },
  {
    list: 'node,route,service,nlb',
    enabled: [NODE, LIFECYCLE, ROUTE, SERVICE],
    notServed: ['nlb'],
    reason: "The Go CCM's default list starts, and says what is missing.",
  },
  { list: ' service , -nlb ', enabled: [SERVICE], reason: 'Blanks do not count.' },
] as const;

for (const { list, enabled, reason, ...rest } of cases) {
  test(`MIG-01 MIG-02: --controllers "${list}"`, () => {
    const selection = selectControllers(list);
    assert.ok(selection.kind === 'selected');
    assert.deepEqual([...selection.enabled], enabled, reason);
    assert.deepEqual(selection.notServed, 'notServed' in rest ? rest.notServed : [], reason);
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
