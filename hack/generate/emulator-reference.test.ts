import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AdminInterface } from '../../emulator/admin/admin-interface.ts';
import { CLOUD_RULES } from '../../emulator/model/cloud-rules.ts';
import { QUOTAS } from '../../emulator/model/emulator-settings.ts';
import { emulatorReference } from './emulator-reference.ts';

test('emulatorReference: every verb, rule and quota is on the page, and every link leads somewhere', async () => {
  const [page] = await emulatorReference();
  assert.equal(page?.path, 'docs/emulator.md');
  const text = page.content;
  for (const [path, verbs] of Object.entries(new AdminInterface().document.paths)) {
    for (const method of Object.keys(verbs)) {
      assert.ok(text.includes(`### \`${method.toUpperCase()} ${path}\``), `${method} ${path}`);
    }
  }
  for (const { id, sentence, source } of CLOUD_RULES) {
    assert.ok(text.includes(`| \`${id}\` | ${sentence} | ${source} |`), id);
  }
  for (const name of Object.keys(QUOTAS)) assert.ok(text.includes(`| \`${name}\` |`), name);
  for (const [, anchor = ''] of text.matchAll(/\]\(#([a-z]+)\)/g)) {
    assert.match(text, new RegExp(`^#+ ${anchor}$`, 'im'));
  }
});
