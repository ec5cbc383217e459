import { Gauge, type Registry } from 'prom-client';
import type { PodCidrAllocator } from '../../reconcilers/node-ipam/node-ipam-ports.ts';

/**
 * Lets gauges look at the ranges that are given to nodes.
 *
 * Source: the first two names are those of the Kubernetes node IPAM controller, the misspelled one too.
 */
export function observeNodeIpam(
  registry: Registry,
  allocator: Pick<PodCidrAllocator, 'usage' | 'isStopped'>,
): void {
  const registers = [registry];
  new Gauge({
    name: 'node_ipam_controller_cidrset_usage_cidrs',
    help: 'The part of the blocks of a range that is taken, from 0 to 1.',
    labelNames: ['clusterCIDR'],
    registers,
    collect() {
      for (const { range, usedBlocks, totalBlocks } of allocator.usage()) {
        this.set({ clusterCIDR: range }, usedBlocks / totalBlocks);
      }
    },
  });
  new Gauge({
    name: 'node_ipam_controller_cirdset_max_cidrs',
    help: 'How many blocks a range has.',
    labelNames: ['clusterCIDR'],
    registers,
    collect() {
      for (const { range, totalBlocks } of allocator.usage()) {
        this.set({ clusterCIDR: range }, totalBlocks);
      }
    },
  });
  new Gauge({
    name: 'alibaba_cloud_operator_node_ipam_stopped',
    help: '1 while no node gets a range, because one has a range that cannot be counted.',
    registers,
    collect() {
      this.set(allocator.isStopped ? 1 : 0);
    },
  });
}
