import assert from 'node:assert/strict';
import { METADATA_ACTION } from '../../emulator/http/metadata-service.ts';
import type { AuditEvent } from '../../hack/control-plane/audit-log.ts';
import type { Channel, ProxiedRequest, Verdict } from './cutting-proxy.ts';
import { OPERATOR_USER, type HarnessedOperator, type OperatorHarness } from './operator-harness.ts';

/** Where a story plays, with a cloud of its own, and what has to have come of it. */
export interface CrashStage {
  /** What its operators are started with. */
  readonly flags: readonly string[];
  /** How many kinds of objects they follow. */
  readonly watchedKinds: number;
  /** Waits until what leads to the story has come to its end. */
  waitUntilSettled(): Promise<unknown>;
  /** Says what is not as it is to be in the end. */
  complaints(): Promise<readonly string[]>;
  /** Counts what operators have made and removed. */
  harvest(): Harvest;
  /** Throws when something has happened that must never happen, whoever dies when. */
  judge(death: Death): Promise<void> | void;
  /** Whether a write of an operator belongs to the story. */
  isPartOfStory(event: AuditEvent): boolean;
  /** Takes away what is left. */
  clear(): Promise<void>;
}

/** Something that a person does on the stage. */
export interface Act<Stage extends CrashStage> {
  readonly what: string;
  /** The request that has to be on its way for it; at once, after the acts before, unless given. */
  readonly when?: string;
  readonly perform: (stage: Stage) => Promise<unknown>;
  /** What has to have come of it before the request that it waited for goes on. */
  readonly until?: (stage: Stage) => Promise<boolean>;
}

/** A story; how the world is to look when it is over, its stage knows. */
export interface Scenario<Stage extends CrashStage> {
  readonly name: string;
  readonly open: (harness: OperatorHarness) => Promise<Stage>;
  /** What leads to the beginning of the story, with an operator to which nothing happens. */
  readonly before?: Act<Stage>;
  readonly story: readonly Act<Stage>[];
  /** Whether an operator that dies may leave so much undone that less is made than without. */
  readonly mayMakeLess?: boolean;
  /** How many requests of a purpose there are for certain, where more depend on how workers meet. */
  readonly certain?: Readonly<Record<string, number>>;
}

/** What the cloud is like while a story is walked through, and where in it operators die. */
export interface Weather {
  readonly name: string;
  readonly tagLagMs: number;
  readonly moments: (step: Step) => readonly Moment[];
  /** Further flags of its operators. */
  readonly flags?: readonly string[];
  /** Whether the successor dies too, at one of its first steps, and a third one has to finish. */
  readonly isDoubled?: boolean;
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

/** How an operator died. */
export interface Death {
  readonly step: Step;
  readonly moment: Moment;
}

/** One death to be survived. */
interface Point extends Death {
  readonly weather: Weather;
  /** Where the successor dies: at the n-th of its steps; never, unless given. */
  readonly successorStep?: number;
  /** Killed with SIGKILL, as a process of its own. */
  readonly isProcess: boolean;
}

/** How many objects of each kind a run has made, and removed. */
export interface Harvest {
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
/** The share of the recorded points that may be missed. */
const MOST_MISSED = 0.25;
const RECORDED_RUNS = 3;
const MOST_RUNS = 10;
const LOG_TAIL_LINES = 150;
/** Successors die at their first step, at their second, and so on, and then at the first again. */
const SUCCESSOR_STEPS = 5;

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
export class CrashWalk<Stage extends CrashStage> {
  readonly #harness: OperatorHarness;
  readonly #scenario: Scenario<Stage>;
  readonly #counter: PointCounter | undefined;
  #recording: Recording | undefined;
  #successorsDied = 0;

  /** Without a counter no operator is a process of its own. */
  constructor(harness: OperatorHarness, scenario: Scenario<Stage>, counter?: PointCounter) {
    this.#harness = harness;
    this.#scenario = scenario;
    this.#counter = counter;
  }

  /** How many successors have died on top of it. */
  get successorsDied(): number {
    return this.#successorsDied;
  }

  /**
   * Runs the story without an accident; the cloud and the API server saw what we counted.
   *
   * Shape: two workers may meet and one more write come of it, which nobody can count on to die at;
   *   of a few runs, the steps are those that all of them have.
   */
  async record(): Promise<Recording> {
    if (this.#recording !== undefined) return this.#recording;
    const recordings: Recording[] = [];
    for (let run = 0; run < MOST_RUNS && recordings.length < RECORDED_RUNS; run += 1) {
      const recording = await this.#recordOnce();
      if (recording !== undefined) recordings.push(recording);
    }
    const [first, ...others] = recordings;
    assert.ok(first !== undefined, 'A run was clean');
    const { certain = {} } = this.#scenario;
    const steps = first.steps.filter(
      (step) =>
        step.occurrence <= (certain[step.purpose] ?? Infinity) &&
        others.every((other) => contains(other, step)),
    );
    this.#recording = { ...first, steps };
    return this.#recording;
  }

  /**
   * Walks through all points, and returns the number of those that were reached.
   *
   * Shape: a machine that is faster or slower than it was while the story was recorded may make do
   *   with a step less; then the runs that were to die at it are whole ones without it.
   * Errors: an assertion when that is so of more than a quarter of the points.
   */
  async walk(weather: Weather): Promise<number> {
    const { steps } = await this.record();
    const missed: string[] = [];
    let walked = 0;
    for (const step of steps) {
      for (const moment of weather.moments(step)) {
        const isProcess = this.#counter?.next() ?? false;
        const successorStep = (walked % SUCCESSOR_STEPS) + 1;
        const point = {
          ...{ step, moment, weather, isProcess },
          ...(weather.isDoubled === true && { successorStep }),
        };
        if (await this.#die(point)) walked += 1;
        else missed.push(describe(this.#scenario, point));
      }
    }
    for (const point of missed) process.stdout.write(`Not reached: ${point}\n`);
    assert.ok(
      missed.length <= (walked + missed.length) * MOST_MISSED,
      `No run came to these points any more:\n${missed.join('\n')}`,
    );
    return walked;
  }

  /** Records one run; `undefined` when an answer was lost in it, on a machine with too much to do. */
  async #recordOnce(): Promise<Recording | undefined> {
    const run = await Run.stage(this.#harness, this.#scenario);
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
      const run = await Run.stage(this.#harness, this.#scenario, point.weather);
      try {
        if (!(await run.untilDeathAt(point))) continue;
        if (await run.survive(point)) this.#successorsDied += 1;
        await run.judge(harvest, point);
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

/** One run through a story, on a stage of its own. */
class Run<Stage extends CrashStage> {
  readonly #harness: OperatorHarness;
  readonly #scenario: Scenario<Stage>;
  readonly #stage: Stage;
  readonly #flags: readonly string[];
  readonly #startSeq: number;
  readonly #operators: HarnessedOperator[] = [];
  readonly #seen = new Map<string, number>();
  readonly #steps: Step[] = [];
  #waiting: Act<Stage>[] = [];
  #performing: Promise<unknown> = Promise.resolve();
  #isUnderWay = false;
  #hasDied = false;

  private constructor(
    harness: OperatorHarness,
    scenario: Scenario<Stage>,
    stage: Stage,
    weather: Weather | undefined,
  ) {
    this.#harness = harness;
    this.#scenario = scenario;
    this.#stage = stage;
    this.#flags = [...stage.flags, ...(weather?.flags ?? [])];
    this.#startSeq = harness.cloud.calls().at(-1)?.seq ?? 0;
  }

  static async stage<Stage extends CrashStage>(
    harness: OperatorHarness,
    scenario: Scenario<Stage>,
    weather?: Weather,
  ): Promise<Run<Stage>> {
    harness.cloud.reset();
    const stage = await scenario.open(harness);
    harness.cloud.settings({ tagLagMs: weather?.tagLagMs ?? 0 });
    return new Run(harness, scenario, stage, weather);
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
    return (await this.#deathOrEnd()) === 'died';
  }

  /** Lets others finish what the dead one has left; tells whether one of them died of it too. */
  async survive({ successorStep }: Point): Promise<boolean> {
    await this.#performing;
    const hasDiedToo = successorStep !== undefined && (await this.#dieAgain(successorStep));
    if (successorStep === undefined || hasDiedToo) {
      this.#operators.push(
        await this.#harness.startOperator({
          flags: this.#flags,
          decide: async (request): Promise<Verdict> => {
            await this.#follow(request);
            return 'pass';
          },
        }),
      );
    }
    await this.#finish();
    return hasDiedToo;
  }

  /** Judges from all that ever was in the cloud, not only from what is left. */
  async judge(clean: Harvest, death: Death): Promise<void> {
    const { made, removed } = this.#stage.harvest();
    if (this.#scenario.mayMakeLess === true) {
      for (const [kind, count] of Object.entries(made)) {
        assert.ok(count <= (clean.made[kind] ?? 0), `Too many of kind ${kind} were made`);
      }
    } else {
      assert.deepEqual({ made, removed }, clean, 'As much is made and removed as without a death');
    }
    await this.#stage.judge(death);
  }

  /** Counts what operators made and removed. */
  harvest(): Harvest {
    return this.#stage.harvest();
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

    const written = (await plane.auditEvents()).filter((event) => {
      const { user, verb, objectRef } = event;
      return (
        user.username === OPERATOR_USER &&
        ['create', 'update', 'patch', 'delete'].includes(verb) &&
        objectRef !== undefined &&
        // Events tell of the story, and leases say who may act in it: neither changes what is
        // wanted or made, and both are written beside it, by a clock or in a queue of their own.
        !['events', 'leases'].includes(objectRef.resource) &&
        this.#stage.isPartOfStory(event)
      );
    });
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
    await this.#stage.clear();
  }

  /** Starts the first operator and plays what comes before the story. */
  async #begin(point: Point | undefined): Promise<void> {
    const options = {
      flags: this.#flags,
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
    await this.#harness.waitUntilWatching(operator, this.#stage.watchedKinds);
    const { before } = this.#scenario;
    if (before !== undefined) {
      await before.perform(this.#stage);
      await this.#stage.waitUntilSettled();
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
  async #perform(act: Act<Stage>): Promise<void> {
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

  /** Starts a successor that dies at one of its steps; `false` when it came to the end before. */
  async #dieAgain(nth: number): Promise<boolean> {
    this.#hasDied = false;
    let steps = 0;
    const successor: HarnessedOperator = await this.#harness.startOperator({
      flags: this.#flags,
      decide: async (request): Promise<Verdict> => {
        await this.#follow(request);
        if (!request.isStep) return 'pass';
        steps += 1;
        if (steps !== nth) return 'pass';
        return nth % 2 === 0 ? 'cutBefore' : 'cutAfter';
      },
      onCut: () => {
        this.#hasDied = true;
        successor.kill();
      },
    });
    this.#operators.push(successor);
    return (await this.#deathOrEnd()) === 'died';
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
    return this.#stage.complaints();
  }

  #deathOrEnd(): Promise<'died' | 'ended'> {
    return this.#harness.waitFor('the operator died, or came to the end', async () => {
      if (this.#hasDied) return 'died';
      if (!this.#isQuiet()) return undefined;
      return (await this.#complaints()).length === 0 && this.#isQuiet() ? 'ended' : undefined;
    });
  }
}

function contains({ steps }: Recording, step: Step): boolean {
  return steps.some((other) => isSame(other, step));
}

function isSame(a: Step, b: Step): boolean {
  return a.channel === b.channel && a.purpose === b.purpose && a.occurrence === b.occurrence;
}

function describe(
  scenario: { readonly name: string },
  { step, moment, weather, isProcess, successorStep }: Point,
): string {
  const again =
    successorStep === undefined ? '' : `, and a successor that died at its step ${successorStep}`;
  const who = isProcess ? 'a process' : 'an operator';
  return `Scenario "${scenario.name}", ${weather.name}: ${who} that died ${moment} ${step.channel} request ${step.purpose} number ${step.occurrence}${again}`;
}

/** Counts items by a key, the keys in their order. */
export function countBy<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const key of items.map(keyOf).sort()) counts[key] = (counts[key] ?? 0) + 1;
  return counts;
}
