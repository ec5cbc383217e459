import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LOAD_BALANCER_MESSAGES } from '../../src/reconcilers/load-balancer/load-balancer-messages.ts';
import { GENERATION_MESSAGES } from '../../src/reconcilers/route-generator/generation-messages.ts';
import { NODE_LIFECYCLE_EVENTS } from '../../src/reconcilers/node-lifecycle/node-lifecycle-messages.ts';
import { NODE_EVENTS } from '../../src/reconcilers/node/node-messages.ts';
import { VOLUME_EVENTS } from '../../src/reconcilers/persistent-volume/persistent-volume-messages.ts';
import { ROUTE_TABLE_MESSAGES } from '../../src/reconcilers/route-table/route-table-messages.ts';
import {
  SERVICE_CONDITIONS,
  SERVICE_EVENTS,
} from '../../src/reconcilers/service/service-messages.ts';
import { conditionReference } from './condition-reference.ts';

const [file] = await conditionReference();
const rows = (file?.content ?? '').split('\n').filter((line) => line.startsWith('| '));

test('UX-08 conditionReference: every reason has a row with meaning, cause and remedy', () => {
  const reasons = [
    ...Object.keys(LOAD_BALANCER_MESSAGES),
    ...Object.keys(ROUTE_TABLE_MESSAGES),
    ...Object.keys(GENERATION_MESSAGES),
    ...Object.values(SERVICE_CONDITIONS).map(({ reason }) => reason),
    ...Object.keys(SERVICE_EVENTS),
    ...Object.keys(NODE_LIFECYCLE_EVENTS),
    ...Object.keys(NODE_EVENTS),
    ...Object.keys(VOLUME_EVENTS),
  ];
  for (const reason of reasons) {
    const found = rows.filter(
      (line) => line.startsWith(`| ${reason} |`) && line.split(' | ').length === 5,
    );
    const times = reasons.filter((other) => other === reason).length;
    assert.ok(found.length >= times && !found.some((row) => row.includes('|  |')), reason);
  }
});

test('conditionReference: what is filled in is not shown as a gap', () => {
  assert.ok(rows.every((row) => !row.includes('{detail}')));
});
