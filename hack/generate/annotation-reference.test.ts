import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ANNOTATIONS } from '../../src/reconcilers/service/annotation-table.ts';
import { annotationReference } from './annotation-reference.ts';

test('annotationReference: every annotation has one row, with its value and its field', async () => {
  const [page] = await annotationReference();
  const rows = page?.content.split('\n').filter((line) => line.startsWith('| `')) ?? [];
  for (const { name } of ANNOTATIONS) {
    assert.equal(rows.filter((row) => row.startsWith(`| \`${name}\``)).length, 1, name);
  }
  assert.equal(rows.length, ANNOTATIONS.length);
  const scheduler = rows.find((row) => row.startsWith('| `scheduler`'));
  assert.match(scheduler ?? '', /"rr", "wrr".*`listeners\[\]\.clb\.scheduler`/);
  const acl = rows.find((row) => row.startsWith('| `acl-id`'));
  assert.match(acl ?? '', /\| yes +\|/, 'It guards access.');
});
