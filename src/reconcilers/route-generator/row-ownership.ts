import { Failure } from '../../cloud/failure.ts';
import { hasGeneratedMetadata, withoutMetadataField } from '../generated-metadata.ts';
import type { RouteTableResource } from '../kubernetes-objects.ts';
import { canonicalDigest } from '../load-balancer/canonical-digest.ts';
import { GENERATED_DIGEST_ANNOTATION, GENERATED_LABELS } from '../names.ts';
import type { FieldCause } from '../reconciler.ts';
import type { AlibabaRouteTableStatus } from '../route-table/route-table-resource.generated.ts';
import { OWN_FIELD_MANAGERS } from '../service/field-ownership.ts';
import type { NodeRow } from './node-routes.ts';
import type { GeneratedRouteTable, GeneratedRouteTableWriter } from './route-generator-ports.ts';

/** A destination of a Node for which a person's next hop stands. */
export type OverriddenRoute = NonNullable<AlibabaRouteTableStatus['overriddenRoutes']>[number];

/** How often fields are dropped and the rest is applied again. */
const MAX_REPEATS = 3;

/** Writes the object that the rows of Nodes ask for. */
export function generatedRouteTable(
  name: string,
  routeTableId: string,
  rows: readonly NodeRow[],
): GeneratedRouteTable {
  const routes = [...rows].sort((one, other) =>
    one.destinationCidr < other.destinationCidr ? -1 : 1,
  );
  return {
    name,
    labels: GENERATED_LABELS,
    annotations: { [GENERATED_DIGEST_ANNOTATION]: canonicalDigest(routes) },
    spec: { routeTableId, routes },
  };
}

/**
 * Tells whether an object already says what is generated, so that nothing has to be applied.
 *
 * Shape: true when it says what was generated last, and every row has the generated next hop or the
 *   person's that the status lists.
 */
export function isAlreadyGenerated(
  generated: GeneratedRouteTable,
  live: RouteTableResource,
): boolean {
  const rows = new Map((live.spec.routes ?? []).map((row) => [row.destinationCidr, row]));
  const listed = new Map(
    (live.status.overriddenRoutes ?? []).map((route) => [route.destinationCidr, route]),
  );
  return (
    hasGeneratedMetadata(generated, live.metadata) &&
    (generated.spec.routes ?? []).every((wanted) => {
      const row = rows.get(wanted.destinationCidr);
      if (row?.nextHop === undefined || row.node?.uid !== wanted.node?.uid) return false;
      if (row.node?.name !== wanted.node?.name) return false;
      if (isSameHop(row.nextHop, wanted.nextHop)) return true;
      return listed.get(wanted.destinationCidr)?.nextHopId === row.nextHop.id;
    })
  );
}

/**
 * Applies a generated object so that the next hop that a person has set wins over the generated one.
 *
 * Shape: applies without force; on a conflict exactly what people own is dropped, and the rest is
 *   applied again, at most three times. What belongs to managers that are not people is taken by
 *   force once nothing of a person's is in the way.
 * Errors: those of the writer; `conflict` when the rows change hands or fill up at the same time,
 *   `terminal` when the API server refuses what is generated.
 */
export async function applyKeepingPeoplesRows(
  writer: Pick<GeneratedRouteTableWriter, 'apply'>,
  generated: GeneratedRouteTable,
  signal: AbortSignal,
): Promise<RouteTableResource> {
  let wish = generated;
  let force = false;
  for (let repeats = 0; repeats <= MAX_REPEATS; repeats += 1) {
    const result = await writer.apply(wish, { force }, signal);
    if (result.kind === 'applied') return result.resource;
    if (result.kind === 'invalid') {
      throw new Failure(
        // A person may have taken the room that was left; the next run sees the row.
        /Too many/i.test(result.message) ? 'conflict' : 'terminal',
        `Cannot write the rows of AlibabaRouteTable "${generated.name}": ${result.message}`,
        { code: 'Invalid' },
      );
    }
    const peoples = result.causes.filter(
      ({ manager }) => !OWN_FIELD_MANAGERS.includes(manager ?? ''),
    );
    wish = peoples.reduce(withoutField, wish);
    force = peoples.length === 0;
  }
  throw new Failure(
    'conflict',
    `Cannot write the rows of AlibabaRouteTable "${generated.name}": they change hands at the same time`,
  );
}

/** Lists the rows of Nodes for which a person's next hop stands, by destination. */
export function overriddenRoutes(
  generated: GeneratedRouteTable,
  live: RouteTableResource,
): readonly OverriddenRoute[] {
  const rows = new Map((live.spec.routes ?? []).map((row) => [row.destinationCidr, row]));
  return (generated.spec.routes ?? []).flatMap(({ destinationCidr, nextHop, node }) => {
    const standing = rows.get(destinationCidr)?.nextHop;
    if (standing === undefined || nextHop === undefined || isSameHop(standing, nextHop)) return [];
    return [
      {
        destinationCidr,
        ...(node !== undefined && { nodeName: node.name }),
        nextHopId: standing.id,
        generatedNextHopId: nextHop.id,
      },
    ];
  });
}

/** Reads `.spec.routes[destinationCidr="10.0.4.0/24"].nextHop`, as the API server writes paths. */
const ROW_FIELD = /^\.spec\.routes\[destinationCidr="([^"]+)"\]\.(nextHop|node)\b/;

function withoutField(wish: GeneratedRouteTable, { field }: FieldCause): GeneratedRouteTable {
  const withoutMetadata = withoutMetadataField(wish, field);
  if (withoutMetadata !== undefined) return withoutMetadata;
  const [, destination, member] = ROW_FIELD.exec(field) ?? [];
  if (destination === undefined) {
    throw new Failure(
      'terminal',
      `Cannot write AlibabaRouteTable "${wish.name}": field "${field}" is owned by another manager: give it back`,
    );
  }
  const routes = (wish.spec.routes ?? []).map((row) => {
    if (row.destinationCidr !== destination) return row;
    const kept = Object.entries(row).filter(([name]) => name !== member);
    return { destinationCidr: destination, ...Object.fromEntries(kept) };
  });
  return { ...wish, spec: { ...wish.spec, routes } };
}

function isSameHop(one: NodeRow['nextHop'], other: NodeRow['nextHop']): boolean {
  return one?.type === other?.type && one?.id === other?.id;
}
