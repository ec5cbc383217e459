import { describedTime } from '../answer-page.ts';
import { readJsonText } from '../json-text.ts';
import type { OperationContext } from '../operation-context.ts';

const MAX_TEXTS = 100;

/**
 * Reads a JSON list of strings that is a parameter's text.
 *
 * Errors: `InvalidParameter` for what is no such list, or one of more than 100.
 */
export function jsonTexts(context: OperationContext, name: string): string[] | undefined {
  const text = context.parameters.findText(name);
  if (text === undefined) return undefined;
  const parsed = readJsonText(text);
  if (!isTextList(parsed) || parsed.length > MAX_TEXTS) {
    throw context.failureOf(
      [`Invalid${name}.Malformed`, 'InvalidParameter'],
      `The specified parameter "${name}" is not valid.`,
    );
  }
  return parsed;
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

/** Tells whether a name fits a pattern in which `*` stands for any characters. */
export function nameMatches(pattern: string, name: string): boolean {
  if (!pattern.includes('*')) return pattern === name;
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(name);
}

/** Describes a time as answers of ECS on instances do: without seconds. */
export function minuteTime(at: number): string {
  return describedTime(at).replace(/:\d\dZ$/, 'Z');
}
