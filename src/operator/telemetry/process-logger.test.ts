import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import { createProcessLogger, type ProcessLogger } from './process-logger.ts';
import { SecretScrubber } from './secret-scrubber.ts';

function newLogger(
  format: 'json' | 'text' = 'json',
  level: 'debug' | 'info' = 'info',
): { logger: ProcessLogger; lines: string[]; scrubber: SecretScrubber } {
  const lines: string[] = [];
  const scrubber = new SecretScrubber();
  const logger = createProcessLogger({
    level,
    format,
    clock: new VirtualClock(Date.parse('2026-01-02T03:04:05.678Z')),
    scrubber,
    destination: { write: (line) => lines.push(line) },
  });
  return { logger, lines, scrubber };
}

test('OBS-15: one JSON object a line, with time, level, message, part and fields', () => {
  const { logger, lines } = newLogger();
  logger.named('service').info('Reconciled', { namespace: 'shop', name: 'web' });
  assert.equal(lines.length, 1);
  assert.ok(lines[0]?.endsWith('}\n'));
  assert.deepEqual(JSON.parse(lines[0] ?? ''), {
    level: 'info',
    ts: '2026-01-02T03:04:05.678Z',
    logger: 'service',
    namespace: 'shop',
    name: 'web',
    msg: 'Reconciled',
  });
});

test('OBS-15: an error keeps its message and stack, and the text form has the same facts', () => {
  const json = newLogger();
  json.logger.error('Failed', { err: new Error('why') });
  const line = JSON.parse(json.lines[0] ?? '') as { err: { message: string; stack: string } };
  assert.equal(line.err.message, 'why');
  assert.ok(line.err.stack.includes('process-logger.test'));

  const text = newLogger('text');
  text.logger.warn('Waited', { lease: 'a/b', count: 2 });
  assert.equal(
    text.lines[0],
    '2026-01-02T03:04:05.678Z WARN Waited logger=operator lease=a/b count=2\n',
  );
});

test('OBS-16: debug lines are written only when asked for', () => {
  const quiet = newLogger();
  quiet.logger.debug('Chatter');
  assert.deepEqual(quiet.lines, []);
  const loud = newLogger('json', 'debug');
  loud.logger.debug('Chatter');
  assert.equal(loud.lines.length, 1);
});

const secrets = [
  { name: 'ByName', fields: { accessKeySecret: 'canary-1' }, canary: 'canary-1' },
  { name: 'ByNameInside', fields: { a: { b: { securityToken: 'canary-2' } } }, canary: 'canary-2' },
  { name: 'ByValue', fields: { url: 'https://x/?k=canary-known' }, canary: 'canary-known' },
  { name: 'ByValueQuoted', fields: { text: 'a "can"ary' }, canary: 'can\\"ary' },
  { name: 'Header', fields: { header: 'Bearer eyJhbGciOiJSUzI1' }, canary: 'eyJhbGci' },
  {
    name: 'SignedUrl',
    fields: { url: 'http://x/?Signature=abc%2Bdef%3D&Action=Y' },
    canary: 'abc%2Bdef',
  },
  { name: 'InError', fields: { err: new Error('sent canary-known') }, canary: 'canary-known' },
];

for (const { name, fields, canary } of secrets) {
  test(`OBS-17 SVC-85: a secret does not reach the log ${name}`, () => {
    const { logger, lines, scrubber } = newLogger();
    scrubber.add('canary-known');
    scrubber.add('can"ary');
    logger.info('Said', fields);
    assert.ok(!(lines[0] ?? '').includes(canary), lines[0]);
    assert.ok((lines[0] ?? '').includes('[redacted]'), lines[0]);
  });
}

test('SecretScrubber: what is around a secret stays', () => {
  const scrubber = new SecretScrubber();
  scrubber.add('s3cret/x');
  assert.equal(
    scrubber.scrub('key s3cret/x, encoded s3cret%2Fx, other'),
    'key [redacted], encoded [redacted], other',
  );
  assert.equal(
    scrubber.scrub('http://x/?Signature=abc&Action=Describe'),
    'http://x/?Signature=[redacted]&Action=Describe',
  );
});
