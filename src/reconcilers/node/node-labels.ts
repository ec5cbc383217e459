import type { CloudInstance } from '../../cloud/ecs/ecs-client.ts';
import {
  CHARGE_TYPE_LABEL,
  INSTANCE_TYPE_LABELS,
  NODE_POOL_LABEL,
  NODE_POOL_TAG,
  REGION_LABELS,
  SPOT_STRATEGY_LABEL,
  ZONE_LABELS,
  type LabelPair,
} from './node-names.ts';

/** Labels by key. */
export type Labels = Readonly<Record<string, string>>;

/**
 * What an instance says about the labels of its node.
 *
 * Shape: `standard` replaces what a node has, `additional` only fills in what it lacks; `skipped`
 *   tells of each label that is left out why, in words.
 */
export interface InstanceLabels {
  readonly standard: Labels;
  readonly additional: Labels;
  readonly skipped: readonly string[];
}

/** A place that cannot be written as a label; without it a node must not take pods. */
export interface UnusableLabel {
  readonly key: string;
  readonly value: string;
}

const PAIRS: readonly LabelPair[] = [INSTANCE_TYPE_LABELS, ZONE_LABELS, REGION_LABELS];
const MAX_VALUE_LENGTH = 63;
const VALUE_FORM = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
/** Keys of these domains belong to Kubernetes, and nobody else may give them a meaning. */
const RESERVED_DOMAIN = /(?:^|\.)(?:kubernetes|k8s)\.io$/;

/**
 * Tells the labels of an instance's node: type, zone and region under their current and their legacy
 * key, and those that this cloud adds.
 *
 * Shape: what the cloud leaves empty sets nothing.
 */
export function instanceLabels(instance: CloudInstance): InstanceLabels | UnusableLabel {
  const standard: Record<string, string> = {};
  const skipped: string[] = [];
  for (const [pair, value, isPlace] of [
    [INSTANCE_TYPE_LABELS, instance.instanceType, false],
    [ZONE_LABELS, instance.zoneId, true],
    [REGION_LABELS, instance.regionId, true],
  ] as const) {
    if (value === '') continue;
    if (isLabelValue(value)) {
      standard[pair.current] = value;
      standard[pair.legacy] = value;
    } else if (isPlace) {
      return { key: pair.current, value };
    } else {
      skipped.push(invalidValue(pair.current, value));
    }
  }
  const pool = instance.tags.find(({ key }) => key === NODE_POOL_TAG)?.value ?? '';
  const additional = admitAdditionalLabels({
    [CHARGE_TYPE_LABEL]: instance.chargeType,
    [SPOT_STRATEGY_LABEL]: instance.spotStrategy,
    [NODE_POOL_LABEL]: pool,
  });
  return {
    standard,
    additional: additional.labels,
    skipped: [...skipped, ...additional.skipped],
  };
}

/** Leaves out labels that belong to Kubernetes and values that no label can have. */
export function admitAdditionalLabels(labels: Labels): {
  readonly labels: Labels;
  readonly skipped: readonly string[];
} {
  const admitted: Record<string, string> = {};
  const skipped: string[] = [];
  for (const [key, value] of Object.entries(labels)) {
    if (value === '') continue;
    const domain = key.split('/', 1)[0] ?? '';
    if (key.includes('/') && RESERVED_DOMAIN.test(domain)) {
      skipped.push(`"${key}": its prefix belongs to Kubernetes`);
    } else if (isLabelValue(value)) {
      admitted[key] = value;
    } else {
      skipped.push(invalidValue(key, value));
    }
  }
  return { labels: admitted, skipped };
}

/** Tells which labels to write on a node that is being initialised; empty when it has them all. */
export function missingLabels({ standard, additional }: InstanceLabels, present: Labels): Labels {
  return Object.fromEntries([
    ...Object.entries(standard).filter(([key, value]) => present[key] !== value),
    ...Object.entries(additional).filter(([key]) => present[key] === undefined),
  ]);
}

/**
 * Tells which labels to write on an initialised node whose instance says otherwise than its labels.
 *
 * Shape: a key that somebody took away stays away; values that the cloud does not tell stay.
 */
export function outdatedLabels({ standard }: InstanceLabels, present: Labels): Labels {
  return Object.fromEntries(
    Object.entries(standard).filter(
      ([key, value]) => present[key] !== undefined && present[key] !== value,
    ),
  );
}

/**
 * Tells which current keys to set to the value of their legacy key.
 *
 * Source: Kubernetes cloud-node controller, reconcileNodeLabels.
 */
export function labelsToAlign(present: Labels): Labels {
  return Object.fromEntries(
    PAIRS.flatMap(({ current, legacy }) => {
      const value = present[legacy];
      return value === undefined || value === present[current] ? [] : [[current, value]];
    }),
  );
}

/** Source: Kubernetes, syntax of label values. */
function isLabelValue(value: string): boolean {
  return value.length <= MAX_VALUE_LENGTH && VALUE_FORM.test(value);
}

function invalidValue(key: string, value: string): string {
  return `"${key}": the cloud's value "${value}" is no valid label value`;
}
