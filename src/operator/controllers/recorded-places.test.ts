import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadBalancerOf, metadata } from '../../../test/support/kubernetes-builders.ts';
import type { RouteTableResource } from '../../reconcilers/kubernetes-objects.ts';
import { recordedPlaces } from './recorded-places.ts';

const here = { accountId: '1', regionId: 'cn-hangzhou' };
const there = { accountId: '2', regionId: 'cn-hangzhou' };

function routeTableIn(status: RouteTableResource['status']): RouteTableResource {
  return {
    kind: 'AlibabaRouteTable',
    metadata: metadata('vtb-1', { namespace: '' }),
    spec: { routeTableId: 'vtb-1' },
    status,
  };
}

test('LIFE-08: recordedPlaces lists each place once, and none of objects that have not been made', () => {
  const objects = {
    loadBalancers: {
      list: () => [
        loadBalancerOf({ status: here }),
        loadBalancerOf({ status: here }),
        loadBalancerOf(),
      ],
    },
    routeTables: { list: () => [routeTableIn(there), routeTableIn({ regionId: 'cn-beijing' })] },
  };
  assert.deepEqual(recordedPlaces(objects), [here, there]);
});
