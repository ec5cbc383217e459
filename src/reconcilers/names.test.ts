import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import {
  GO_CCM_SERVICE_FINALIZER,
  LOAD_BALANCER_FINALIZER,
  SERVICE_CLEANUP_FINALIZER,
  SERVICE_FINALIZER,
} from './names.ts';

test('OWN-06 MIG-10: the way out by hand names every finalizer, and no other', () => {
  const page = readFileSync(
    path.join(import.meta.dirname, '../../docs/migrate-from-ccm.md'),
    'utf8',
  );
  const rows = [...page.matchAll(/^\| `([^`]+\/[^`]+)` +\| (?:Service|AlibabaLoadBalancer)/gm)];
  assert.deepEqual(
    rows.map(([, finalizer]) => finalizer).toSorted(),
    [
      GO_CCM_SERVICE_FINALIZER,
      LOAD_BALANCER_FINALIZER,
      SERVICE_CLEANUP_FINALIZER,
      SERVICE_FINALIZER,
    ].toSorted(),
  );
});
