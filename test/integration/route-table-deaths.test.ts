import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { OperatorHarness } from '../support/operator-harness.ts';
import { RouteTableScene, TABLE_ID, type SeenEntry } from '../support/route-table-scene.ts';

const harness = await OperatorHarness.start({ instances: 6 });
const ROUTE_NAME = /^k8s-[0-9a-f]{12}-/;

/** What happens in a scene while an operator dies in it, and how it is to end. */
interface Story {
  readonly name: string;
  readonly podCidrs: readonly (readonly string[])[];
  /** What an operator to which nothing happens brings about first. */
  readonly before?: (scene: RouteTableScene) => Promise<unknown>;
  readonly act: (scene: RouteTableScene) => Promise<unknown>;
  /** What happens while nobody runs; without a death, once the act has been followed. */
  readonly meanwhile?: (scene: RouteTableScene) => Promise<unknown>;
  /** Waits until everything is as asked. */
  readonly end: (scene: RouteTableScene) => Promise<unknown>;
  /** The routes that are there in the end. */
  readonly routes: (scene: RouteTableScene) => readonly string[];
}

/** When an operator dies at a write: before it takes effect, or after that, the answer lost. */
type Moment = 'before' | 'after';

const CIDRS = [['172.20.0.0/24'], ['172.20.1.0/24']] as const;
/** After so long without a write, in accelerated time, a story is over. */
const OVER_MS = 30_000;

const stories: readonly Story[] = [
  {
    name: 'a node joins, and is gone before the next operator',
    podCidrs: [CIDRS[0]],
    before: (scene) => scene.waitUntilReady(1),
    act: (scene) => scene.addNode(1, CIDRS[1]),
    meanwhile: (scene) => scene.removeNode(1),
    end: async (scene) => {
      await harness.passTime(15_000);
      await scene.waitUntilReady(1);
    },
    routes: (scene) => [scene.route('172.20.0.0/24', 0)],
  },
  {
    name: 'an object is deleted',
    podCidrs: [],
    before: async (scene) => {
      scene.seedEntries({
        destinationCidrBlock: '172.20.1.0/24',
        nextHopId: scene.instance(1).instanceId,
      });
      await scene.create({
        routes: [0, 1].map((index) => ({
          destinationCidr: `172.20.${index}.0/24`,
          nextHop: { type: 'Instance' as const, id: scene.instance(index).instanceId },
        })),
      });
      await scene.waitUntilReady(2);
    },
    act: (scene) => scene.delete(),
    end: (scene) => scene.waitUntilGone(),
    routes: () => [],
  },
];

/** How a story went. */
interface Played {
  /** What the operator wrote that may die in it. */
  readonly writes: readonly string[];
  readonly made: number;
  readonly hasDied: boolean;
}

/**
 * Plays a story to its end; with an order, the first operator dies at that write.
 *
 * Shape: how many writes it takes to show a status depends on how fast the machine is, so that a
 *   story may be over before that write.
 */
async function play(
  context: TestContext,
  story: Story,
  death?: { readonly order: number; readonly moment: Moment },
): Promise<Played> {
  const scene = await RouteTableScene.open(harness, context, story.podCidrs);
  if (story.before !== undefined) {
    await scene.start();
    await story.before(scene);
    await scene.quiet();
  }
  const madeBefore = made();
  const writes: string[] = [];
  let end: 'died' | 'over' | undefined;
  const operator = await scene.start({
    decide: ({ isStep, isWrite, purpose }) => {
      if (!isStep || !isWrite || end !== undefined) return 'pass';
      writes.push(purpose);
      if (writes.length !== death?.order) return 'pass';
      return death.moment === 'before' ? 'cutBefore' : 'cutAfter';
    },
    onCut: () => {
      end = 'died';
      scene.kill();
    },
  });
  await story.act(scene);
  if (death !== undefined) {
    await harness.waitFor('the operator died, or the story is over', () => {
      if (end === undefined && writes.length > 0 && harness.isQuiet(operator, OVER_MS)) {
        end = 'over';
      }
      return end;
    });
  }
  if (story.meanwhile !== undefined) {
    if (death === undefined) {
      await scene.waitUntilReady(2);
      await scene.quiet();
      // The operator that dies does so before this; what follows is its successor's.
      end = 'over';
    }
    await story.meanwhile(scene);
  }
  const hasDied = end === 'died';
  if (hasDied) await scene.start();
  await story.end(scene);
  await scene.quiet();
  assert.deepEqual(scene.routes(), story.routes(scene).toSorted());
  // The next run is not this one's to meddle with.
  scene.kill();
  return { writes, made: made() - madeBefore, hasDied };
}

/** How many entries of ours were ever made. */
function made(): number {
  const all = harness.cloud.state({ deleted: true }).routeEntries as unknown as SeenEntry[];
  return all.filter(
    ({ routeTableId, routeEntryName = '' }) =>
      routeTableId === TABLE_ID && ROUTE_NAME.test(routeEntryName),
  ).length;
}

for (const story of stories) {
  test(`ROUTE-22 OWN-05: ${story.name}: no death leaves a route behind, or makes one twice`, async (context) => {
    const clean = await play(context, story);
    assert.ok(clean.writes.length > 0);
    const missed: string[] = [];
    for (let order = 1; order <= clean.writes.length; order += 1) {
      for (const moment of ['before', 'after'] as const) {
        const point = `${story.name}, death ${moment} write ${order} (${clean.writes[order - 1] ?? ''})`;
        try {
          const run = await play(context, story, { order, moment });
          const isLess = story.meanwhile !== undefined && run.made < clean.made;
          if (!isLess) assert.equal(run.made, clean.made, 'No entry is made twice');
          if (!run.hasDied) missed.push(point);
        } catch (error) {
          throw new Error(point, { cause: error });
        }
      }
    }
    const points = 2 * clean.writes.length;
    assert.ok(missed.length <= points / 4, `Not reached:\n${missed.join('\n')}`);
  });
}
