import assert from 'node:assert/strict';
import test from 'node:test';
import { inspect } from 'node:util';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import { isFailure } from '../failure.ts';
import type { CallLane } from '../call-options.ts';
import {
  DEFAULT_CLOUD_SETTINGS,
  type CloudSettings,
  type CredentialSettings,
} from './cloud-settings.ts';
import { CredentialSource } from './credential-source.ts';
import type { HttpOutcome, HttpRequest, HttpSender } from './http-exchange.ts';
import { InstanceMetadata } from './instance-metadata.ts';
import { SignedRpcSender } from './signed-rpc-sender.ts';

const ACCESS_KEY: CredentialSettings = {
  kind: 'accessKey',
  accessKeyId: 'the-id',
  accessKeySecret: 'the-secret',
};

/** Keeps requests and answers them all alike. */
class KeepingHttp implements HttpSender {
  readonly requests: HttpRequest[] = [];
  outcome: HttpOutcome = { kind: 'answered', status: 200, headers: {}, body: '{"RequestId":"R"}' };
  /** What the instance metadata says of its role. */
  role = '';

  exchange(request: HttpRequest): Promise<HttpOutcome> {
    if (request.url.hostname === '100.100.100.200') {
      return Promise.resolve({ kind: 'answered', status: 200, headers: {}, body: this.role });
    }
    this.requests.push(request);
    return Promise.resolve(this.outcome);
  }
}

function unused(): Promise<never> {
  return Promise.reject(new Error('Nobody asks for this'));
}

function setup(credentials: CredentialSettings = ACCESS_KEY) {
  const clock = new VirtualClock(Date.parse('2026-03-04T05:06:07.890Z'));
  const http = new KeepingHttp();
  const settings: CloudSettings = {
    ...DEFAULT_CLOUD_SETTINGS,
    credentials,
    clusterId: 'c123',
    operatorVersion: '1.2.3',
  };
  const metadata = new InstanceMetadata(settings.metadataEndpoint, { http, clock });
  const source = new CredentialSource(credentials, {
    clock,
    metadata: () => metadata,
    roleTokens: { withOidc: unused, withAccessKey: unused },
    readFile: unused,
  });
  const sender = new SignedRpcSender(settings, {
    http,
    credentials: source,
    clock,
    randomness: { fraction: () => 0, hex: (bytes) => 'ab'.repeat(bytes) },
    regionId: () => Promise.resolve('cn-zhangjiakou'),
  });
  const send = (lane: CallLane = 'live') =>
    sender.send({
      product: 'slb',
      version: '2014-05-15',
      action: 'DescribeLoadBalancers',
      parameters: { RegionId: 'cn-zhangjiakou', 'Tag.1.Value': "a b*c'(d)" },
      lane,
      signal: new AbortController().signal,
    });
  return { http, source, sender, send, settings };
}

test('SignedRpcSender puts parameters into the query of a POST and signs the headers', async () => {
  const { http, send } = setup();
  const result = await send();
  assert.deepEqual(result, { kind: 'answered', httpStatus: 200, body: { RequestId: 'R' } });
  const [request] = http.requests;
  assert.ok(request !== undefined);
  assert.equal(request.method, 'POST');
  assert.equal(request.url.host, 'slb.cn-zhangjiakou.aliyuncs.com');
  assert.equal(request.url.protocol, 'https:');
  assert.equal(request.url.searchParams.get('Tag.1.Value'), "a b*c'(d)");
  const { authorization, ...headers } = request.headers;
  assert.deepEqual(headers, {
    host: 'slb.cn-zhangjiakou.aliyuncs.com',
    accept: 'application/json',
    'user-agent': 'alibaba-cloud-operator/1.2.3 ClusterId/c123',
    'x-acs-action': 'DescribeLoadBalancers',
    'x-acs-version': '2014-05-15',
    'x-acs-date': '2026-03-04T05:06:07Z',
    'x-acs-signature-nonce': 'ab'.repeat(32),
    'x-acs-content-sha256': 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    'x-acs-credentials-provider': 'static_ak',
    'content-length': '0',
  });
  assert.match(
    authorization ?? '',
    /^ACS3-HMAC-SHA256 Credential=the-id,SignedHeaders=host;x-acs-[a-z0-9;-]+,Signature=[0-9a-f]{64}$/,
  );
});

test('SignedRpcSender says in the user agent that a call belongs to the sweep', async () => {
  const { http, send } = setup();
  await send('sweep');
  assert.equal(
    http.requests[0]?.headers['user-agent'],
    'alibaba-cloud-operator/1.2.3 ClusterId/c123 lane/sweep',
  );
});

test('SignedRpcSender sends the security token of temporary credentials', async () => {
  const { http, send } = setup({ ...ACCESS_KEY, kind: 'stsToken', securityToken: 'the-token' });
  await send();
  const headers = http.requests[0]?.headers;
  assert.equal(headers?.['x-acs-security-token'], 'the-token');
  assert.equal(headers['x-acs-accesskey-id'], 'the-id');
  assert.equal(headers['x-acs-credentials-provider'], 'static_sts');
});

test('SEC-08: SignedRpcSender uses replaced credentials and settings from the next call on', async () => {
  const { http, source, sender, send, settings } = setup();
  await send();
  source.replace({ kind: 'accessKey', accessKeyId: 'other-id', accessKeySecret: 'other' });
  sender.replace({ ...settings, scheme: 'http', endpoints: { slb: '127.0.0.1:9' } });
  await send();
  const second = http.requests[1];
  assert.match(second?.headers.authorization ?? '', /Credential=other-id,/);
  assert.equal(second?.url.origin, 'http://127.0.0.1:9');
  assert.equal(await sender.principal(new AbortController().signal), 'other-id');
});

const outcomes: readonly { name: string; outcome: HttpOutcome; want: object }[] = [
  {
    name: 'Throttled',
    outcome: {
      kind: 'answered',
      status: 400,
      headers: { 'x-acs-retry-after': '1500' },
      body: '{"Code":"Throttling"}',
    },
    want: { kind: 'answered', httpStatus: 400, body: { Code: 'Throttling' }, retryAfterMs: 1500 },
  },
  {
    name: 'ProxyPage',
    outcome: { kind: 'answered', status: 502, headers: {}, body: '<html>bad gateway</html>' },
    want: { kind: 'unreadable', httpStatus: 502 },
  },
  {
    name: 'EmptyBody',
    outcome: { kind: 'answered', status: 200, headers: {}, body: '' },
    want: { kind: 'unreadable', httpStatus: 200 },
  },
  {
    name: 'NoObject',
    outcome: { kind: 'answered', status: 200, headers: {}, body: '[]' },
    want: { kind: 'unreadable', httpStatus: 200 },
  },
  {
    name: 'Lost',
    outcome: { kind: 'failed', reason: 'timeout', sent: true, cause: 'cause' },
    want: { kind: 'lost', reason: 'timeout', sent: true, cause: 'cause' },
  },
];

for (const { name, outcome, want } of outcomes) {
  test(`SignedRpcSender: ${name}`, async () => {
    const { http, send } = setup();
    http.outcome = outcome;
    assert.deepEqual(await send(), want);
  });
}

test('OBS-17: incomplete credentials fail without falling back and without telling secrets', async () => {
  const { source, send } = setup({
    kind: 'accessKey',
    accessKeyId: '',
    accessKeySecret: 'the-secret',
  });
  await assert.rejects(send(), (error) => {
    assert.ok(isFailure(error, 'terminal'));
    assert.equal(error.code, 'IncompleteCredentials');
    assert.doesNotMatch(inspect(error, { depth: 10 }), /the-secret/);
    return true;
  });
  assert.doesNotMatch(inspect(source, { depth: 10, showHidden: true }), /the-secret/);
});

for (const code of ['InvalidSecurityToken.Expired', 'InvalidAccessKeyId.NotFound']) {
  test(`SEC-08: SignedRpcSender asks for new credentials once the cloud refuses them: ${code}`, async () => {
    const { http, send } = setup({ kind: 'ramRole', roleName: 'node-role' });
    const role = (name: string): string =>
      JSON.stringify({
        AccessKeyId: name,
        AccessKeySecret: 's',
        SecurityToken: 't',
        Expiration: '2026-03-04T11:00:00Z',
      });
    http.role = role('first');
    await send();
    http.role = role('second');
    await send();
    http.outcome = { kind: 'answered', status: 403, headers: {}, body: `{"Code":"${code}"}` };
    await send();
    await send();
    const names = http.requests.map(
      ({ headers }) => /Credential=(\w+),/.exec(headers.authorization ?? '')?.[1],
    );
    assert.deepEqual(names, ['first', 'first', 'first', 'second']);
  });
}
