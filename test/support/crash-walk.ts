import assert from 'node:assert/strict';
import { foreignState, makeForeignLoadBalancer } from './foreign-load-balancer.ts';
import { METADATA_ACTION } from '../../emulator/http/metadata-service.ts';
import type { Channel, ProxiedRequest, Verdict } from './cutting-proxy.ts';
import {
  isConditionCurrent,
  OPERATOR_USER,
  type HarnessedOperator,
  type OperatorHarness,
} from './operator-harness.ts';

/** Where a story plays. */
export interface Stage {
  readonly harness: OperatorHarness;
  readonly namespace: string;
}

/** Something that a person does to the Service `web` of the stage's namespace. */
export interface Act {
  readonly what: string;
  /** The request that has to be on its way for it; at once, after the acts before, unless given. */
  readonly when?: string;
  readonly perform: (stage: Stage) => Promise<unknown>;
  /** What has to have come of it before the request that it waited for goes on. */
  readonly until?: (stage: Stage) => Promise<boolean>;
}

/** A story, and how the world is to look when it is over. */
export interface Scenario {
  readonly name: string;
  /** What leads to the beginning of the story, with an operator to which nothing happens. */
  readonly before?: Act;
  readonly story: readonly Act[];
  /** The TCP ports that are served in the end; none, when everything is to be gone. */
  readonly ports: readonly number[];
  /** Whether an operator that dies may leave so much undone that less is made than without. */
  readonly mayMakeLess?: boolean;
}

/** What the cloud is like while a story is walked through, and where in it operators die. */
export interface Weather {
  readonly name: string;
  readonly tagLagMs: number;
  readonly moments: (step: Step) => readonly Moment[];
}

/** One request of a clean run, known by being the n-th of its purpose. */
export interface Step {
  readonly channel: Channel;
  readonly purpose: string;
  readonly occurrence: number;
  readonly isWrite: boolean;
}

/**
 * When an operator dies at a step: before it takes effect; after that, the answer lost; or when it
 * is cut off, while the request is still on its way and takes effect later.
 */
export type Moment = 'before' | 'after' | 'late';

/** One death to be survived. */
interface Point {
  readonly step: Step;
  readonly moment: Moment;
  readonly weather: Weather;
  /** Killed with SIGKILL, as a process of its own. */
  readonly isProcess: boolean;
}

/** How many objects of each kind a run has made, and removed. */
interface Harvest {
  readonly made: Readonly<Record<string, number>>;
  readonly removed: Readonly<Record<string, number>>;
}

/** A run to which nothing happened. */
export interface Recording {
  readonly steps: readonly Step[];
  readonly harvest: Harvest;
}

/** How late a request that was cut off takes effect, in accelerated time. */
const LATE_MS = 8_000;
const QUIET_MS = 10_000;
/** A point that depends on the order of two workers may be missed; so often it is tried for. */
const ATTEMPTS = 4;
/** Every tenth point is the death of a process. */
const PROCESS_SHARE = 10;
const RECORDED_RUNS = 3;
const MOST_RUNS = 10;
const LOG_TAIL_LINES = 150;
/** The sweep goes by the clock and belongs to no story. */
const FLAGS = ['--drift-period=24h'];

/** Counts the points of all walks of a test file, so that every tenth is a process. */
export class PointCounter {
  points = 0;
  processes = 0;

  /** Counts a point and tells whether it is to be a process. */
  next(): boolean {
    this.points += 1;
    const isProcess = this.points % PROCESS_SHARE === 0;
    if (isProcess) this.processes += 1;
    return isProcess;
  }
}

/** Lets an operator die at every point of a story, and another one finish it. */
export class CrashWalk {
  readonly #harness: OperatorHarness;
  readonly #scenario: Scenario;
  readonly #counter: PointCounter;
  #recording: Recording | undefined;

  constructor(harness: OperatorHarness, scenario: Scenario, counter: PointCounter) {
    this.#harness = harness;
    this.#scenario = scenario;
    this.#counter = counter;
  }

  /**
   * Runs the story without an accident; the cloud and the API server saw what we counted.
   *
   * Shape: two workers may meet and one more write come of it, which nobody can count on to die at;
   *   of a few runs the shortest is the one that the others contain.
   */
  async record(): Promise<Recording> {
    if (this.#recording !== undefined) return this.#recording;
    const recordings: Recording[] = [];
    for (let run = 0; run < MOST_RUNS && recordings.length < RECORDED_RUNS; run += 1) {
      const recording = await this.#recordOnce();
      if (recording !== undefined) recordings.push(recording);
    }
    const [shortest] = recordings.toSorted((a, b) => a.steps.length - b.steps.length);
    assert.ok(shortest !== undefined, 'A run was clean');
    this.#recording = shortest;
    return shortest;
  }

  /** Tells how many points a walk has. */
  async length(weather: Weather): Promise<number> {
    const { steps } = await this.record();
    return steps.reduce((sum, step) => sum + weather.moments(step).length, 0);
  }

  /** Walks through all points, and returns the number of those that were reached. */
  async walk(weather: Weather): Promise<number> {
    const { steps } = await this.record();
    let walked = 0;
    for (const step of steps) {
      for (const moment of weather.moments(step)) {
        const isProcess = this.#counter.next();
        const point = { step, moment, weather, isProcess };
        if (await this.#die(point)) walked += 1;
        else process.stdout.write(`Not reached: ${describe(this.#scenario, point)}\n`);
      }
    }
    return walked;
  }

  /** Records one run; `undefined` when an answer was lost in it, on a machine with too much to do. */
  async #recordOnce(): Promise<Recording | undefined> {
    const run = await Run.stage(this.#harness, this.#scenario, 0);
    try {
      const steps = await run.toTheEnd();
      if (!run.isClean()) return undefined;
      await run.assertCountedByAll();
      return { steps, harvest: run.harvest() };
    } finally {
      await run.clear();
    }
  }

  async #die(point: Point): Promise<boolean> {
    const { harvest } = await this.record();
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const run = await Run.stage(this.#harness, this.#scenario, point.weather.tagLagMs);
      try {
        if (!(await run.untilDeathAt(point))) continue;
        await run.survive();
        run.judge(harvest);
        return true;
      } catch (error) {
        throw new Error(`${describe(this.#scenario, point)}\n${run.story()}`, { cause: error });
      } finally {
        await run.clear();
      }
    }
    return false;
  }
}

/** One run through a story, in a namespace and a cloud of its own. */
class Run {
  readonly #harness: OperatorHarness;
  readonly #scenario: Scenario;
  readonly #stage: Stage;
  readonly #foreignIds: ReadonlySet<string>;
  readonly #foreignBefore: string;
  readonly #startSeq: number;
  readonly #operators: HarnessedOperator[] = [];
  readonly #seen = new Map<string, number>();
  readonly #steps: Step[] = [];
  #waiting: Act[] = [];
  #performing: Promise<unknown> = Promise.resolve();
  #isUnderWay = false;
  #hasDied = false;

  private constructor(stage: Stage, scenario: Scenario, foreignIds: ReadonlySet<string>) {
    const { cloud } = stage.harness;
    this.#harness = stage.harness;
    this.#scenario = scenario;
    this.#stage = stage;
    this.#foreignIds = foreignIds;
    this.#foreignBefore = foreignState(cloud, foreignIds);
    this.#startSeq = cloud.calls().at(-1)?.seq ?? 0;
  }

  static async stage(harness: OperatorHarness, scenario: Scenario, tagLagMs: number): Promise<Run> {
    const { cloud, clock } = harness;
    cloud.reset();
    const clusterId = await harness.clusterId();
    const foreignIds = await makeForeignLoadBalancer(cloud, clock, clusterId);
    // Its listener is on its way for a moment.
    await clock.sleep(cloud.settings().transitionMs);
    cloud.settings({ tagLagMs });
    const namespace = await harness.createNamespace();
    return new Run({ harness, namespace }, scenario, foreignIds);
  }

  /** Plays the whole story with one operator, and returns its steps. */
  async toTheEnd(): Promise<readonly Step[]> {
    await this.#begin(undefined);
    await this.#play();
    await this.#finish();
    return this.#steps;
  }

  /** Tells whether every request was answered. */
  isClean(): boolean {
    return this.#operators.every(({ proxy }) => proxy.lostAnswers === 0);
  }

  /** Plays the story until the operator dies; `false` when it went past the point. */
  async untilDeathAt(point: Point): Promise<boolean> {
    await this.#begin(point);
    await this.#play();
    const how = await this.#harness.waitFor('the operator died, or came to the end', async () => {
      if (this.#hasDied) return 'died';
      if (!this.#isQuiet()) return undefined;
      return (await this.#complaints()).length === 0 && this.#isQuiet() ? 'ended' : undefined;
    });
    return how === 'died';
  }

  /** Lets another operator finish what the dead one has left. */
  async survive(): Promise<void> {
    await this.#performing;
    this.#operators.push(
      await this.#harness.startOperator({
        flags: FLAGS,
        decide: async (request): Promise<Verdict> => {
          await this.#follow(request);
          return 'pass';
        },
      }),
    );
    await this.#finish();
  }

  /** Judges from all that ever was in the cloud, not only from what is left. */
  judge(clean: Harvest): void {
    const { cloud } = this.#harness;
    const { made, removed } = this.harvest();
    if (this.#scenario.mayMakeLess === true) {
      for (const [kind, count] of Object.entries(made)) {
        assert.ok(count <= (clean.made[kind] ?? 0), `Too many of kind ${kind} were made`);
      }
    } else {
      assert.deepEqual({ made, removed }, clean, 'As much is made and removed as without a death');
    }
    const writes = cloud.calls(this.#startSeq).filter(({ applied }) => applied);
    const foreign = writes.filter(({ objectIds }) =>
      objectIds.some((id) => this.#foreignIds.has(id)),
    );
    assert.deepEqual(foreign, [], 'Nothing is written that belongs to someone else');
    assert.equal(foreignState(cloud, this.#foreignIds), this.#foreignBefore);
  }

  /** Counts what operators made and removed. */
  harvest(): Harvest {
    const {
      loadBalancers,
      vServerGroups,
      deleted = [],
    } = this.#harness.cloud.state({
      deleted: true,
    });
    const objects: readonly Readonly<Record<string, unknown>>[] = [
      ...loadBalancers.map((object) => ({ ...object, kind: 'loadBalancer' })),
      ...loadBalancers.flatMap(({ listeners }) =>
        (listeners as readonly object[]).map((object) => ({ ...object, kind: 'listener' })),
      ),
      ...vServerGroups.map((object) => ({ ...object, kind: 'vServerGroup' })),
      ...deleted,
    ];
    const own = objects.filter(({ createdBySeq }) => Number(createdBySeq) > this.#startSeq);
    const removed = own.filter(({ deletedBySeq }) => deletedBySeq !== undefined);
    return {
      made: countBy(own, ({ kind }) => textOf(kind)),
      removed: countBy(removed, ({ kind }) => textOf(kind)),
    };
  }

  /** Compares what the proxy counted with what the cloud and the API server logged. */
  async assertCountedByAll(): Promise<void> {
    const { cloud, plane } = this.#harness;
    const requests = this.#operators.flatMap(({ proxy }) => proxy.requests);
    const counted = (channel: Channel): Readonly<Record<string, number>> =>
      countBy(
        requests.filter((request) => request.channel === channel && request.isStep),
        ({ purpose }) => purpose,
      );
    // An instance's own metadata is no call to the cloud, and nothing comes of asking for it.
    const called = cloud
      .calls(this.#startSeq)
      .map(({ action }) => action)
      .filter((action) => action !== METADATA_ACTION);
    assert.deepEqual(
      counted('cloud'),
      countBy(called, (action) => action),
      'The cloud agrees',
    );

    const written = (await plane.auditEvents()).filter(
      ({ user, verb, objectRef }) =>
        user.username === OPERATOR_USER &&
        ['create', 'update', 'patch', 'delete'].includes(verb) &&
        objectRef?.namespace === this.#stage.namespace &&
        // Events tell of the story, and leases say who may act in it: neither changes what is
        // wanted or made, and both are written beside it, by a clock or in a queue of their own.
        !['events', 'leases'].includes(objectRef.resource),
    );
    assert.deepEqual(
      counted('api'),
      countBy(written, ({ verb, objectRef }) => {
        const method = { create: 'POST', update: 'PUT' }[verb] ?? verb.toUpperCase();
        const { resource = '', subresource } = objectRef ?? {};
        return `${method} ${resource}${subresource === undefined ? '' : `/${subresource}`}`;
      }),
      'The API server agrees',
    );
  }

  /** What happened, for whoever has to find out why it went wrong. */
  story(): string {
    const { cloud } = this.#harness;
    const calls = cloud
      .calls(this.#startSeq)
      .map(({ seq, action, code, applied }) => `${seq} ${action} ${code ?? ''} applied=${applied}`);
    const logs = this.#operators.flatMap((operator, index) => [
      `--- operator ${index + 1}`,
      ...operator.log().trimEnd().split('\n').slice(-LOG_TAIL_LINES),
    ]);
    return ['--- calls', ...calls, ...logs].join('\n');
  }

  /** Takes away what the run has left. */
  async clear(): Promise<void> {
    for (const operator of this.#operators) operator.kill();
    await this.#harness.clear(this.#stage.namespace);
  }

  /** Starts the first operator and plays what comes before the story. */
  async #begin(point: Point | undefined): Promise<void> {
    const options = {
      flags: FLAGS,
      decide: (request: ProxiedRequest) => this.#decide(request, point),
      onCut: () => {
        this.#hasDied = true;
        operator.kill();
      },
    };
    const operator: HarnessedOperator =
      point?.isProcess === true
        ? await this.#harness.startProcess(options)
        : await this.#harness.startOperator(options);
    this.#operators.push(operator);
    await this.#harness.waitUntilWatching(operator);
    const { before } = this.#scenario;
    if (before !== undefined) {
      await before.perform(this.#stage);
      await this.#harness.waitUntilReady(this.#stage.namespace);
      await this.#harness.waitUntilQuiet(operator, QUIET_MS);
    }
    if (point !== undefined) this.#lay(point, operator);
    this.#isUnderWay = true;
  }

  /** Does what is done at once, and leaves the rest to the requests that it waits for. */
  async #play(): Promise<void> {
    this.#waiting = this.#scenario.story.filter(({ when }) => when !== undefined);
    for (const act of this.#scenario.story) {
      if (act.when === undefined) await act.perform(this.#stage);
    }
  }

  /** Notes a step of the story, and does what has waited for it. */
  async #follow(request: ProxiedRequest): Promise<Step | undefined> {
    if (!this.#isUnderWay || !request.isStep) return undefined;
    const { channel, purpose, isWrite } = request;
    const occurrence = (this.#seen.get(purpose) ?? 0) + 1;
    this.#seen.set(purpose, occurrence);
    const step = { channel, purpose, occurrence, isWrite };
    this.#steps.push(step);
    const next = this.#waiting[0];
    if (next?.when === purpose) {
      this.#waiting.shift();
      this.#performing = this.#perform(next);
      await this.#performing;
    }
    return step;
  }

  /** What is to come of an act may come to nothing, because the operator dies at that. */
  async #perform(act: Act): Promise<void> {
    await act.perform(this.#stage);
    const { until } = act;
    if (until === undefined) return;
    await this.#harness.waitFor(`"${act.what}" has had its effect`, async () =>
      this.#hasDied || (await until(this.#stage)) ? true : undefined,
    );
  }

  async #decide(request: ProxiedRequest, point: Point | undefined): Promise<Verdict> {
    const step = await this.#follow(request);
    if (point === undefined || step === undefined || !isSame(step, point.step)) return 'pass';
    const isInCloud = step.channel === 'cloud';
    switch (point.moment) {
      case 'before':
        if (!point.isProcess) return 'cutBefore';
        // The cloud holds the call itself, and tells when it does.
        return isInCloud ? 'pass' : 'holdBefore';
      case 'after':
        if (!point.isProcess) return 'cutAfter';
        return isInCloud ? 'pass' : 'holdAfter';
      case 'late':
        return 'cutAfter';
    }
  }

  /** Tells the cloud what to do to the step at which the operator dies. */
  #lay(point: Point, operator: HarnessedOperator): void {
    const { cloud } = this.#harness;
    const { step, moment } = point;
    if (step.channel !== 'cloud') return;
    const matching = { action: step.purpose, nth: step.occurrence };
    if (moment === 'late') {
      cloud.addFault({ ...matching, kind: 'apply-late', delayMs: LATE_MS });
    } else if (point.isProcess) {
      const when = moment === 'before' ? 'received' : 'applied';
      cloud.addFault({ ...matching, kind: 'hold', when });
      void cloud.held(60_000).then((held) => {
        if (held.length === 0) return;
        this.#hasDied = true;
        operator.kill();
      });
    }
  }

  async #finish(): Promise<void> {
    let complaints: readonly string[] = ['The operator never came to rest'];
    try {
      await this.#harness.waitFor('the story has its end', async () => {
        // To ask costs time, and who is still writing has not come to the end.
        if (!this.#isQuiet()) return undefined;
        complaints = await this.#complaints();
        return complaints.length === 0 && this.#isQuiet() ? true : undefined;
      });
    } catch (error) {
      throw new Error(complaints.join('; '), { cause: error });
    }
  }

  #isQuiet(): boolean {
    const operator = this.#operators.at(-1);
    return operator !== undefined && this.#harness.isQuiet(operator, QUIET_MS);
  }

  /** Says what is not as it is to be in the end. */
  async #complaints(): Promise<readonly string[]> {
    if (this.#waiting.length > 0) {
      return this.#waiting.map(
        ({ what, when }) => `"${what}" still waits for ${when ?? 'nothing'}`,
      );
    }
    const { namespace } = this.#stage;
    const [service, resource] = await Promise.all([
      this.#harness.findService(namespace),
      this.#harness.findLoadBalancer(namespace),
    ]);
    const { loadBalancers, vServerGroups } = this.#harness.cloud.state();
    const own = loadBalancers.filter(
      (object) => !this.#foreignIds.has(textOf(object.loadBalancerId)),
    );
    const groups = vServerGroups.filter(
      (object) => !this.#foreignIds.has(textOf(object.vServerGroupId)),
    );
    const { ports } = this.#scenario;
    if (ports.length === 0) {
      return [
        ...(service === undefined ? [] : ['The Service is still there']),
        ...(resource === undefined ? [] : ['The AlibabaLoadBalancer is still there']),
        ...(own.length === 0 ? [] : [`${own.length} load balancers are left`]),
        ...(groups.length === 0 ? [] : [`${groups.length} groups are left`]),
      ];
    }
    const [loadBalancer] = own;
    if (service === undefined || resource === undefined || loadBalancer === undefined) {
      return ['Service, AlibabaLoadBalancer or load balancer is missing'];
    }
    const complaints: string[] = [];
    const expect = (what: string, got: unknown, wanted: unknown): void => {
      const [gotText, wantedText] = [JSON.stringify(got), JSON.stringify(wanted)];
      if (gotText !== wantedText) complaints.push(`${what}: ${gotText} instead of ${wantedText}`);
    };
    expect('load balancers', own.length, 1);
    expect('ready', isConditionCurrent(resource, 'Ready'), true);
    expect('deletion', resource.metadata.deletionTimestamp, undefined);
    expect('open creation', resource.status?.creation, undefined);
    expect('recorded id', resource.status?.loadBalancerId, loadBalancer.loadBalancerId);
    expect('finalizers', service.metadata.finalizers, [
      'service.kubernetes.io/load-balancer-cleanup',
      'networking.alibabacloud.com/load-balancer',
    ]);
    expect(
      'address',
      service.status.loadBalancer.ingress?.map(({ ip }) => ip),
      [loadBalancer.address],
    );
    const listeners = loadBalancer.listeners as readonly Readonly<Record<string, unknown>>[];
    expect(
      'listeners',
      listeners
        .map(({ listenerPort, status }) => `${textOf(listenerPort)} ${textOf(status)}`)
        .sort(),
      ports.map((port) => `${port} running`).sort(),
    );
    const nodePorts = service.spec.ports.map(({ nodePort }) => nodePort ?? 0);
    expect(
      'backends',
      groups
        .flatMap(({ backendServers }) =>
          (backendServers as readonly { serverId: string; port: number }[]).map(
            ({ serverId, port }) => `${serverId}:${port}`,
          ),
        )
        .sort(),
      this.#harness.cloud.instanceIds
        .flatMap((id) => nodePorts.map((port) => `${id}:${port}`))
        .sort(),
    );
    expect('groups', groups.length, ports.length);
    return complaints;
  }
}

function isSame(a: Step, b: Step): boolean {
  return a.channel === b.channel && a.purpose === b.purpose && a.occurrence === b.occurrence;
}

function describe(scenario: Scenario, { step, moment, weather, isProcess }: Point): string {
  const who = isProcess ? 'a process' : 'an operator';
  return `Scenario "${scenario.name}", ${weather.name}: ${who} that died ${moment} ${step.channel} request ${step.purpose} number ${step.occurrence}`;
}

function countBy<T>(items: readonly T[], keyOf: (item: T) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const key of items.map(keyOf).sort()) counts[key] = (counts[key] ?? 0) + 1;
  return counts;
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
