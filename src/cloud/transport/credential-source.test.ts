import assert from 'node:assert/strict';
import test from 'node:test';
import { inspect } from 'node:util';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import { Failure, isFailure } from '../failure.ts';
import type { CredentialSettings } from './cloud-settings.ts';
import { CredentialSource, type RoleTokens } from './credential-source.ts';

const HOUR_MS = 3_600_000;
const TOKEN_FILE = '/var/run/token';

const RRSA = {
  kind: 'oidcRole',
  roleArn: 'acs:ram::1:role/operator',
  oidcProviderArn: 'acs:ram::1:oidc-provider/cluster',
  tokenFile: TOKEN_FILE,
} as const;

function unused(): Promise<never> {
  return Promise.reject(new Error('Nobody asks for this'));
}

function setup(settings: CredentialSettings) {
  const clock = new VirtualClock();
  const asked: unknown[] = [];
  const files = new Map([[TOKEN_FILE, ' first-token\n']]);
  const service = { isDown: false };
  const grant = () => {
    if (service.isDown) return Promise.reject(new Failure('retryable', 'Cannot take the role'));
    return Promise.resolve({
      accessKeyId: `STS.${asked.length}`,
      accessKeySecret: 'granted-secret',
      securityToken: 'granted-token',
      expiresAtMs: clock.now() + HOUR_MS,
    });
  };
  const roleTokens: RoleTokens = {
    withOidc: ({ roleArn, sessionName }, proof) => {
      asked.push({ roleArn, sessionName, ...proof });
      return grant();
    },
    withAccessKey: ({ roleArn, sessionName }, { accessKeyId, accessKeySecret, securityToken }) => {
      asked.push({ roleArn, sessionName, accessKeyId, accessKeySecret, securityToken });
      return grant();
    },
  };
  const source = new CredentialSource(settings, {
    clock,
    metadata: () => {
      throw new Error('Nobody asks for this');
    },
    roleTokens,
    readFile: (path) => {
      const text = files.get(path);
      if (text !== undefined) return Promise.resolve(text);
      return Promise.reject(Object.assign(new Error('no such file'), { code: 'ENOENT' }));
    },
  });
  const get = () => source.get(new AbortController().signal);
  return { clock, asked, files, service, source, get };
}

test('SEC-08: CredentialSource takes a role with the token of the service account', async () => {
  const { asked, get } = setup({ ...RRSA, sessionName: 'session' });
  assert.deepEqual(await get(), {
    accessKeyId: 'STS.1',
    accessKeySecret: 'granted-secret',
    securityToken: 'granted-token',
    providerName: 'oidc_role_arn',
  });
  assert.deepEqual(asked, [
    {
      roleArn: RRSA.roleArn,
      sessionName: 'session',
      oidcProviderArn: RRSA.oidcProviderArn,
      token: 'first-token',
    },
  ]);
});

test('SEC-08: CredentialSource renews a role before it ends, with the token of that time', async () => {
  const { clock, asked, files, get } = setup(RRSA);
  await get();
  await clock.advance(44 * 60_000);
  await get();
  assert.equal(asked.length, 1, 'Long before the end nothing is asked.');
  files.set(TOKEN_FILE, 'second-token');
  await clock.advance(2 * 60_000);
  assert.equal((await get()).accessKeyId, 'STS.1', 'The call does not wait.');
  await clock.advance(0);
  assert.equal((await get()).accessKeyId, 'STS.2');
  assert.equal((asked[1] as { readonly token: string }).token, 'second-token');
});

test('CredentialSource keeps a role that works while the token service is away', async () => {
  const { clock, service, get } = setup(RRSA);
  await get();
  service.isDown = true;
  await clock.advance(59 * 60_000);
  assert.equal((await get()).accessKeyId, 'STS.1');
  await clock.advance(60_000);
  await assert.rejects(get(), (error) => isFailure(error, 'retryable'));
  service.isDown = false;
  await get();
});

test('CredentialSource asks once for many callers', async () => {
  const { asked, get } = setup(RRSA);
  await Promise.all(Array.from({ length: 10 }, get));
  assert.equal(asked.length, 1);
});

test('CredentialSource takes another role after its credentials were refused', async () => {
  const { source, get } = setup(RRSA);
  await get();
  source.discard();
  assert.equal((await get()).accessKeyId, 'STS.2');
});

const unreadable = [
  {
    name: 'Missing',
    text: undefined,
    want: 'Cannot read the token of the service account from "/var/run/token" (ENOENT): mount a token of the service account there, as RRSA does',
  },
  {
    name: 'Empty',
    text: ' \n',
    want: 'Cannot use the token of the service account: the file "/var/run/token" is empty; mount a token of the service account there, as RRSA does',
  },
];

for (const { name, text, want } of unreadable) {
  test(`CredentialSource says what is wrong with the token's file, and looks again: ${name}`, async () => {
    const { asked, files, get } = setup(RRSA);
    if (text === undefined) files.delete(TOKEN_FILE);
    else files.set(TOKEN_FILE, text);
    await assert.rejects(get(), { name: 'Failure', message: want, kind: 'retryable' });
    assert.equal(asked.length, 0);
    files.set(TOKEN_FILE, 'token');
    await get();
    assert.equal(asked.length, 1);
  });
}

test('CredentialSource takes a role with an access key', async () => {
  const key = { accessKeyId: 'id', accessKeySecret: 'secret' };
  const { asked, get } = setup({ kind: 'assumedRole', roleArn: RRSA.roleArn, ...key });
  assert.equal((await get()).providerName, 'ram_role_arn');
  assert.deepEqual(asked, [
    { roleArn: RRSA.roleArn, sessionName: undefined, ...key, securityToken: undefined },
  ]);
});

test('OBS-17: CredentialSource shows no secret of a role when it is printed', async () => {
  const { source, get } = setup({
    kind: 'assumedRole',
    roleArn: RRSA.roleArn,
    accessKeyId: 'id',
    accessKeySecret: 'configured-secret',
  });
  await get();
  assert.doesNotMatch(inspect(source, { depth: 10 }), /configured-secret|granted/);
});

test('CredentialSource asks nobody for an access key', async () => {
  const source = new CredentialSource(
    { kind: 'accessKey', accessKeyId: 'id', accessKeySecret: 'secret' },
    {
      clock: new VirtualClock(),
      metadata: () => {
        throw new Error('Nobody asks for this');
      },
      roleTokens: { withOidc: unused, withAccessKey: unused },
      readFile: unused,
    },
  );
  const got = await source.get(new AbortController().signal);
  assert.equal(got.accessKeyId, 'id');
  assert.equal(got.securityToken, undefined);
});
