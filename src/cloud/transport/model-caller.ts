import type { Model } from '@darabonba/typescript';
import type { CallOptions } from '../call-options.ts';
import { Failure } from '../failure.ts';
import type { CallPipeline } from './call-pipeline.ts';
import { decodeModel, encodeModel, type ModelClass, type ModelFields } from './model-codec.ts';
import { MalformedAnswer } from './wire-codec.ts';

/** One operation with the vendor's models of its request and of its answer. */
export interface ModelOperation<Request extends Model, Answer extends Model> {
  readonly action: string;
  readonly mutating: boolean;
  readonly request: ModelClass<Request>;
  readonly answer: ModelClass<Answer>;
}

/** How a call is placed beside its request. */
export interface ModelCallPlace {
  /** What the call wants, for messages: `list the route tables`. */
  readonly purpose: string;
  /** The region whose endpoint is asked; unset, the one that this process works in. */
  readonly regionId?: string;
  /** The object in whose lane a write waits. */
  readonly laneOf?: string;
  readonly options: CallOptions;
}

/** Names one operation; whether it changes something follows from its name. */
export function modelOperation<Request extends Model, Answer extends Model>(
  action: string,
  request: ModelClass<Request>,
  answer: ModelClass<Answer>,
): ModelOperation<Request, Answer> {
  return { action, mutating: !/^(Describe|List|Get)/.test(action), request, answer };
}

/** Makes calls with the vendor's models through our pipeline. */
export class ModelCaller {
  readonly #pipeline: CallPipeline;

  constructor(pipeline: CallPipeline) {
    this.#pipeline = pipeline;
  }

  /**
   * Makes one call and reads its answer.
   *
   * Errors: `Failure` as of the pipeline; `retryable` for an answer that cannot be read, `ambiguous`
   *   where the call was a write.
   */
  async call<Request extends Model, Answer extends Model>(
    operation: ModelOperation<Request, Answer>,
    fields: ModelFields<Request>,
    place: ModelCallPlace,
  ): Promise<ModelFields<Answer>> {
    const { action, mutating } = operation;
    const body = await this.#pipeline.call({
      action,
      mutating,
      parameters: encodeModel(operation.request, fields),
      ...place,
    });
    try {
      return decodeModel(operation.answer, body);
    } catch (error) {
      if (!(error instanceof MalformedAnswer)) throw error;
      throw new Failure(
        'retryable',
        `Cannot ${place.purpose}: ${error.message} (MalformedAnswer)`,
        {
          code: 'MalformedAnswer',
          ambiguous: mutating,
          cause: error,
        },
      );
    }
  }
}
