import assert from 'node:assert/strict';
import test from 'node:test';
import type { CloudProduct, CloudSettings } from './cloud-settings.ts';
import { endpointOf } from './endpoint.ts';

const cases: readonly {
  readonly name: string;
  readonly product: CloudProduct;
  readonly regionId: string;
  readonly settings?: Partial<Pick<CloudSettings, 'endpoints' | 'network'>>;
  readonly want: string;
  readonly reason: string;
}[] = [
  {
    name: 'MappedRegion',
    product: 'slb',
    regionId: 'cn-hangzhou',
    want: 'slb.aliyuncs.com',
    reason: 'The oldest regions share one endpoint.',
  },
  {
    name: 'RegionByRule',
    product: 'slb',
    regionId: 'cn-zhangjiakou',
    want: 'slb.cn-zhangjiakou.aliyuncs.com',
    reason: 'Others have their own.',
  },
  {
    name: 'UnknownRegion',
    product: 'sts',
    regionId: 'xx-new-1',
    want: 'sts.xx-new-1.aliyuncs.com',
    reason: 'A region that opens later follows the rule.',
  },
  {
    name: 'WithinVpc',
    product: 'slb',
    regionId: 'cn-hangzhou',
    settings: { network: 'vpc' },
    want: 'slb-vpc.cn-hangzhou.aliyuncs.com',
    reason: 'Clusters without a way to the internet.',
  },
  {
    name: 'Configured',
    product: 'slb',
    regionId: 'cn-hangzhou',
    settings: { network: 'vpc', endpoints: { slb: '127.0.0.1:8080' } },
    want: '127.0.0.1:8080',
    reason: 'A configured endpoint goes before all else.',
  },
  {
    name: 'ConfiguredForAnother',
    product: 'sts',
    regionId: 'cn-hangzhou',
    settings: { endpoints: { slb: '127.0.0.1:8080', sts: '' } },
    want: 'sts.cn-hangzhou.aliyuncs.com',
    reason: 'Each product has its own setting; an empty one is none.',
  },
];

for (const { name, product, regionId, settings, want, reason } of cases) {
  test(`endpointOf: ${name}`, () => {
    const host = endpointOf(product, regionId, { endpoints: {}, network: 'public', ...settings });
    assert.equal(host, want, reason);
  });
}
