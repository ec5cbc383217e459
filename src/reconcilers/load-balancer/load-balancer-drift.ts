import { isSameListener, type ObservedLoadBalancer } from './load-balancer-observed.ts';
import type { LoadBalancerAction } from './load-balancer-plan.ts';
import type { ListenerKey, ListenerSettings } from '../../cloud/slb/slb-client.ts';

type Settings = Omit<ListenerSettings, 'serverGroupId'>;

/** Says in words, field by field, what a plan would change; sorted. */
export function describeActions(
  actions: readonly LoadBalancerAction[],
  observed: ObservedLoadBalancer,
): string[] {
  return actions.flatMap((action) => describeAction(action, observed)).toSorted();
}

/** Says in words, field by field, what one action would change. */
export function describeAction(
  action: LoadBalancerAction,
  observed: ObservedLoadBalancer,
): string[] {
  const seen = observed.attributes.kind === 'seen' ? observed.attributes.value : undefined;
  switch (action.kind) {
    case 'setName':
      return [difference('name', seen?.name, action.name)];
    case 'setInstanceSpec':
      return [difference('spec', seen?.spec, action.spec)];
    case 'setInstanceChargeType':
      return [difference('instance charge', seen?.instanceChargeType, action.instanceChargeType)];
    case 'setInternetCharge':
      return [difference('internet charge', seen?.internetChargeType, action.internetChargeType)];
    case 'setDeleteProtection':
      return [difference('deletion protection', seen?.deleteProtection, action.protection)];
    case 'setModificationProtection':
      return [
        difference('modification protection', seen?.modificationProtection, action.protection),
      ];
    case 'tag':
      return action.tags.map((tag) => {
        const present = seen?.tags.find((other) => other.key === tag.key)?.value;
        return difference(`tag ${tag.key}`, present ?? 'none', tag.value);
      });
    case 'untag':
      return action.keys.map((key) => difference(`tag ${key}`, 'present', 'none'));
    case 'createServerGroup':
      return [`server group of node port ${action.nodePort}: missing`];
    case 'addBackends':
      return action.backends.map(
        (backend) => `backend ${backend.serverId}:${backend.port}: missing`,
      );
    case 'setBackends':
      return action.backends.map(
        (backend) =>
          `backend ${backend.serverId}:${backend.port}: weight is not ${backend.weightPercent}`,
      );
    case 'removeBackends':
      return action.backends.map(
        (backend) => `backend ${backend.serverId}:${backend.port}: not asked for`,
      );
    case 'deleteServerGroup':
      return [`server group ${action.serverGroupId}: not asked for`];
    case 'createListener':
      return [`${label(action.key)}: missing`];
    case 'startListener': {
      const isMissing = !observed.listeners.some((other) => isSameListener(other.key, action.key));
      return isMissing ? [] : [difference(label(action.key), 'stopped', 'running')];
    }
    case 'stopListener':
      return [difference(label(action.key), 'running', 'stopped')];
    case 'deleteListener':
      return [`${label(action.key)}: not asked for`];
    case 'setListener':
      return describeListener(action.key, action.settings, observed);
  }
}

function describeListener(
  key: ListenerKey,
  wanted: Settings,
  observed: ObservedLoadBalancer,
): string[] {
  const listener = observed.listeners.find((other) => isSameListener(other.key, key));
  if (listener?.settings.kind !== 'seen') return [`${label(key)}: settings`];
  const seen = flat(listener.settings.value);
  const fields = Object.entries(flat(wanted)).flatMap(([field, value]) =>
    seen[field] === value ? [] : [difference(`${label(key)} ${field}`, seen[field], value)],
  );
  return fields.length > 0 ? fields : [`${label(key)}: points at another server group`];
}

function flat(settings: Settings): Record<string, string> {
  const { healthCheck, ...rest } = settings;
  const entries = [
    ...Object.entries(rest),
    ...Object.entries(healthCheck).map(([name, value]) => [`healthCheck.${name}`, value] as const),
  ];
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}

function difference(what: string, seen: string | undefined, wanted: string): string {
  return `${what}: is "${seen ?? ''}", asked for "${wanted}"`;
}

function label(key: ListenerKey): string {
  return `listener ${key.protocol.toUpperCase()}:${key.port}`;
}
