import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { CrashWalk, type Act, type Scenario, type Weather } from './crash-walk.ts';
import { NodeCrashStage, type JoiningNode, type NodeCrashController } from './node-crash-stage.ts';
import { OperatorHarness } from './operator-harness.ts';

/** A story of nodes. */
export interface NodeScenario extends Scenario<NodeCrashStage> {
  /** The rules that it proves. */
  readonly rules: string;
}

const INSTANCES = 6;

const WEATHERS: readonly Weather[] = [
  {
    name: 'once',
    tagLagMs: 0,
    moments: () => ['before', 'after'],
  },
  {
    name: 'once more while a successor recovers',
    tagLagMs: 0,
    isDoubled: true,
    moments: ({ isWrite }) => (isWrite ? ['before', 'after'] : []),
  },
  {
    name: 'with requests that take effect after their sender is dead',
    tagLagMs: 0,
    moments: ({ channel, isWrite }) => (channel === 'cloud' && isWrite ? ['late'] : []),
    // What comes so late is found when the table is compared.
    flags: ['--route-reconciliation-period=1m'],
  },
];

/** Opens a stage of these controllers. */
export function stageOf(
  ...controllers: readonly NodeCrashController[]
): Pick<Scenario<NodeCrashStage>, 'open'> {
  return { open: (harness) => NodeCrashStage.open(harness, controllers) };
}

/** Lets nodes register, one after the other. */
export function join(what: string, ...nodes: readonly JoiningNode[]): Act<NodeCrashStage> {
  return {
    what,
    perform: async (stage) => {
      for (const node of nodes) await stage.join(node);
    },
  };
}

/**
 * Makes tests in which operators die at every point of each story; at the top level of a test file.
 *
 * Units: `successors` is the least number of successors that have to die as well.
 */
export async function walkThrough(
  scenarios: readonly NodeScenario[],
  successors: number,
): Promise<void> {
  const harness = await OperatorHarness.start({ factor: 30, instances: INSTANCES });
  let points = 0;
  let successorsDied = 0;

  for (const scenario of scenarios) {
    const walk = new CrashWalk(harness, scenario);
    for (const weather of WEATHERS) {
      test(`${scenario.rules}: dying at every point of "${scenario.name}", ${weather.name}`, async () => {
        const before = walk.successorsDied;
        points += await walk.walk(weather);
        successorsDied += walk.successorsDied - before;
      });
    }
  }

  test('enough of the deaths were followed by that of a successor', () => {
    assert.ok(successorsDied >= successors, `${successorsDied} successors died`);
  });
  after(() => {
    process.stdout.write(
      `Crash walk of nodes: ${points} points, at ${successorsDied} of them a successor died too\n`,
    );
  });
}
