import assert from 'node:assert/strict';
import test from 'node:test';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import { isFailure } from '../failure.ts';
import { CoalescedReads } from '../transport/coalesced-reads.ts';
import { DEFAULT_CLOUD_SETTINGS, type CloudSettings } from '../transport/cloud-settings.ts';
import type { ObservedCall } from '../transport/call-observer.ts';
import type { HttpOutcome, HttpRequest, HttpSender } from '../transport/http-exchange.ts';
import { ObjectLanes } from '../transport/object-lane.ts';
import { RequestBudget } from '../transport/request-budget.ts';
import { OpenApiRoleTokens } from './openapi-role-tokens.ts';

const ROLE = { roleArn: 'acs:ram::1:role/operator' };
const PROOF = { oidcProviderArn: 'acs:ram::1:oidc-provider/cluster', token: 'secret.token+=' };
const KEY = { accessKeyId: 'the-id', accessKeySecret: 'the-secret' };

const GRANTED = {
  RequestId: 'R',
  Credentials: {
    AccessKeyId: 'STS.x',
    AccessKeySecret: 's',
    SecurityToken: 't',
    Expiration: '2026-01-01T01:00:00Z',
  },
};

/** Keeps requests and answers them all alike. */
class KeepingHttp implements HttpSender {
  readonly requests: HttpRequest[] = [];
  readonly #answer: () => { readonly status: number; readonly body: unknown };

  constructor(answer: () => { readonly status: number; readonly body: unknown }) {
    this.#answer = answer;
  }

  exchange(request: HttpRequest): Promise<HttpOutcome> {
    this.requests.push(request);
    const { status, body } = this.#answer();
    return Promise.resolve({ kind: 'answered', status, headers: {}, body: JSON.stringify(body) });
  }
}

function setup(answer: () => { readonly status: number; readonly body: unknown } = granted) {
  const clock = new VirtualClock(Date.parse('2026-01-01T00:00:00Z'));
  const http = new KeepingHttp(answer);
  const observed: ObservedCall[] = [];
  const lines: unknown[] = [];
  const log = (message: string, fields: unknown) => lines.push([message, fields]);
  const settings: CloudSettings = {
    ...DEFAULT_CLOUD_SETTINGS,
    scheme: 'http',
    endpoints: { sts: '127.0.0.1:1234' },
    clusterId: 'c123',
    operatorVersion: '1.2.3',
  };
  const tokens = new OpenApiRoleTokens({
    shared: {
      budget: new RequestBudget({ callsPerSecond: 10, burst: 10 }, clock),
      lanes: new ObjectLanes({ spacingMs: 0, longestSpacingMs: 0 }, clock),
      reads: new CoalescedReads(),
      clock,
      randomness: { fraction: () => 0, hex: (bytes) => 'ab'.repeat(bytes) },
      // Who does not lead reads as well, and needs credentials for it.
      mayWrite: () => false,
      metrics: { observeCall: (call) => observed.push(call) },
      logger: { debug: log, info: log, warn: log },
    },
    http,
    settings: () => settings,
    regionId: () => Promise.resolve('cn-beijing'),
  });
  return { tokens, http, clock, observed, lines };
}

function granted() {
  return { status: 200, body: GRANTED };
}

const signal = new AbortController().signal;

test('OpenApiRoleTokens shows a token unsigned, in a form and not in the address', async () => {
  const { tokens, http, observed } = setup();
  assert.deepEqual(await tokens.withOidc({ ...ROLE, sessionName: 'session' }, PROOF, signal), {
    accessKeyId: 'STS.x',
    accessKeySecret: 's',
    securityToken: 't',
    expiresAtMs: Date.parse('2026-01-01T01:00:00Z'),
  });
  const [request] = http.requests;
  assert.ok(request !== undefined);
  assert.equal(request.method, 'POST');
  assert.equal(
    request.url.href,
    'http://127.0.0.1:1234/?Action=AssumeRoleWithOIDC&Version=2015-04-01&Format=JSON&Timestamp=2026-01-01T00%3A00%3A00Z',
  );
  assert.deepEqual(Object.fromEntries(new URLSearchParams(request.body)), {
    DurationSeconds: '3600',
    OIDCProviderArn: PROOF.oidcProviderArn,
    OIDCToken: PROOF.token,
    RoleArn: ROLE.roleArn,
    RoleSessionName: 'session',
  });
  assert.equal(request.headers['content-length'], String(Buffer.byteLength(request.body ?? '')));
  assert.equal(request.headers['content-type'], 'application/x-www-form-urlencoded');
  assert.equal(request.headers.authorization, undefined);
  assert.deepEqual(
    observed.map(({ product, operation, code }) => [product, operation, code]),
    [['sts', 'AssumeRoleWithOIDC', 'OK']],
  );
});

test('OpenApiRoleTokens takes a role with a signed call of the access key', async () => {
  const { tokens, http } = setup();
  await tokens.withAccessKey(ROLE, KEY, signal);
  await tokens.withAccessKey(ROLE, { ...KEY, securityToken: 'the-token' }, signal);
  const [plain, temporary] = http.requests;
  assert.equal(plain?.headers['x-acs-action'], 'AssumeRole');
  assert.match(plain.headers.authorization ?? '', /Credential=the-id,/);
  assert.deepEqual(Object.fromEntries(plain.url.searchParams), {
    DurationSeconds: '3600',
    RoleArn: ROLE.roleArn,
    RoleSessionName: 'alibaba-cloud-operator',
  });
  assert.equal(plain.headers['x-acs-security-token'], undefined);
  assert.equal(temporary?.headers['x-acs-security-token'], 'the-token');
});

const refusals = [
  {
    code: 'EntityNotExist.Role',
    status: 404,
    kind: 'terminal',
    want: 'Cannot take the RAM role "acs:ram::1:role/operator": the RAM role does not exist; check "ALIBABA_CLOUD_ROLE_ARN" (EntityNotExist.Role)',
  },
  {
    code: 'AuthenticationFail.OIDCToken.Expired',
    status: 400,
    kind: 'retryable',
    want: 'Cannot take the RAM role "acs:ram::1:role/operator": the token of the service account has ended; its file is read again, and must be one that the kubelet renews (AuthenticationFail.OIDCToken.Expired)',
  },
  {
    code: 'AuthenticationFail.OIDCToken.Invalid',
    status: 400,
    kind: 'terminal',
    want: 'Cannot take the RAM role "acs:ram::1:role/operator": the token of the service account is not accepted; check that the OIDC provider in RAM has the keys of this cluster (AuthenticationFail.OIDCToken.Invalid)',
  },
] as const;

for (const { code, status, kind, want } of refusals) {
  test(`OpenApiRoleTokens says what to do, and quotes no token: ${code}`, async () => {
    const { tokens, lines } = setup(() => ({
      status,
      body: { Code: code, Message: `The token ${PROOF.token} is refused.`, RequestId: 'R' },
    }));
    await assert.rejects(tokens.withOidc(ROLE, PROOF, signal), (error) => {
      assert.ok(isFailure(error, kind));
      assert.equal(error.message, want);
      return true;
    });
    assert.ok(!JSON.stringify(lines).includes(PROOF.token));
  });
}

test('OpenApiRoleTokens asks again after a fault of the service', async () => {
  let calls = 0;
  const { tokens, clock } = setup(() => {
    calls += 1;
    return calls === 1 ? { status: 500, body: { Code: 'InternalError' } } : granted();
  });
  const taken = await clock.until(tokens.withOidc(ROLE, PROOF, signal));
  assert.equal(taken.accessKeyId, 'STS.x');
  assert.equal(calls, 2);
});

const incomplete = [
  { name: 'NoCredentials', body: { RequestId: 'R' } },
  { name: 'NoSecret', body: { Credentials: { ...GRANTED.Credentials, AccessKeySecret: '' } } },
  { name: 'NoEnd', body: { Credentials: { ...GRANTED.Credentials, Expiration: 'soon' } } },
];

for (const { name, body } of incomplete) {
  test(`OpenApiRoleTokens refuses half an answer: ${name}`, async () => {
    const { tokens } = setup(() => ({ status: 200, body }));
    await assert.rejects(
      tokens.withOidc(ROLE, PROOF, signal),
      (error) => isFailure(error, 'retryable') && error.code === 'MalformedAnswer',
    );
  });
}
