import { Counter, type Registry } from 'prom-client';
import type { RouteMetrics } from '../../reconcilers/route-generator/route-generator-ports.ts';

/**
 * Counts what is done about routes, under the names that dashboards know.
 *
 * Source: Kubernetes route controller.
 */
export function routeMetrics(registry: Registry): RouteMetrics {
  const registers = [registry];
  const runs = new Counter({
    name: 'route_controller_route_sync_total',
    help: 'Comparisons of all nodes with all routes.',
    registers,
  });
  const corrections = new Counter({
    name: 'route_controller_route_corrections_total',
    help: 'What a periodic comparison has found otherwise than it should be.',
    registers,
  });
  return {
    runEnded: () => {
      runs.inc();
    },
    corrected: (count) => {
      corrections.inc(count);
    },
  };
}
