import type { PublishedOperation } from './api-catalog.ts';
import type { Answer } from './operation-context.ts';

// Whose answers tell every published member; those of the others leave out what does not apply.
const WHOLE = new Set(['ecs/DescribeInstances']);
// Products whose answers have their lists even where there is nothing to list.
const LISTING = new Set(['ecs', 'vpc']);

/**
 * Adds what an answer has to tell even where there is nothing to tell, since clients read it
 * without a question.
 *
 * Shape: lists that are published and not there are empty; instances tell every published member,
 *   with an empty, zero or false one for what they do not have.
 */
export function wholeAnswer(operation: PublishedOperation, answer: Answer): Answer {
  const { product, action, response } = operation;
  if (!LISTING.has(product)) return answer;
  const isWhole = WHOLE.has(`${product}/${action}`);
  return completed(response, answer, isWhole) as Answer;
}

type Shape = Readonly<Record<string, unknown>>;

function completed(shape: unknown, value: unknown, isWhole: boolean): unknown {
  if (Array.isArray(value)) {
    const [item] = Array.isArray(shape) ? (shape as unknown[]) : [];
    return isShape(item) ? value.map((each) => completed(item, each, isWhole)) : value;
  }
  if (!isShape(shape) || typeof value !== 'object' || value === null) return value;
  const given = value as Readonly<Record<string, unknown>>;
  const whole: Record<string, unknown> = { ...given };
  for (const [name, published] of Object.entries(shape)) {
    // The gateway tells the id of the request.
    if (name === 'RequestId') continue;
    if (given[name] !== undefined) whole[name] = completed(published, given[name], isWhole);
    else if (isWhole || isListing(published)) whole[name] = blank(published);
  }
  return whole;
}

/** Tells whether a member is a list, or an object around lists alone. */
function isListing(shape: unknown): boolean {
  return Array.isArray(shape) || (isShape(shape) && Object.values(shape).every(Array.isArray));
}

function blank(shape: unknown): unknown {
  if (Array.isArray(shape)) return [];
  if (isShape(shape)) {
    return Object.fromEntries(
      Object.entries(shape).map(([name, published]) => [name, blank(published)]),
    );
  }
  if (shape === 'boolean') return false;
  return shape === 'string' ? '' : 0;
}

function isShape(shape: unknown): shape is Shape {
  return typeof shape === 'object' && shape !== null && !Array.isArray(shape);
}
