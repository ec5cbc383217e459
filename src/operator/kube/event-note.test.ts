import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cutToBytes } from './event-recorder.ts';
import { microTime } from './micro-time.ts';

test('OBS-01: a note is cut at a character boundary, to at most its bytes', () => {
  assert.equal(cutToBytes('short', 1_024), 'short');
  for (const character of ['a', 'é', '负', '🚀']) {
    const cut = cutToBytes(character.repeat(2_000), 1_024);
    assert.ok(Buffer.byteLength(cut) <= 1_024, character);
    assert.ok(Buffer.byteLength(cut) > 1_016, character);
    assert.ok(!cut.includes('\uFFFD'), character);
    assert.ok(cut.endsWith('…'));
  }
});

test('CTL-23: a MicroTime has exactly six fractional digits', () => {
  assert.equal(microTime(Date.parse('2026-01-02T03:04:05.678Z')), '2026-01-02T03:04:05.678000Z');
  assert.equal(microTime(1_000.75), '1970-01-01T00:00:01.000000Z');
});
