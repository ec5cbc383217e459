import type { CloudProduct, CloudSettings } from './cloud-settings.ts';
import endpoints from './endpoints.json' with { type: 'json' };

/** The vendor's endpoints of one product: a rule, and the regions that do not follow it. */
interface ProductEndpoints {
  readonly rule: string;
  readonly regions: Readonly<Record<string, string>>;
}

const ENDPOINTS: Readonly<Record<CloudProduct, ProductEndpoints>> = endpoints;

/**
 * Tells the host, with its port where one is configured, that serves a product in a region.
 *
 * Shape: a configured endpoint goes before all else; within the VPC network every region follows
 *   one rule; else the vendor's map, then its rule.
 * Source: the endpoint rules of the vendor's SDKs.
 */
export function endpointOf(
  product: CloudProduct,
  regionId: string,
  settings: Pick<CloudSettings, 'endpoints' | 'network'>,
): string {
  const configured = settings.endpoints[product];
  if (configured !== undefined && configured !== '') return configured;
  if (settings.network === 'vpc') return `${product}-vpc.${regionId}.aliyuncs.com`;
  const { rule, regions } = ENDPOINTS[product];
  return regions[regionId] ?? rule.replace('{region}', regionId);
}
