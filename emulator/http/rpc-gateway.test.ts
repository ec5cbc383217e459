import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { connect } from 'node:net';
import { after, afterEach, before, test } from 'node:test';
import { cloudCaller } from '../../test/support/cloud-caller.ts';
import { startLocalCloud, type LocalCloud } from '../../test/support/local-cloud.ts';

let cloud: LocalCloud;

before(async () => {
  cloud = await startLocalCloud({ settings: { lockMs: 0 } });
});
afterEach(() => {
  cloud.reset();
});
after(() => cloud.stop());

const encode = (text: string) =>
  encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );

let count = 0;

/** The parameters that a V1 client adds, with the ones given. */
function v1Parameters(given: Record<string, string>): Record<string, string> {
  count += 1;
  return {
    Version: '2014-05-15',
    AccessKeyId: 'emulator',
    Format: 'JSON',
    SignatureMethod: 'HMAC-SHA1',
    SignatureVersion: '1.0',
    SignatureType: '',
    SignatureNonce: `nonce-${count}`,
    Timestamp: new Date().toISOString().replace(/\.\d{3}Z$/, 'Z'),
    ...given,
  };
}

function v1Query(method: string, parameters: Record<string, string>, secret = 'emulator-secret') {
  const names = Object.keys(parameters).sort();
  const canonical = names
    .map((name) => `${encode(name)}=${encode(parameters[name] ?? '')}`)
    .join('&');
  const text = `${method}&${encode('/')}&${encode(canonical)}`;
  const hash = parameters.SignatureMethod === 'HMAC-SHA256' ? 'sha256' : 'sha1';
  const signature = createHmac(hash, `${secret}&`).update(text).digest('base64');
  return `${canonical}&Signature=${encode(signature)}`;
}

interface Seen {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
  code(): unknown;
}

async function send(path: string, init: RequestInit = {}): Promise<Seen> {
  const response = await fetch(`${cloud.url}${path}`, init);
  const text = await response.text();
  return {
    status: response.status,
    text,
    headers: response.headers,
    code: () => (JSON.parse(text) as { Code?: string }).Code,
  };
}

const v1 = (given: Record<string, string>, method = 'POST') =>
  send(`/?${v1Query(method, v1Parameters(given))}`, { method });

/** A V3 request that signs exactly the headers it is told to. */
function v3Headers(
  query: string,
  options: { signed: readonly string[]; headers?: Record<string, string>; body?: string },
): Record<string, string> {
  count += 1;
  const bodyHash = createHash('sha256')
    .update(options.body ?? '')
    .digest('hex');
  const headers: Record<string, string> = {
    host: new URL(cloud.url).host,
    'x-acs-action': 'DescribeRegions',
    'x-acs-version': '2014-05-15',
    'x-acs-date': new Date().toISOString().replace(/\.\d{3}Z$/, 'Z'),
    'x-acs-signature-nonce': `v3-${count}`,
    'x-acs-content-sha256': bodyHash,
    ...options.headers,
  };
  const canonical = [
    'POST',
    '/',
    query,
    options.signed.map((name) => `${name}:${headers[name] ?? ''}\n`).join(''),
    options.signed.join(';'),
    bodyHash,
  ].join('\n');
  const text = `ACS3-HMAC-SHA256\n${createHash('sha256').update(canonical).digest('hex')}`;
  const signature = createHmac('sha256', 'emulator-secret').update(text).digest('hex');
  const { host: _host, ...sent } = headers;
  assert.ok(_host);
  return {
    ...sent,
    authorization: `ACS3-HMAC-SHA256 Credential=emulator,SignedHeaders=${options.signed.join(';')},Signature=${signature}`,
  };
}

test('rule wire-v1-signature: both hashes are good, a wrong one tells what should be signed', async () => {
  for (const SignatureMethod of ['HMAC-SHA1', 'HMAC-SHA256']) {
    const answer = await v1({ Action: 'DescribeRegions', SignatureMethod });
    assert.equal(answer.status, 200, answer.text);
  }
  const query = v1Query('POST', v1Parameters({ Action: 'DescribeRegions' }), 'wrong');
  const wrong = await send(`/?${query}`, { method: 'POST' });
  assert.equal(wrong.status, 400);
  assert.equal(wrong.code(), 'SignatureDoesNotMatch');
  assert.match(wrong.text, /server string to sign is:POST&%2F&AccessKeyId%3Demulator/);
  const changed = v1Query('POST', v1Parameters({ Action: 'DescribeRegions' }));
  assert.equal((await send(`/?${changed}&RegionId=x`)).code(), 'SignatureDoesNotMatch');
  const unknown = await v1({ Action: 'DescribeRegions', SignatureMethod: 'RSA' });
  assert.equal(unknown.code(), 'IncompleteSignature');
});

test('rule wire-v1-signature: a practising client’s request, all in the query of a POST', async () => {
  const made = await v1({
    Action: 'CreateLoadBalancer',
    RegionId: 'cn-hangzhou',
    ClientToken: 'a-token',
    LoadBalancerName: 'a5e4dbfc9c2ae4642b0335607860aef6',
    AddressType: 'internet',
    InternetChargeType: 'paybytraffic',
    InstanceChargeType: 'PayByCLCU',
    DeleteProtection: 'on',
    ModificationProtectionStatus: 'ConsoleProtection',
    ModificationProtectionReason: 'managed.by.ack',
    'Tag.1.Key': 'kubernetes.do.not.delete',
    'Tag.1.Value': 'a5e4dbfc9c2ae4642b0335607860aef6',
    'Tag.2.Key': 'ack.aliyun.com',
    'Tag.2.Value': 'clusterid',
  });
  assert.equal(made.status, 200, made.text);
  const { LoadBalancerId } = JSON.parse(made.text) as { LoadBalancerId: string };
  const found = await v1({
    Action: 'DescribeLoadBalancers',
    RegionId: 'cn-hangzhou',
    Tags: JSON.stringify([
      { TagKey: 'kubernetes.do.not.delete', TagValue: 'a5e4dbfc9c2ae4642b0335607860aef6' },
    ]),
  });
  assert.match(found.text, new RegExp(LoadBalancerId));
  const group = await v1({
    Action: 'CreateVServerGroup',
    RegionId: 'cn-hangzhou',
    LoadBalancerId,
    VServerGroupName: 'k8s/30080/web/default/clusterid',
  });
  const { VServerGroupId } = JSON.parse(group.text) as { VServerGroupId: string };
  const added = await v1({
    Action: 'AddVServerGroupBackendServers',
    RegionId: 'cn-hangzhou',
    VServerGroupId,
    BackendServers: JSON.stringify(
      cloud.instanceIds.map((serverId) => ({
        IsUserManaged: false,
        NodeName: null,
        description: 'k8s/30080/web/default/clusterid',
        serverId,
        serverIp: '',
        weight: 100,
        port: 30080,
        type: 'ecs',
        TargetRef: null,
        Invalid: false,
      })),
    ),
  });
  assert.equal(added.status, 200, added.text);
  const listener = await v1({
    Action: 'CreateLoadBalancerTCPListener',
    LoadBalancerId,
    RegionId: 'cn-hangzhou',
    ListenerPort: '80',
    Bandwidth: '-1',
    Scheduler: 'wlc',
    Description: 'k8s/80/web/default/clusterid',
    VServerGroupId,
    AclStatus: 'off',
    healthCheckInterval: '2',
  });
  assert.equal(listener.status, 200, listener.text);
  const started = await v1({
    Action: 'StartLoadBalancerListener',
    LoadBalancerId,
    ListenerPort: '80',
    ListenerProtocol: 'tcp',
  });
  assert.equal(started.status, 200, started.text);
  assert.equal(cloud.state().vServerGroups[0]?.loadBalancerId, LoadBalancerId);
});

test('rule wire-v3-signature: the caller chooses the headers', async () => {
  const all = ['host', 'x-acs-action', 'x-acs-content-sha256', 'x-acs-date', 'x-acs-version'];
  for (const signed of [all, ['x-acs-date'], [...all, 'x-own']]) {
    const headers = v3Headers('RegionId=cn-hangzhou', { signed, headers: { 'x-own': 'mine' } });
    const answer = await send('/?RegionId=cn-hangzhou', { method: 'POST', headers });
    assert.equal(answer.status, 200, `${signed.join(';')}: ${answer.text}`);
    const forged = { ...headers, 'x-acs-date': headers['x-acs-date']?.replace('Z', '') ?? '' };
    assert.notEqual((await send('/', { method: 'POST', headers: forged })).status, 200);
  }
});

test('rule wire-v3-signature: the body is signed too', async () => {
  const signed = ['host', 'x-acs-date'];
  const type = 'application/x-www-form-urlencoded';
  const request = (body: string, signedBody = body) =>
    send('/', {
      method: 'POST',
      body,
      headers: { ...v3Headers('', { signed, body: signedBody }), 'content-type': type },
    });
  assert.equal((await request('RegionId=cn-hangzhou')).status, 200);
  const swapped = await request('RegionId=cn-beijing', 'RegionId=cn-hangzhou');
  assert.equal(swapped.code(), 'SignatureDoesNotMatch');
  const stated = { 'x-acs-content-sha256': createHash('sha256').update('other').digest('hex') };
  const headers = v3Headers('', { signed, headers: stated });
  const misstated = await send('/', { method: 'POST', headers });
  assert.equal(misstated.code(), 'SignatureDoesNotMatch');
});

test('rule wire-encoding: names of the query may be encoded or not', async () => {
  const value = encode('a b*');
  for (const name of ['Odd[1]', encode('Odd[1]')]) {
    const headers = v3Headers(`${name}=${value}`, { signed: ['x-acs-date'] });
    const answer = await send(`/?${encode('Odd[1]')}=${value}`, { method: 'POST', headers });
    assert.equal(answer.status, 200, answer.text);
  }
});

test('rule wire-unsigned: a request without a signature is refused and logged', async () => {
  for (const [path, headers] of [
    ['/?Action=DescribeRegions&Version=2014-05-15&Format=JSON', {}],
    ['/?Action=DescribeRegions&Version=2014-05-15&AccessKeyId=emulator&Format=JSON', {}],
    ['/?Action=DescribeRegions&Version=2014-05-15', { authorization: 'Basic abc' }],
    ['/?Action=DescribeRegions&Version=2014-05-15', { authorization: 'ACS3-HMAC-SHA256 x' }],
  ] as const) {
    const answer = await send(path, { headers });
    assert.equal(answer.status, 400);
    assert.equal(answer.code(), 'IncompleteSignature');
  }
  const [first, second] = cloud.calls();
  assert.equal(cloud.calls().length, 4);
  assert.equal(first?.action, 'DescribeRegions');
  assert.deepEqual(
    [first.principal, first.accessKeyId, first.code, first.applied],
    [null, null, 'IncompleteSignature', false],
  );
  assert.equal(second?.accessKeyId, 'emulator');
});

test('rule wire-unknown-key: a key that nobody has', async () => {
  const answer = await v1({ Action: 'DescribeRegions', AccessKeyId: 'nobody' });
  assert.equal(answer.code(), 'InvalidAccessKeyId.NotFound');
});

test('rule wire-security-token: a temporary key needs its own token', async () => {
  cloud.admin.seed({
    accessKeys: [{ accessKeyId: 'STS.x', accessKeySecret: 's', securityToken: 'token' }],
  });
  for (const signature of ['V1', 'V3'] as const) {
    const key = { accessKeyId: 'STS.x', accessKeySecret: 's', signature };
    const codes = [];
    for (const options of [
      key,
      { ...key, securityToken: 'no' },
      { ...key, securityToken: 'token' },
    ]) {
      codes.push((await cloudCaller(cloud.url, options)('DescribeRegions')).code);
    }
    assert.deepEqual(codes, [
      'MissingSecurityToken',
      'InvalidSecurityToken.MismatchWithAccessKey',
      undefined,
    ]);
  }
});

test('rule wire-timestamp: a timestamp must be readable and of now', async () => {
  const at = (offsetMs: number) =>
    new Date(Date.now() + offsetMs).toISOString().replace(/\.\d{3}Z$/, 'Z');
  const minutes = 60_000;
  for (const [Timestamp, code] of [
    ['yesterday', 'InvalidTimeStamp.Format'],
    ['2026-99-99T00:00:00Z', 'InvalidTimeStamp.Format'],
    [at(-16 * minutes), 'InvalidTimeStamp.Expired'],
    [at(16 * minutes), 'InvalidTimeStamp.Expired'],
    [at(-14 * minutes), undefined],
    ['', 'IncompleteSignature'],
  ] as const) {
    const answer = await v1({ Action: 'DescribeRegions', Timestamp });
    assert.equal(answer.code(), code);
  }
});

test('rule wire-nonce: a request cannot be played back', async () => {
  const query = v1Query('POST', v1Parameters({ Action: 'DescribeRegions' }));
  assert.equal((await send(`/?${query}`, { method: 'POST' })).status, 200);
  const again = await send(`/?${query}`, { method: 'POST' });
  assert.equal(again.status, 400);
  assert.equal(again.code(), 'SignatureNonceUsed');
  const none = await v1({ Action: 'DescribeRegions', SignatureNonce: '' });
  assert.equal(none.code(), 'IncompleteSignature');
});

test('rule wire-action: action and version must be known', async () => {
  for (const [given, code, status] of [
    [{}, 'MissingParameter', 400],
    [{ Action: 'DescribeRegions', Version: '' }, 'MissingParameter', 400],
    [{ Action: 'DescribeRegions', Version: '1999-01-01' }, 'InvalidVersion', 400],
    [{ Action: 'MakeCoffee' }, 'InvalidAction.NotFound', 404],
    [{ Action: 'DescribeVpcs' }, 'InvalidAction.NotFound', 404],
  ] as const) {
    const answer = await v1(given);
    assert.equal(answer.code(), code);
    assert.equal(answer.status, status);
  }
});

test('rule wire-methods: only GET and POST are served', async () => {
  assert.equal((await v1({ Action: 'DescribeRegions' }, 'GET')).status, 200);
  const answer = await v1({ Action: 'DescribeRegions' }, 'PUT');
  assert.equal(answer.code(), 'UnsupportedHTTPMethod');
  // Part of the parameters in the query, part in the form: both are signed, both are read.
  const parameters = v1Parameters({ Action: 'DescribeLoadBalancers', RegionId: 'cn-hangzhou' });
  const query = v1Query('POST', parameters);
  const split = query.split('&');
  const inForm = split.filter((pair) => pair.startsWith('RegionId'));
  const inQuery = split.filter((pair) => !pair.startsWith('RegionId'));
  const merged = await send(`/?${inQuery.join('&')}`, {
    method: 'POST',
    body: inForm.join('&'),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
  assert.equal(merged.status, 200, merged.text);
});

/** Sends text over a socket of its own and gives all that comes back. */
function sendRaw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(cloud.url).port), '127.0.0.1');
    let answer = '';
    socket.on('data', (data) => (answer += data.toString()));
    socket.on('end', () => {
      resolve(answer);
    });
    socket.on('error', reject);
    socket.write(text);
  });
}

test('rule wire-absolute-uri: the target may be a whole URI', async () => {
  const query = v1Query('GET', v1Parameters({ Action: 'DescribeRegions' }));
  const target = `http://slb.aliyuncs.com/?${query}`;
  const answer = await sendRaw(
    `GET ${target} HTTP/1.1\r\nHost: slb.aliyuncs.com\r\nConnection: close\r\n\r\n`,
  );
  assert.match(answer, /^HTTP\/1\.1 200 /);
  assert.match(answer, /"Regions"/);
});

test('rule wire-format: JSON or XML, as asked for', async () => {
  const xml = await send(
    `/?${v1Query('GET', without(v1Parameters({ Action: 'DescribeRegions' }), 'Format'))}`,
  );
  assert.match(xml.headers.get('content-type') ?? '', /xml/);
  assert.match(
    xml.text,
    /^<\?xml version='1\.0' encoding='UTF-8'\?><DescribeRegionsResponse><RequestId>[0-9A-F-]{36}<\/RequestId><Regions><Region><RegionId>/,
  );
  const error = await send(
    `/?${v1Query('GET', v1Parameters({ Action: 'Make<Coffee>', Format: 'xml' }))}`,
  );
  assert.match(error.text, /<Error><RequestId>.*<Code>InvalidAction\.NotFound<\/Code>/);
  assert.match((await v1({ Action: 'DescribeRegions' })).text, /^\{/);
  const headers = v3Headers('', { signed: ['x-acs-date'] });
  assert.match((await send('/', { method: 'POST', headers })).text, /^\{/);
  const asked = v3Headers('Format=XML', { signed: ['x-acs-date'] });
  assert.match((await send('/?Format=XML', { method: 'POST', headers: asked })).text, /^<\?xml/);
});

function without(parameters: Record<string, string>, name: string): Record<string, string> {
  return Object.fromEntries(Object.entries(parameters).filter(([each]) => each !== name));
}

test('rule wire-error: an error tells id, host, code, message and advice', async () => {
  const answer = await v1({ Action: 'DeleteLoadBalancer', LoadBalancerId: 'lb-none' });
  assert.equal(answer.status, 404);
  const body = JSON.parse(answer.text) as Record<string, string>;
  assert.deepEqual(Object.keys(body), ['RequestId', 'HostId', 'Code', 'Message', 'Recommend']);
  assert.match(body.RequestId ?? '', /^[0-9A-F]{8}-([0-9A-F]{4}-){3}[0-9A-F]{12}$/);
  assert.equal(body.RequestId, cloud.calls()[0]?.requestId);
});

test('rule call-rate: a throttled answer tells how long to wait', async () => {
  cloud.settings({ rates: { DescribeRegions: 0.5 } });
  assert.equal((await v1({ Action: 'DescribeRegions' })).status, 200);
  const answer = await v1({ Action: 'DescribeRegions' });
  assert.equal(answer.code(), 'Throttling.User');
  const waitMs = Number(answer.headers.get('x-acs-retry-after'));
  assert.ok(waitMs > 1500 && waitMs <= 2000, String(waitMs));
});

test('parameters with every odd character arrive as they were sent', async () => {
  const odd = `+&=%/?#"'<>()*!~ äöü€😀`;
  const answer = await v1({ Action: 'DescribeRegions', Odd: odd });
  assert.equal(answer.status, 200, answer.text);
  assert.equal(cloud.calls()[0]?.parameters.Odd, odd);
});
