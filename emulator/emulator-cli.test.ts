import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { cloudCaller } from '../test/support/cloud-caller.ts';

const CLI = fileURLToPath(new URL('./emulator-cli.ts', import.meta.url));

interface CliRun {
  readonly output: string;
  readonly code: number | null;
}

/** Runs the command; `use` is called once it has said its last line, then it is asked to end. */
async function run(
  args: readonly string[],
  use?: (output: string) => Promise<void>,
): Promise<CliRun> {
  const child = spawn(process.execPath, [CLI, ...args]);
  const ended = once(child, 'exit');
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data: Buffer) => (output += data.toString()));
  }
  if (use !== undefined) {
    while (!output.includes('/_admin/state') && child.exitCode === null) {
      await Promise.race([once(child.stdout, 'data'), ended]);
    }
    try {
      await use(output);
    } finally {
      child.kill('SIGTERM');
    }
  }
  const [code] = (await ended) as [number | null];
  return { output, code };
}

test('emulator-cli: prints its URL and the environment that points a client at it', async () => {
  const { code } = await run(['--port', '0'], async (output) => {
    const [url = ''] = /http:\/\/127\.0\.0\.1:\d+/.exec(output) ?? [];
    const env = Object.fromEntries(
      [...output.matchAll(/^export (\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]),
    ) as Record<string, string>;
    assert.equal(env.ALICLOUD_CLIENT_SCHEME, 'HTTP');
    assert.equal(`http://${env.SLB_ENDPOINT ?? ''}`, url);
    assert.equal(env.METADATA_ENDPOINT, url);
    const call = cloudCaller(url, {
      accessKeyId: env.ACCESS_KEY_ID ?? '',
      accessKeySecret: env.ACCESS_KEY_SECRET ?? '',
    });
    const answer = await call(
      'DescribeInstances',
      { RegionId: 'cn-hangzhou' },
      { version: '2014-05-26' },
    );
    assert.equal(answer.get('TotalCount'), 3);
  });
  assert.equal(code, 0);
});

test('emulator-cli: takes a seed, a manual clock and a state file', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'emulator-cli-'));
  const seed = path.join(folder, 'seed.yaml');
  const state = path.join(folder, 'state.json');
  writeFileSync(
    seed,
    'accessKeys: [{ accessKeyId: own, accessKeySecret: s, account: "42" }]\nregionId: cn-beijing\n',
  );
  const args = ['--seed', seed, '--state', state, '--manual-clock'];
  try {
    for (const round of ['first', 'from the file']) {
      const { code } = await run(args, async (output) => {
        const [url = ''] = /http:\/\/127\.0\.0\.1:\d+/.exec(output) ?? [];
        assert.match(output, /^export ACCESS_KEY_ID=own$/m, round);
        const moved = await fetch(`${url}/_admin/clock`, {
          method: 'POST',
          body: '{"advanceMs":1}',
        });
        assert.equal(moved.status, 200);
        const shown = (await (await fetch(`${url}/_admin/state`)).json()) as { regionId: string };
        assert.equal(shown.regionId, 'cn-beijing');
      });
      assert.equal(code, 0, round);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const mistakes = [
  { name: 'PortInWords', args: ['--port', 'http'], words: /A port is a number from 0 to 65535/ },
  {
    name: 'NoSuchSeed',
    args: ['--seed', '/nowhere.json'],
    words: /Cannot read the seed "\/nowhere/,
  },
  { name: 'UnknownFlag', args: ['--prot', '0'], words: /unknown option '--prot'/ },
  { name: 'SeedOfWrongForm', args: ['--seed', CLI], words: /[Ss]eed|body/ },
];

for (const { name, args, words } of mistakes) {
  test(`emulator-cli: ${name}: says what is wrong and ends`, async () => {
    const { output, code } = await run(args);
    assert.notEqual(code, 0);
    assert.match(output, words);
  });
}
