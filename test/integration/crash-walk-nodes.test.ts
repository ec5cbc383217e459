import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { CrashWalk, type Act, type Scenario, type Weather } from '../support/crash-walk.ts';
import {
  NodeCrashStage,
  type JoiningNode,
  type NodeCrashController,
} from '../support/node-crash-stage.ts';
import { OperatorHarness } from '../support/operator-harness.ts';

const INSTANCES = 6;

function join(what: string, ...nodes: readonly JoiningNode[]): Act<NodeCrashStage> {
  return {
    what,
    perform: async (stage) => {
      for (const node of nodes) await stage.join(node);
    },
  };
}

function open(
  ...controllers: readonly NodeCrashController[]
): Pick<Scenario<NodeCrashStage>, 'open'> {
  return { open: (harness) => NodeCrashStage.open(harness, controllers) };
}

const twoNodes = join(
  'there are two nodes',
  { index: 1, podCidrs: ['172.20.1.0/24'] },
  { index: 2, podCidrs: ['172.20.2.0/24', 'fd00:20:0:2::/64'] },
);

interface NodeScenario extends Scenario<NodeCrashStage> {
  /** The rules that it proves. */
  readonly rules: string;
}

const scenarios: readonly NodeScenario[] = [
  {
    rules: 'ROUTE-01',
    name: 'routes are created',
    ...open('node-route-controller'),
    before: twoNodes,
    story: [
      join(
        'two nodes join',
        { index: 3, podCidrs: ['172.20.3.0/24', 'fd00:20:0:3::/64'] },
        { index: 4, podCidrs: ['172.20.4.0/24'] },
      ),
    ],
    // A node is told that its routes are on their way only if they are not there before that.
    certain: { 'PATCH nodes/status': 2 },
  },
  {
    rules: 'ROUTE-08 ROUTE-22',
    name: 'routes are deleted',
    ...open('node-route-controller'),
    before: twoNodes,
    story: [{ what: 'a node is deleted', perform: (stage) => stage.leave(2) }],
  },
  {
    rules: 'ROUTE-09',
    name: 'a route is replaced',
    ...open('node-route-controller'),
    before: twoNodes,
    story: [
      {
        what: 'a node is another instance',
        perform: async (stage) => {
          await stage.leave(1);
          await stage.join({ index: 3, podCidrs: ['172.20.1.0/24'] });
        },
      },
    ],
  },
];

const weathers: readonly Weather[] = [
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

/** The least number of successors that die too. */
const SUCCESSORS = 20;

const harness = await OperatorHarness.start({ factor: 30, instances: INSTANCES });
const walks = scenarios.map((scenario) => ({
  scenario,
  walk: new CrashWalk(harness, scenario),
}));
let points = 0;

function successorsDied(): number {
  return walks.reduce((sum, { walk }) => sum + walk.successorsDied, 0);
}

after(() => {
  process.stdout.write(
    `Crash walk of nodes: ${points} points, at ${successorsDied()} of them a successor died too\n`,
  );
});

for (const { scenario, walk } of walks) {
  for (const weather of weathers) {
    test(`${scenario.rules}: dying at every point of "${scenario.name}", ${weather.name}`, async () => {
      const walked = await walk.walk(weather);
      assert.equal(walked, await walk.length(weather), 'Every recorded point was reached');
      points += walked;
    });
  }
}

test('ROUTE-22: enough of the deaths were followed by that of a successor', () => {
  assert.ok(successorsDied() >= SUCCESSORS, `${successorsDied()} successors died`);
});
