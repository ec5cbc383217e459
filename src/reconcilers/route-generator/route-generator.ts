import { isFailure, type Failure } from '../../cloud/failure.ts';
import { failureReport } from '../failure-report.ts';
import type { RouteTableResource } from '../kubernetes-objects.ts';
import { APPROVE_REMOVAL_ANNOTATION } from '../names.ts';
import { generationEvent } from './generation-messages.ts';
import { generationStatus, newGenerationProblem } from './generation-status.ts';
import { routesOfNodes, type NodeRow, type NodeRouteProblem } from './node-routes.ts';
import type { GeneratedRouteTable, RouteGeneratorPorts } from './route-generator-ports.ts';
import { isGenerated, type SelectedTables, type TableProblem } from './route-table-selection.ts';
import {
  applyKeepingPeoplesRows,
  generatedRouteTable,
  isAlreadyGenerated,
  overriddenRoutes,
} from './row-ownership.ts';
import { isGoing, placeRows, type PlacedRows } from './row-placement.ts';
import { absenceKeyOf, judgeLeavingRows, type LeavingRow } from './row-removals.ts';

/** What the last run has found out, for those who tell Nodes. */
export interface GenerationOutcome {
  /** The route tables that the rows of Nodes go to. */
  readonly tableIds: readonly string[];
  /** Why these are in question, or why there are none. */
  readonly tableProblem?: TableProblem;
  /** Why Nodes have no route to some of their pods, by the Node's uid. */
  readonly nodeProblems: ReadonlyMap<string, readonly NodeRouteProblem[]>;
  /** Why the rows of a route table could not be written, by its id. */
  readonly failures: ReadonlyMap<string, string>;
}

/** Rows that stay although no Node asks for them, and why. */
interface KeptRows {
  readonly held: readonly LeavingRow[];
  /** The Node is missing from the cache only. */
  readonly unconfirmed: readonly LeavingRow[];
}

/**
 * Keeps the rows of AlibabaRouteTables that come from Nodes.
 *
 * Shape: a run compares all Nodes with all rows, so that what happened while no one looked is found;
 *   runs never overlap. Rows of people stay, and so do next hops that people have set.
 */
export class RouteGenerator {
  readonly #ports: RouteGeneratorPorts;
  /** What was applied to which generation of an object, so that it is not applied twice. */
  readonly #applied = new Map<string, string>();
  #heldKeys: ReadonlySet<string> = new Set();
  #outcome: GenerationOutcome | undefined;

  constructor(ports: RouteGeneratorPorts) {
    this.#ports = ports;
  }

  /** What the last run has found out; unset before the first has ended. */
  get outcome(): GenerationOutcome | undefined {
    return this.#outcome;
  }

  /**
   * Compares and writes once.
   *
   * Shape: one object that cannot be written keeps no other from being written. Answers whether all
   *   were, so that another run need not follow.
   * Errors: `Failure` where nothing could be compared.
   */
  async run(cause: { readonly isPeriodic: boolean }, signal: AbortSignal): Promise<boolean> {
    const { nodes, routeTables, selection, settings, metrics } = this.#ports;
    const resources = routeTables.list();
    const selected = await selection.select(resources, signal);
    const wanted = routesOfNodes(nodes.list(), settings.clusterCidrs);
    const kept = await this.#keptRows(resources, selected, wanted.rows, signal);

    const failures = new Map<string, string>();
    let isComplete = selected.isStale !== true;
    let changes = 0;
    for (const routeTableId of tablesToWrite(selected, resources)) {
      const isSelected = selected.ids.includes(routeTableId);
      const rows = isSelected ? wanted.rows : [];
      const live = routeTables.listForTable(routeTableId);
      const names = new Set(live.map(({ metadata }) => metadata.name));
      const staying = [...kept.held, ...kept.unconfirmed]
        .filter(({ resourceName }) => names.has(resourceName))
        .map(({ row }) => row);
      for (const placed of placeRows(routeTableId, [...rows, ...staying], live)) {
        try {
          const isChanged = await this.#write(
            { placed, routeTableId, isSelected, kept, selected },
            signal,
          );
          if (isChanged) changes += 1;
        } catch (error) {
          if (!isFailure(error) || signal.aborted) throw error;
          isComplete = false;
          const message = this.#noteFailure(placed.name, error);
          // A race or a busy API server is no news for anybody.
          if (error.kind !== 'conflict' && error.kind !== 'throttled') {
            failures.set(routeTableId, message);
          }
        }
      }
    }
    this.#outcome = {
      tableIds: selected.ids,
      ...(selected.problem !== undefined && { tableProblem: selected.problem }),
      nodeProblems: wanted.problems,
      failures,
    };
    metrics.runEnded();
    if (cause.isPeriodic) metrics.corrected(changes);
    return isComplete;
  }

  /** Finds the rows that nobody asks for but that are not to go yet. */
  async #keptRows(
    resources: readonly RouteTableResource[],
    selected: SelectedTables,
    wanted: readonly NodeRow[],
    signal: AbortSignal,
  ): Promise<KeptRows> {
    const { nodes, nodeDirectory, nodeDeletions, breaker } = this.#ports;
    const leaving = leavingRows(resources, selected, wanted);
    this.#approve(leaving, resources);
    const judged = judgeLeavingRows(leaving, {
      nodes: new Map(nodes.list().map((node) => [node.metadata.uid, node])),
      deletions: nodeDeletions,
    });
    // Absence from a cache is no proof of absence.
    const present =
      judged.missing.length === 0 ? new Set<string>() : await nodeDirectory.listUids(signal);
    const unconfirmed = judged.missing.filter(({ row }) => present.has(row.node.uid));
    const inferred = [
      ...judged.missing.filter(({ row }) => !present.has(row.node.uid)),
      ...judged.unconfigured,
    ];
    const asked = new Set(inferred.map(absenceKeyOf));
    for (const key of this.#heldKeys) if (!asked.has(key)) breaker.release('routes', key);
    const total = rowKeys(resources, wanted).size;
    this.#heldKeys = new Set(breaker.judge('routes', asked, total).held);
    return {
      held: inferred.filter((entry) => this.#heldKeys.has(absenceKeyOf(entry))),
      unconfirmed,
    };
  }

  /** Takes the word of people, written on an object, for the rows that are held in it. */
  #approve(leaving: readonly LeavingRow[], resources: readonly RouteTableResource[]): void {
    const approved = new Set(
      resources.filter(isRemovalApproved).map(({ metadata }) => metadata.name),
    );
    for (const entry of leaving) {
      if (!approved.has(entry.resourceName)) continue;
      this.#ports.breaker.approve('routes', absenceKeyOf(entry));
    }
  }

  /** Brings one object to what it is to say; tells whether its rows were changed. */
  async #write(
    job: {
      readonly placed: PlacedRows;
      readonly routeTableId: string;
      readonly isSelected: boolean;
      readonly kept: KeptRows;
      readonly selected: SelectedTables;
    },
    signal: AbortSignal,
  ): Promise<boolean> {
    const { writer } = this.#ports;
    const { placed, routeTableId, isSelected, kept, selected } = job;
    const { name, live, rows } = placed;
    // One that goes is made anew once it is gone.
    if (live !== undefined && isGoing(live)) return false;
    // What people have made for themselves is left alone until a Node has a row in it.
    if (live !== undefined && rows.length === 0 && !isGenerated(live)) return false;

    const generated = generatedRouteTable(name, routeTableId, rows);
    const isUpToDate = live !== undefined && this.#isUpToDate(generated, live);
    const applied = isUpToDate ? live : await applyKeepingPeoplesRows(writer, generated, signal);
    this.#applied.set(name, appliedMark(generated, applied));

    const held = kept.held.filter(({ resourceName }) => resourceName === name);
    const change = generationStatus({
      resource: applied,
      overridden: overriddenRoutes(generated, applied),
      held,
      ...(selected.problem !== undefined && { tableProblem: selected.problem }),
      nowMs: this.#ports.clock.now(),
    });
    const shown = await writer.patchStatus(applied, change, signal);
    this.#tell(applied, shown);
    const isEmpty = (shown.spec.routes ?? []).length === 0;
    if (!isSelected && selected.problem === undefined && isEmpty) {
      await writer.delete(shown, signal);
    }
    return !isUpToDate;
  }

  #isUpToDate(generated: GeneratedRouteTable, live: RouteTableResource): boolean {
    return (
      isAlreadyGenerated(generated, live) ||
      this.#applied.get(generated.name) === appliedMark(generated, live)
    );
  }

  /** Records what is new about an object, once. */
  #tell(before: RouteTableResource, after: RouteTableResource): void {
    const news = newGenerationProblem(before, after);
    if (news === undefined) return;
    this.#ports.logger.warn('Rows of Nodes are not as they should be', {
      name: after.metadata.name,
      reason: news.reason,
      message: news.message,
    });
    this.#ports.events.record(after, generationEvent(news));
  }

  #noteFailure(name: string, failure: Failure): string {
    const { message } = failureReport(failure);
    // Somebody wrote first; the next run sees what.
    const level = failure.kind === 'conflict' ? 'debug' : 'warn';
    this.#ports.logger[level]('Failed to write the rows of Nodes', { name, err: message });
    return message;
  }
}

/** The tables whose objects are to be looked at: those selected, and those no longer. */
function tablesToWrite(
  { ids, problem }: SelectedTables,
  resources: readonly RouteTableResource[],
): readonly string[] {
  // While it is in question which tables are meant, none is given up.
  const former =
    problem === undefined ? resources.filter(isGenerated).map(({ spec }) => spec.routeTableId) : [];
  return [...new Set([...ids, ...former])];
}

/** The rows from Nodes that no Node asks for any longer. */
function leavingRows(
  resources: readonly RouteTableResource[],
  selected: SelectedTables,
  wanted: readonly NodeRow[],
): readonly LeavingRow[] {
  const destinations = new Set(wanted.map(({ destinationCidr }) => destinationCidr));
  const tables = new Set(tablesToWrite(selected, resources));
  return resources
    .filter((resource) => isGenerated(resource) && tables.has(resource.spec.routeTableId))
    .flatMap((resource) => {
      const isSelected = selected.ids.includes(resource.spec.routeTableId);
      return nodeRowsIn(resource)
        .filter(({ destinationCidr }) => !isSelected || !destinations.has(destinationCidr))
        .map((row) => ({ row, resourceName: resource.metadata.name }));
    });
}

function nodeRowsIn(resource: RouteTableResource): readonly NodeRow[] {
  return (resource.spec.routes ?? []).flatMap(({ node, ...row }) =>
    node === undefined ? [] : [{ ...row, node }],
  );
}

/** Names every row of a Node that there is or is to be, each once. */
function rowKeys(
  resources: readonly RouteTableResource[],
  wanted: readonly NodeRow[],
): ReadonlySet<string> {
  const rows = [...wanted, ...resources.flatMap(nodeRowsIn)];
  return new Set(rows.map((row) => absenceKeyOf({ row, resourceName: '' })));
}

function isRemovalApproved({ metadata }: RouteTableResource): boolean {
  return metadata.annotations[APPROVE_REMOVAL_ANNOTATION] === metadata.uid;
}

/** Names what was applied, and to which state of the object. */
function appliedMark(generated: GeneratedRouteTable, { metadata }: RouteTableResource): string {
  return JSON.stringify([metadata.uid, metadata.generation, generated]);
}
