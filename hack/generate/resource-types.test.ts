import assert from 'node:assert/strict';
import { test } from 'node:test';
import { typesOfKind } from './resource-types.ts';

const definition = {
  spec: {
    names: { kind: 'AlibabaRouteTable' },
    versions: [
      {
        storage: true,
        schema: {
          openAPIV3Schema: {
            properties: {
              spec: {
                type: 'object',
                description: 'What is asked.',
                required: ['routes'],
                properties: {
                  routes: {
                    type: 'array',
                    description: 'The rows.',
                    maxItems: 2,
                    minItems: 1,
                    'x-kubernetes-list-type': 'map',
                    items: {
                      type: 'object',
                      description: 'One row.',
                      properties: { policy: { type: 'string', enum: ['Apply', 'Paused'] } },
                    },
                  },
                },
              },
              status: { type: 'object', properties: { 'used-rows': { type: 'integer' } } },
            },
          },
        },
      },
    ],
  },
} as const;

test('typesOfKind: descriptions become docstrings, bounds and extensions leave no trace', async () => {
  assert.deepEqual(await typesOfKind(definition as never), {
    path: 'src/reconcilers/route-table/route-table-resource.generated.ts',
    content: `/* Generated from crds/; run \`npm run generate\`. */

/**
 * What is asked.
 */
export interface AlibabaRouteTableSpec {
  /**
   * The rows.
   */
  routes: {
    policy?: 'Apply' | 'Paused';
  }[];
}

export interface AlibabaRouteTableStatus {
  'used-rows'?: number;
}
`,
  });
});

test('typesOfKind: a kind without a stored version is an error', async () => {
  const without = { spec: { ...definition.spec, versions: [] } };
  await assert.rejects(typesOfKind(without), /Cannot generate AlibabaRouteTable/);
});
