import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { CallRecord } from '../../emulator/model/call-log.ts';
import type { CloudNode } from './local-cloud.ts';
import type {
  ComposedHarnessedOperator,
  ObjectMetaView,
  OperatorHarness,
  OperatorOptions,
} from './operator-harness.ts';

/** The objects of the whole cluster that one test makes, and one operator at a time that sees them. */
export abstract class ClusterScene {
  readonly harness: OperatorHarness;
  readonly #flags: readonly string[];
  #operator: ComposedHarnessedOperator | undefined;
  #since = 0;

  /** Makes a scene whose operators have these flags. */
  protected constructor(harness: OperatorHarness, flags: readonly string[]) {
    this.harness = harness;
    this.#flags = flags;
  }

  /** Takes away what other tests have left in the cloud and in these collections of the cluster. */
  protected async clear(context: TestContext, ...collections: readonly string[]): Promise<void> {
    const { admin, cloud } = this.harness;
    for (const path of collections) {
      // A kind that was defined a moment ago is not served yet.
      const list = await this.harness.waitFor(`${path} is served`, () =>
        admin.list(path).catch(() => undefined),
      );
      for (const object of list) {
        const { name } = (object as { readonly metadata: ObjectMetaView }).metadata;
        await admin.patch(`${path}/${name}`, { metadata: { finalizers: null } });
        await admin.delete(`${path}/${name}`);
      }
    }
    cloud.removeFaults();
    cloud.reset();
    context.after(() => {
      this.kill();
      cloud.removeFaults();
    });
  }

  /** Starts the operator, with nothing of any earlier one, and counts from here on. */
  async start(options: OperatorOptions = {}): Promise<ComposedHarnessedOperator> {
    this.kill();
    this.mark();
    this.#operator = await this.harness.startOperator({
      ...options,
      flags: [...this.#flags, ...(options.flags ?? [])],
    });
    return this.#operator;
  }

  /** Lets the operator die. */
  kill(): void {
    this.#operator?.kill();
    this.#operator = undefined;
  }

  /** Waits until nothing is being changed. */
  async quiet(): Promise<void> {
    assert.ok(this.#operator);
    await this.harness.waitUntilQuiet(this.#operator);
  }

  /** Counts calls to the cloud from here on. */
  mark(): void {
    this.#since = this.harness.cloud.calls().at(-1)?.seq ?? 0;
  }

  /** The calls of some operations since the mark; all, when none is named. */
  calls(...actions: readonly string[]): readonly CallRecord[] {
    return this.harness.cloud
      .calls(this.#since)
      .filter(({ action }) => actions.length === 0 || actions.includes(action));
  }

  /** The instance behind a Node. */
  instance(index: number): CloudNode {
    const instance = this.harness.cloud.nodes[index];
    assert.ok(instance !== undefined, `Instance ${index} is not seeded`);
    return instance;
  }

  /** What the operator asked the API server to change, events left out. */
  apiWrites(): readonly string[] {
    return (this.#operator?.proxy.requests ?? [])
      .filter(({ channel, isWrite, target }) => {
        return channel === 'api' && isWrite && !target.includes('/events');
      })
      .map(({ method, target }) => `${method} ${target.split('?')[0] ?? ''}`);
  }
}
