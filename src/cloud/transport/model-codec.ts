import openApiUtil from '@alicloud/openapi-core/dist/utils.js';
import { cast, type Model } from '@darabonba/typescript';
import { MalformedAnswer } from './wire-codec.ts';

/** Makes an instance of one of the vendor's models. */
export type ModelClass<Instance extends Model> = new (fields?: Record<string, unknown>) => Instance;

/**
 * The fields of one of the vendor's models as plain data, those of its members too.
 *
 * Shape: without the vendor's index signature, which would let every misspelt field pass.
 */
export type ModelFields<Value> = Value extends readonly (infer Item)[]
  ? readonly ModelFields<Item>[]
  : Value extends Model
    ? {
        readonly [
          Name in keyof Value as string extends Name
            ? never
            : number extends Name
              ? never
              : Name extends 'toMap' | 'validate' | 'copyWithoutStream'
                ? never
                : Name
        ]?: ModelFields<Value[Name]> | undefined;
      }
    : Value;

/**
 * Turns a request into flat parameters as they go over the wire, by the model's own names.
 *
 * Shape: list items count from 1 (`RouteEntries.1.Name`); what is undefined is left out.
 */
export function encodeModel<Request extends Model>(
  request: ModelClass<Request>,
  fields: ModelFields<Request>,
): Record<string, string> {
  return openApiUtil.default.query(new request({ ...fields }).toMap());
}

/**
 * Reads an answer by the model's own names and types.
 *
 * Shape: as the vendor's clients read it: missing and null members stay away, unknown ones are
 *   dropped, numbers and booleans may come as text.
 * Errors: `MalformedAnswer` where a member cannot be what it is published to be.
 */
export function decodeModel<Answer extends Model>(
  answer: ModelClass<Answer>,
  body: unknown,
): ModelFields<Answer> {
  try {
    return cast(body, new answer({})) as ModelFields<Answer>;
  } catch {
    // The vendor throws plain errors, whose words nobody should depend on.
    throw new MalformedAnswer(answer.name, 'what the operation is published to answer');
  }
}
