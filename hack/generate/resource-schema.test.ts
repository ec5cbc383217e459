import assert from 'node:assert/strict';
import { test } from 'node:test';
import { schemaOfKind } from './resource-schema.ts';

type Definition = Parameters<typeof schemaOfKind>[0];

function definitionOf(
  spec: Definition['spec']['versions'][number]['schema']['openAPIV3Schema'],
): Definition {
  return {
    spec: {
      names: { kind: 'AlibabaRouteTable' },
      versions: [
        { storage: false, schema: { openAPIV3Schema: {} } },
        { storage: true, schema: { openAPIV3Schema: { properties: { spec } } } },
      ],
    },
  };
}

test('schemaOfKind: keeps what judges and how lists merge, and refuses unknown members', async () => {
  const file = await schemaOfKind(
    definitionOf({
      description: 'What is asked.',
      type: 'object',
      'x-kubernetes-validations': [{ rule: 'true' }],
      properties: {
        routes: {
          type: 'array',
          maxItems: 2,
          'x-kubernetes-list-type': 'map',
          items: {
            type: 'object',
            description: 'One row.',
            properties: { cidr: { type: 'string', maxLength: 18 } },
          },
        },
        labels: { type: 'object', additionalProperties: { type: 'string', description: 'x' } },
      },
    }),
  );
  assert.equal(file.path, 'src/reconcilers/route-table/route-table-schema.generated.json');
  assert.deepEqual(JSON.parse(file.content), {
    properties: {
      spec: {
        type: 'object',
        properties: {
          routes: {
            type: 'array',
            maxItems: 2,
            'x-kubernetes-list-type': 'map',
            items: {
              type: 'object',
              properties: { cidr: { type: 'string', maxLength: 18 } },
              additionalProperties: false,
            },
          },
          labels: { type: 'object', additionalProperties: { type: 'string' } },
        },
        additionalProperties: false,
      },
    },
    additionalProperties: false,
  });
});

test('schemaOfKind: a kind without a stored version is an error', async () => {
  const { names } = definitionOf({}).spec;
  await assert.rejects(schemaOfKind({ spec: { names, versions: [] } }), /no version is stored/);
});
