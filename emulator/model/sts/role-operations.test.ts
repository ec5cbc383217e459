import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { cloudCaller, type CallerAnswer } from '../../../test/support/cloud-caller.ts';
import { startRuleBench, type RuleBench } from '../../../test/support/rule-bench.ts';

const STS = '2015-04-01';
const ACCOUNT = '1234567890123456';
const ROLE = `acs:ram::${ACCOUNT}:role/controller`;
const PROVIDER = `acs:ram::${ACCOUNT}:oidc-provider/cluster`;
let bench: RuleBench;

before(async () => {
  bench = await startRuleBench();
});
beforeEach(() => {
  bench.cloud.reset();
  bench.cloud.settings({ rates: { default: 0 } });
  bench.cloud.admin.seed({
    accessKeys: [{ accessKeyId: 'worker', accessKeySecret: 's', userName: 'worker' }],
    oidcProviders: [
      { name: 'cluster', issuer: 'https://oidc.example', clientIds: ['sts.aliyuncs.com'] },
    ],
    ramRoles: [
      { name: 'controller', trustedSubjects: ['system:serviceaccount:kube-system:ccm'] },
      { name: 'long', maxSessionDurationSeconds: 7200 },
    ],
  });
});
after(() => bench.cloud.stop());

function asUser(action: string, parameters: Record<string, unknown> = {}): Promise<CallerAnswer> {
  const call = cloudCaller(bench.cloud.url, { accessKeyId: 'worker', accessKeySecret: 's' });
  return call(action, parameters, { version: STS });
}

/** A token as a cluster signs it, except that nobody looks at the signature. */
function token(change: Record<string, unknown> = {}): string {
  const claims = {
    iss: 'https://oidc.example',
    aud: ['sts.aliyuncs.com'],
    sub: 'system:serviceaccount:kube-system:ccm',
    exp: Math.floor(Date.parse(bench.cloud.state().now) / 1000) + 600,
    ...change,
  };
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'RS256' })}.${part(claims)}.c2lnbmF0dXJl`;
}

interface RawAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Calls without a signature, as the vendor's credential packages do: part in the query, part in a form. */
async function unsigned(form: Record<string, string>): Promise<RawAnswer> {
  const query = `Action=AssumeRoleWithOIDC&Version=${STS}&Format=JSON&Timestamp=2026-11-21T15:00:00Z`;
  const answer = await fetch(`${bench.cloud.url}/?${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form).toString(),
  });
  return { status: answer.status, body: (await answer.json()) as RawAnswer['body'] };
}

function oidcForm(change: Record<string, string> = {}): Record<string, string> {
  return {
    OIDCProviderArn: PROVIDER,
    OIDCToken: token(),
    RoleArn: ROLE,
    RoleSessionName: 'ccm',
    ...change,
  };
}

interface Credentials {
  readonly AccessKeyId: string;
  readonly AccessKeySecret: string;
  readonly SecurityToken: string;
  readonly Expiration: string;
}

function identityOf(credentials: Credentials): Promise<CallerAnswer> {
  const call = cloudCaller(bench.cloud.url, {
    accessKeyId: credentials.AccessKeyId,
    accessKeySecret: credentials.AccessKeySecret,
    securityToken: credentials.SecurityToken,
  });
  return call('GetCallerIdentity', {}, { version: STS });
}

test('rule sts-assume: a user takes a role, whose keys name the session and end by the clock', async () => {
  const answer = await asUser('AssumeRole', { RoleArn: ROLE, RoleSessionName: 'one' });
  assert.equal(answer.code, undefined, answer.message);
  const arn = `acs:ram::${ACCOUNT}:assumed-role/controller/one`;
  assert.equal(answer.text('AssumedRoleUser', 'Arn'), arn);
  const credentials = answer.get('Credentials') as Credentials;
  assert.match(credentials.AccessKeyId, /^STS\./);
  const life = Date.parse(credentials.Expiration) - Date.parse(bench.cloud.state().now);
  assert.ok(life > 3_598_000 && life <= 3_600_000, String(life));

  const identity = await identityOf(credentials);
  assert.deepEqual([identity.get('Arn'), identity.get('IdentityType')], [arn, 'AssumedRoleUser']);
  assert.equal(bench.cloud.calls().at(-1)?.principal, arn);
  bench.cloud.advance(3_600_000);
  assert.equal((await identityOf(credentials)).code, 'InvalidSecurityToken.Expired');
});

test('rule sts-assume: what is refused', async () => {
  const one = { RoleArn: ROLE, RoleSessionName: 'one' };
  const asRoot = await bench.call('AssumeRole', one, { version: STS });
  assert.equal(asRoot.code, 'NoPermission');
  const refused: [string, Record<string, unknown>][] = [
    ['EntityNotExist.Role', { ...one, RoleArn: `acs:ram::${ACCOUNT}:role/unknown` }],
    ['InvalidParameter.RoleArn', { ...one, RoleArn: 'controller' }],
    ['InvalidParameter.RoleSessionName', { ...one, RoleSessionName: 'a session' }],
    ['InvalidParameter.DurationSeconds', { ...one, DurationSeconds: 899 }],
    ['InvalidParameter.DurationSeconds', { ...one, DurationSeconds: 3601 }],
  ];
  for (const [code, parameters] of refused) {
    assert.equal((await asUser('AssumeRole', parameters)).code, code);
  }
  const long = { RoleArn: `acs:ram::${ACCOUNT}:role/long`, DurationSeconds: 7200 };
  assert.equal((await asUser('AssumeRole', { ...one, ...long })).code, undefined);
});

test('rule sts-user: a key of a RAM user says so', async () => {
  const identity = await asUser('GetCallerIdentity');
  assert.deepEqual(
    [identity.get('Arn'), identity.get('IdentityType')],
    [`acs:ram::${ACCOUNT}:user/worker`, 'RAMUser'],
  );
});

test('rule sts-oidc: a token is exchanged for keys of a role, without a signature', async () => {
  const { status, body } = await unsigned(oidcForm({ DurationSeconds: '900' }));
  assert.equal(status, 200, JSON.stringify(body));
  const credentials = body.Credentials as Credentials;
  const identity = await identityOf(credentials);
  assert.equal(identity.get('Arn'), `acs:ram::${ACCOUNT}:assumed-role/controller/ccm`);
  assert.deepEqual(
    [(body.OIDCTokenInfo as { Subject: string }).Subject, bench.cloud.calls()[0]?.principal],
    ['system:serviceaccount:kube-system:ccm', null],
  );
  bench.cloud.advance(900_000);
  assert.equal((await identityOf(credentials)).code, 'InvalidSecurityToken.Expired');
});

test('rule sts-oidc: an identity survives a reset, as keys do', async () => {
  bench.cloud.reset();
  assert.equal((await unsigned(oidcForm())).status, 200);
});

const REFUSED: readonly [code: string, why: string, change: () => Record<string, string>][] = [
  ['AuthenticationFail.OIDCToken.Invalid', 'no token', () => ({ OIDCToken: 'a token' })],
  ['AuthenticationFail.OIDCToken.Invalid', 'no claims', () => ({ OIDCToken: 'YQ.YQ.YQ' })],
  [
    'AuthenticationFail.OIDCToken.Expired',
    'an old token',
    () => ({ OIDCToken: token({ exp: 1 }) }),
  ],
  [
    'AuthenticationFail.OIDCToken.IssuerNotMatch',
    'another issuer',
    () => ({ OIDCToken: token({ iss: 'https://other.example' }) }),
  ],
  [
    'AuthenticationFail.OIDCToken.AudienceNotMatch',
    'another audience',
    () => ({ OIDCToken: token({ aud: 'another' }) }),
  ],
  [
    'AuthenticationFail.NoPermission',
    'another subject',
    () => ({ OIDCToken: token({ sub: 'system:serviceaccount:default:other' }) }),
  ],
  [
    'AuthenticationFail.NoPermission',
    'no such provider',
    () => ({ OIDCProviderArn: `${PROVIDER}x` }),
  ],
  ['InvalidParameter.OIDCProviderArn', 'no resource name', () => ({ OIDCProviderArn: 'cluster' })],
  ['EntityNotExist.Role', 'no such role', () => ({ RoleArn: `${ROLE}x` })],
  ['MissingParameter', 'no token at all', () => ({ OIDCToken: '' })],
];

for (const [code, why, change] of REFUSED) {
  test(`rule sts-oidc: ${code} for ${why}`, async () => {
    const { status, body } = await unsigned(oidcForm(change()));
    assert.equal(body.Code, code);
    assert.ok(status >= 400);
  });
}

test('rule sts-oidc: no other operation goes without a signature', async () => {
  const answer = await fetch(
    `${bench.cloud.url}/?Action=AssumeRole&Version=${STS}&Format=JSON&RoleArn=${ROLE}`,
    { method: 'POST' },
  );
  assert.equal(((await answer.json()) as { Code: string }).Code, 'IncompleteSignature');
});
