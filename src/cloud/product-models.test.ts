import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import test from 'node:test';
import './cloud-clients.ts';
import { ECS_OPERATIONS, ECS_VERSION } from './ecs/ecs-operations.ts';
import { VPC_OPERATIONS, VPC_VERSION } from './vpc/vpc-operations.ts';

interface PublishedOperation {
  readonly version: string;
  readonly request: readonly { readonly name: string }[];
  readonly response: Readonly<Record<string, unknown>>;
}

/** What is looked at of an operation, whatever its models. */
interface CalledOperation {
  readonly action: string;
  readonly mutating: boolean;
  readonly request: unknown;
  readonly answer: unknown;
}

test('the cloud clients load single models of the products, never a whole package', () => {
  const loaded = Object.keys(createRequire(import.meta.url).cache).flatMap((file) => {
    const match = /@alicloud\/((?:ecs|vpc)\d+)\/(.*)$/.exec(file.replaceAll(path.sep, '/'));
    return match === null ? [] : [match[2] ?? ''];
  });
  const operations = [VPC_OPERATIONS, ECS_OPERATIONS].flatMap((table) => Object.keys(table));
  assert.equal(loaded.length, 2 * operations.length, loaded.join(', '));
  for (const file of loaded) {
    assert.match(file, /^dist\/models\/[A-Za-z]+(Request|ResponseBody)\.js$/);
  }
});

const products = [
  { product: 'vpc', version: VPC_VERSION, operations: VPC_OPERATIONS },
  { product: 'ecs', version: ECS_VERSION, operations: ECS_OPERATIONS },
] as const;

for (const { product, version, operations } of products) {
  const file = path.join(import.meta.dirname, 'published-api', `${product}.json`);
  const published = JSON.parse(await readFile(file, 'utf8')) as Readonly<
    Record<string, PublishedOperation>
  >;
  const table: readonly CalledOperation[] = Object.values(operations);
  for (const { action, mutating, request, answer } of table) {
    test(`the vendor's models of ${product} ${action} are those of the published operation`, () => {
      const operation = published[action];
      assert.ok(operation !== undefined);
      assert.equal(operation.version, version);
      assert.equal(mutating, !action.startsWith('Describe'));
      assert.deepEqual(
        missing(
          operation.request.map(({ name }) => name),
          request,
        ),
        [],
      );
      assert.deepEqual(missing(Object.keys(operation.response), answer), []);
    });
  }
}

/** The published names that a model does not know. */
function missing(names: readonly string[], model: unknown): string[] {
  const known = Object.values((model as { names(): Record<string, string> }).names());
  return names.filter((name) => !known.includes(name));
}
