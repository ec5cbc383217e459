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

const CIDRS = [['172.20.0.0/24'], ['172.20.1.0/24'], ['172.20.2.0/24']] as const;

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
    name: 'nodes join',
    podCidrs: [],
    act: async (scene) => {
      for (const [index, cidrs] of CIDRS.entries()) await scene.addNode(index, cidrs);
    },
    end: (scene) => scene.waitUntilReady(3),
    routes: (scene) => CIDRS.map(([cidr], index) => scene.route(cidr, index)),
  },
  {
    name: 'nodes leave',
    podCidrs: CIDRS,
    before: (scene) => scene.waitUntilReady(3),
    act: async (scene) => {
      await scene.removeNode(0);
      await scene.removeNode(1);
    },
    end: (scene) => scene.waitUntilReady(1),
    routes: (scene) => [scene.route('172.20.2.0/24', 2)],
  },
  {
    name: 'a node is another instance',
    podCidrs: [CIDRS[0]],
    before: (scene) => scene.waitUntilReady(1),
    act: async (scene) => {
      const name = scene.instance(0).hostName;
      await scene.removeNode(0);
      await scene.addNode(3, CIDRS[0], { name });
    },
    end: async (scene) => {
      await scene.waitForRoutes([scene.route('172.20.0.0/24', 3)]);
      await scene.waitUntilReady(1);
    },
    routes: (scene) => [scene.route('172.20.0.0/24', 3)],
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

/** Plays a story to its end; with an order, the first operator dies at that write. */
async function play(
  context: TestContext,
  story: Story,
  death?: { readonly order: number; readonly moment: Moment },
): Promise<{ readonly writes: readonly string[]; readonly made: number }> {
  const scene = await RouteTableScene.open(harness, context, story.podCidrs);
  if (story.before !== undefined) {
    await scene.start();
    await story.before(scene);
    await scene.quiet();
  }
  const madeBefore = made();
  const writes: string[] = [];
  let isDead = false;
  await scene.start({
    decide: ({ isStep, isWrite, purpose }) => {
      if (!isStep || !isWrite) return 'pass';
      writes.push(purpose);
      if (writes.length !== death?.order) return 'pass';
      return death.moment === 'before' ? 'cutBefore' : 'cutAfter';
    },
    onCut: () => {
      isDead = true;
      scene.kill();
    },
  });
  await story.act(scene);
  if (death !== undefined) {
    await harness.waitFor(`write ${death.order} is reached`, () => (isDead ? true : undefined));
    await story.meanwhile?.(scene);
    await scene.start();
  } else if (story.meanwhile !== undefined) {
    await scene.waitUntilReady(2);
    await story.meanwhile(scene);
  }
  await story.end(scene);
  await scene.quiet();
  assert.deepEqual(scene.routes(), story.routes(scene).toSorted());
  // The next run is not this one's to meddle with.
  scene.kill();
  return { writes, made: made() - madeBefore };
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
    let walked = 0;
    for (let order = 1; order <= clean.writes.length; order += 1) {
      for (const moment of ['before', 'after'] as const) {
        try {
          const run = await play(context, story, { order, moment });
          const isLess = story.meanwhile !== undefined && run.made < clean.made;
          if (!isLess) assert.equal(run.made, clean.made, 'No entry is made twice');
          walked += 1;
        } catch (error) {
          const what = `${moment} write ${order} (${clean.writes[order - 1] ?? ''})`;
          throw new Error(`${story.name}, death ${what}`, { cause: error });
        }
      }
    }
    assert.equal(walked, 2 * clean.writes.length);
  });
}
