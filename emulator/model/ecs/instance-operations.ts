import { ApiError } from '../api-error.ts';
import { numberedPage } from '../answer-page.ts';
import { instanceStatus, type Instance } from './compute-objects.ts';
import { describedFacts, describeInstances } from './instance-list.ts';
import { releaseInstance } from './instance-release.ts';
import { describedSize } from './instance-size.ts';
import type { Answer, OperationContext, OperationHandler } from '../operation-context.ts';

const NOT_FOUND = ['InvalidInstanceIds.NotFound', 'InvalidInstanceId.NotFound'];
const STATUS_CODES = ['IncorrectInstanceStatus'];
const IN_ARREARS_CODES = ['InstanceExpiredOrInArrears', 'InstanceExpired', ...STATUS_CODES];

/** The operations on ECS instances. */
export const INSTANCE_OPERATIONS: Readonly<Record<string, OperationHandler>> = {
  DescribeInstances: describeInstances,
  DescribeInstanceStatus: describeInstanceStatus,
  DescribeInstanceAttribute: describeInstanceAttribute,
  ModifyInstanceAttribute: modifyInstanceAttribute,
  StartInstance: (context) => changeOne(context, start),
  StartInstances: (context) => changeSeveral(context, start),
  StopInstance: (context) => changeOne(context, stop),
  StopInstances: (context) => changeSeveral(context, stop),
  RebootInstance: (context) => changeOne(context, reboot),
  RebootInstances: (context) => changeSeveral(context, reboot),
  DeleteInstance: deleteInstance,
  DeleteInstances: deleteInstances,
};

/** Finds an instance as the call sees it. */
export function requireInstance(
  context: OperationContext,
  instanceId = context.parameters.text('InstanceId'),
  codes: readonly string[] = NOT_FOUND,
): Instance {
  context.objectIds.add(instanceId);
  const instance = context.state.instances.get(instanceId, context.asOf);
  if (instance === undefined || !context.sees(instance)) {
    throw context.failureOf(codes, `The specified InstanceId "${instanceId}" does not exist.`);
  }
  return instance;
}

function describeInstanceStatus(context: OperationContext): Answer {
  const { parameters, state, asOf } = context;
  const ids = parameters.texts('InstanceId');
  for (const id of ids) context.objectIds.add(id);
  const wanted = new Set(ids);
  const found = state.instances
    .list(asOf)
    .filter((instance) => context.sees(instance))
    .filter(({ instanceId }) => wanted.size === 0 || wanted.has(instanceId))
    .filter(({ zoneId }) => context.wants('ZoneId', zoneId));
  const page = numberedPage(context, found, 10);
  return {
    InstanceStatuses: {
      InstanceStatus: page.items.map((instance) => ({
        InstanceId: instance.instanceId,
        Status: instanceStatus(instance, asOf),
      })),
    },
    ...page.answer,
  };
}

function describeInstanceAttribute(context: OperationContext): Answer {
  const instance = requireInstance(context);
  return {
    ...describedFacts(context, instance),
    ...describedSize(instance.instanceType),
    IoOptimized: 'optimized',
    OperationLocks: { LockReason: instance.locks.map((reason) => ({ LockReason: reason })) },
  };
}

function modifyInstanceAttribute(context: OperationContext): Answer {
  const { parameters, state, now } = context;
  const instance = requireInstance(context);
  refuseSecurityLock(context, instance);
  const name = parameters.findText('InstanceName');
  const hostName = parameters.findText('HostName');
  const description = parameters.findText('Description');
  const deletionProtection = parameters.findFlag('DeletionProtection');
  const groups = parameters.texts('SecurityGroupIds');
  state.instances.set(
    instance.instanceId,
    {
      ...instance,
      ...(name === undefined ? {} : { instanceName: name }),
      ...(hostName === undefined ? {} : { hostName }),
      ...(description === undefined ? {} : { description }),
      ...(deletionProtection === undefined ? {} : { deletionProtection }),
      ...(groups.length === 0 ? {} : { securityGroupIds: groups }),
    },
    now,
  );
  return {};
}

/** A change of state: from where it is allowed, through which state, to which. */
interface StateChange {
  readonly from: string;
  readonly through: string;
  readonly to: string;
}

const STARTING: StateChange = { from: 'Stopped', through: 'Starting', to: 'Running' };
const STOPPING: StateChange = { from: 'Running', through: 'Stopping', to: 'Stopped' };
const REBOOTING: StateChange = { from: 'Running', through: 'Starting', to: 'Running' };

/** Checks one instance and gives the way to change it. */
type InstanceChange = (context: OperationContext, instance: Instance) => StateChange;

function start(context: OperationContext, instance: Instance): StateChange {
  if (instance.locks.includes('financial')) {
    throw context.failureOf(IN_ARREARS_CODES, 'The instance is locked for unpaid bills.');
  }
  return STARTING;
}

function stop(): StateChange {
  return STOPPING;
}

function reboot(): StateChange {
  return REBOOTING;
}

function changeOne(context: OperationContext, change: InstanceChange): Answer {
  const instance = requireInstance(context);
  const wanted = checkedChange(context, instance, change);
  context.refuseDryRun();
  applyChange(context, instance, wanted);
  return {};
}

function checkedChange(
  context: OperationContext,
  instance: Instance,
  change: InstanceChange,
): StateChange {
  refuseSecurityLock(context, instance);
  const wanted = change(context, instance);
  const status = instanceStatus(instance, context.now);
  if (status !== wanted.from) {
    throw context.failureOf(STATUS_CODES, `The instance is ${status}, not ${wanted.from}.`);
  }
  return wanted;
}

function applyChange(context: OperationContext, instance: Instance, wanted: StateChange): void {
  context.state.instances.set(
    instance.instanceId,
    { ...instance, status: wanted.to, ...context.passage(wanted.through) },
    context.now,
  );
}

/** Changes several instances: all or none, or with `SuccessFirst` those that can be. */
function changeSeveral(context: OperationContext, change: InstanceChange): Answer {
  const isPartial = context.parameters.findText('BatchOptimization') === 'SuccessFirst';
  const instances = context.parameters
    .texts('InstanceId')
    .map((id) => requireInstance(context, id));
  const outcomes = instances.map((instance) => {
    try {
      return { instance, wanted: checkedChange(context, instance, change) };
    } catch (error) {
      if (!isPartial || !(error instanceof ApiError)) throw error;
      return { instance, error };
    }
  });
  context.refuseDryRun();
  const responses = outcomes.map(({ instance, wanted, error }) => {
    const before = instanceStatus(instance, context.now);
    if (wanted !== undefined) applyChange(context, instance, wanted);
    return {
      InstanceId: instance.instanceId,
      PreviousStatus: before,
      CurrentStatus: wanted?.through ?? before,
      Code: error?.code ?? '200',
      Message: error?.message ?? 'success',
    };
  });
  return { InstanceResponses: { InstanceResponse: responses } };
}

function deleteInstance(context: OperationContext): Answer {
  const instance = requireInstance(context);
  refuseDeletion(context, instance);
  context.refuseDryRun();
  releaseInstance(context.state, instance.instanceId, { now: context.now, seq: context.seq });
  return {};
}

function deleteInstances(context: OperationContext): Answer {
  const instances = context.parameters
    .texts('InstanceId')
    .map((id) => requireInstance(context, id));
  for (const instance of instances) refuseDeletion(context, instance);
  context.refuseDryRun();
  for (const { instanceId } of instances) {
    releaseInstance(context.state, instanceId, { now: context.now, seq: context.seq });
  }
  return {};
}

function refuseDeletion(context: OperationContext, instance: Instance): void {
  const { parameters, now } = context;
  refuseSecurityLock(context, instance);
  if (instance.deletionProtection) {
    throw context.failure(
      'InvalidOperation.DeletionProtection',
      'The operation is not allowed because deletion protection is on.',
    );
  }
  const isSubscription = instance.chargeType === 'PrePaid';
  if (isSubscription && parameters.findFlag('TerminateSubscription') !== true) {
    throw context.failure('ChargeTypeViolation', 'The instance is paid for in advance.');
  }
  const status = instanceStatus(instance, now);
  if (status !== 'Stopped' && parameters.findFlag('Force') !== true) {
    throw context.failureOf(STATUS_CODES, `The instance is ${status}, not Stopped.`);
  }
}

function refuseSecurityLock(context: OperationContext, instance: Instance): void {
  if (instance.locks.includes('security')) {
    throw context.failure(
      'InstanceLockedForSecurity',
      'The instance is locked for reasons of security.',
    );
  }
}
