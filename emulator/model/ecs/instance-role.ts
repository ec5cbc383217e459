import { numberedPage } from '../answer-page.ts';
import { jsonTexts } from './instance-reading.ts';
import { requireInstance } from './instance-operations.ts';
import type { Answer, OperationContext } from '../operation-context.ts';

/** Tells the role of instances; all of this cloud have the one that instance metadata gives out. */
export function describeInstanceRole(context: OperationContext): Answer {
  const { parameters, state, asOf } = context;
  const ids = jsonTexts(context, 'InstanceIds');
  const role = parameters.findText('RamRoleName');
  if (ids === undefined && role === undefined) {
    throw context.failure('InvalidParameter.AllEmpty', 'InstanceIds or RamRoleName is needed.');
  }
  const asked = ids?.map((id) => requireInstance(context, id));
  const found = (asked ?? state.instances.list(asOf).filter((each) => context.sees(each))).filter(
    () => role === undefined || role === state.ramRole,
  );
  const page = numberedPage(context, found, 10);
  return {
    InstanceRamRoleSets: {
      InstanceRamRoleSet: page.items.map(({ instanceId }) => ({
        InstanceId: instanceId,
        RamRoleName: state.ramRole ?? '',
      })),
    },
    RegionId: context.regionId,
    TotalCount: page.answer.TotalCount,
  };
}
