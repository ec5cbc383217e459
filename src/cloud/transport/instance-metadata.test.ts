import assert from 'node:assert/strict';
import test from 'node:test';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import { isFailure } from '../failure.ts';
import type { HttpOutcome, HttpRequest, HttpSender } from './http-exchange.ts';
import { InstanceMetadata } from './instance-metadata.ts';
import { RenewedCredentials } from './renewed-credentials.ts';

const signal = new AbortController().signal;
const cut: HttpOutcome = { kind: 'failed', reason: 'cut', sent: true, cause: new Error('cut') };

/** A metadata service: entries by path, tokens that it may forget. */
class FakeMetadata implements HttpSender {
  readonly entries = new Map<string, string>();
  readonly requests: string[] = [];
  #token = 0;
  failNext = 0;
  isDown = false;

  forgetToken(): void {
    this.#token += 1000;
  }

  exchange(request: HttpRequest): Promise<HttpOutcome> {
    this.requests.push(`${request.method} ${request.url.pathname}`);
    if (this.isDown) return Promise.resolve(cut);
    if (this.failNext > 0) {
      this.failNext -= 1;
      return Promise.resolve(cut);
    }
    if (request.method === 'PUT') {
      this.#token += 1;
      return Promise.resolve(this.#answer(200, `token-${this.#token}`));
    }
    if (request.headers['x-aliyun-ecs-metadata-token'] !== `token-${this.#token}`) {
      return Promise.resolve(this.#answer(403, ''));
    }
    const entry = this.entries.get(request.url.pathname.replace('/latest/meta-data/', ''));
    return Promise.resolve(entry === undefined ? this.#answer(404, '') : this.#answer(200, entry));
  }

  count(request: string): number {
    return this.requests.filter((one) => one === request).length;
  }

  #answer(status: number, body: string): HttpOutcome {
    return { kind: 'answered', status, headers: {}, body };
  }
}

function setup() {
  const clock = new VirtualClock();
  const http = new FakeMetadata();
  http.entries.set('region-id', 'cn-hangzhou\n');
  http.entries.set('vpc-id', 'vpc-1');
  http.entries.set('ram/security-credentials/', 'node-role');
  const metadata = new InstanceMetadata('http://100.100.100.200/', { http, clock });
  /** Lets the service hand out credentials that end after a while. */
  const grant = (name: string, lifeMs: number): void => {
    http.entries.set(
      'ram/security-credentials/node-role',
      JSON.stringify({
        Code: 'Success',
        AccessKeyId: name,
        AccessKeySecret: `${name}-secret`,
        SecurityToken: `${name}-token`,
        Expiration: new Date(clock.now() + lifeMs).toISOString(),
      }),
    );
  };
  return { clock, http, metadata, grant };
}

const TOKEN = 'PUT /latest/api/token';
const ROLE = 'GET /latest/meta-data/ram/security-credentials/node-role';

test('InstanceMetadata reads entries with one token for many', async () => {
  const { http, metadata } = setup();
  assert.equal(await metadata.regionId(signal), 'cn-hangzhou');
  assert.equal(await metadata.vpcId(signal), 'vpc-1');
  assert.equal(http.count(TOKEN), 1);
});

test('InstanceMetadata takes a new token before the old one ends, and when it is forgotten', async () => {
  const { clock, http, metadata } = setup();
  await metadata.vpcId(signal);
  await clock.advance(6 * 3_600_000);
  await metadata.vpcId(signal);
  assert.equal(http.count(TOKEN), 2);
  http.forgetToken();
  assert.equal(await metadata.vpcId(signal), 'vpc-1');
  assert.equal(http.count(TOKEN), 3);
});

/** Credentials of an instance's role, as the operator keeps them. */
function roleProvider(
  roleName: string | undefined,
  ports: { readonly clock: VirtualClock; readonly metadata: InstanceMetadata },
): RenewedCredentials {
  const fetch = (bound: AbortSignal) => ports.metadata.roleCredentials(roleName, bound);
  return new RenewedCredentials({ providerName: 'ecs_ram_role', fetch }, ports.clock);
}

test('InstanceMetadata tries again, then says that it cannot be reached', async () => {
  const { clock, http, metadata } = setup();
  http.failNext = 2;
  assert.equal(await clock.until(metadata.vpcId(signal)), 'vpc-1');
  http.isDown = true;
  const failing = metadata.zoneId(signal);
  await assert.rejects(
    clock.until(failing),
    (error) => isFailure(error, 'retryable') && error.code === 'MetadataUnreachable',
  );
});

test('InstanceMetadata tells an entry that is not there', async () => {
  const { metadata } = setup();
  await assert.rejects(metadata.vSwitchId(signal), (error) => isFailure(error, 'notfound'));
});

test('SEC-08: RenewedCredentials renews credentials before they end, without a call that waits', async () => {
  const { clock, http, metadata, grant } = setup();
  const provider = roleProvider(undefined, { clock, metadata });
  grant('first', 6 * 3_600_000);
  assert.equal((await provider.getCredentials()).accessKeyId, 'first');
  await clock.advance(5 * 3_600_000);
  await provider.getCredentials();
  assert.equal(http.count(ROLE), 1, 'Long before the end nothing is asked.');
  grant('second', 6 * 3_600_000);
  await clock.advance(46 * 60_000);
  assert.equal((await provider.getCredentials()).accessKeyId, 'first', 'The call does not wait.');
  await clock.advance(0);
  assert.equal((await provider.getCredentials()).accessKeyId, 'second');
  assert.equal(http.count(ROLE), 2);
});

test('RenewedCredentials keeps what works while the service is away, and fails once it has ended', async () => {
  const { clock, http, metadata, grant } = setup();
  const provider = roleProvider('node-role', { clock, metadata });
  grant('first', 20 * 60_000);
  await provider.getCredentials();
  http.isDown = true;
  await clock.advance(15 * 60_000);
  assert.equal((await provider.getCredentials()).accessKeyId, 'first');
  await clock.advance(6 * 60_000);
  const failing = provider.getCredentials();
  await assert.rejects(clock.until(failing), (error) => isFailure(error, 'retryable'));
  http.isDown = false;
  grant('second', 3_600_000);
  assert.equal((await clock.until(provider.getCredentials())).accessKeyId, 'second');
});

test('RenewedCredentials shares one request among many callers', async () => {
  const { clock, http, metadata, grant } = setup();
  const provider = roleProvider('node-role', { clock, metadata });
  grant('first', 3_600_000);
  await Promise.all(Array.from({ length: 10 }, () => provider.getCredentials()));
  assert.equal(http.count(ROLE), 1);
});

const unusable = [
  { name: 'NoJson', text: 'forbidden' },
  { name: 'CodeNotSuccess', text: '{"Code":"Failed"}' },
  { name: 'NoSecret', text: '{"Code":"Success","AccessKeyId":"a","SecurityToken":"t"}' },
  {
    name: 'NoExpiration',
    text: '{"AccessKeyId":"a","AccessKeySecret":"topsecret","SecurityToken":"t"}',
  },
];

for (const { name, text } of unusable) {
  test(`OBS-17: InstanceMetadata refuses credentials without quoting them: ${name}`, async () => {
    const { clock, http, metadata } = setup();
    http.entries.set('ram/security-credentials/node-role', text);
    await assert.rejects(clock.until(metadata.roleCredentials('node-role', signal)), (error) => {
      assert.ok(isFailure(error, 'retryable'));
      assert.doesNotMatch(error.message, /topsecret/);
      return true;
    });
  });
}

test('InstanceMetadata: an instance without a role says what to do', async () => {
  const { clock, http, metadata } = setup();
  http.entries.delete('ram/security-credentials/');
  await assert.rejects(clock.until(metadata.roleCredentials(undefined, signal)), (error) => {
    assert.ok(isFailure(error, 'terminal'));
    assert.match(error.message, /no RAM role .*: attach one to it, or configure an access key/);
    return true;
  });
});
