import type { CallLane } from '../call-options.ts';
import type { CloudSettings } from './cloud-settings.ts';

/** Says who calls: the program with its version, the cluster, and whether it is only looking around. */
export function userAgent(settings: CloudSettings, lane: CallLane): string {
  const agent = `alibaba-cloud-operator/${settings.operatorVersion} ClusterId/${settings.clusterId}`;
  return lane === 'sweep' ? `${agent} lane/sweep` : agent;
}
