import { Failure } from '../failure.ts';
import type { CallOptions } from '../call-options.ts';
import type { CallPipeline } from '../transport/call-pipeline.ts';
import { decodeResponse, encodeRequest, MalformedAnswer } from '../transport/wire-codec.ts';
import type { CallerIdentity, StsClient } from './sts-client.ts';
import { STS_OPERATIONS, type StsOperations } from './sts-operations.generated.ts';

/** Security Token Service over the vendor's OpenAPI. */
export class OpenApiStsClient implements StsClient {
  readonly #pipeline: CallPipeline;

  constructor(pipeline: CallPipeline) {
    this.#pipeline = pipeline;
  }

  async getCallerIdentity(options: CallOptions): Promise<CallerIdentity> {
    const table = STS_OPERATIONS.GetCallerIdentity;
    const body = await this.#pipeline.call({
      action: 'GetCallerIdentity',
      mutating: table.mutating,
      parameters: encodeRequest(table, {}),
      purpose: 'find out the account of the credentials',
      options,
    });
    const answer = readAnswer(body);
    if (answer?.accountId === undefined || answer.accountId === '') {
      throw new Failure(
        'retryable',
        'Cannot find out the account of the credentials: the answer names none (MalformedAnswer)',
        { code: 'MalformedAnswer' },
      );
    }
    return { accountId: answer.accountId, arn: answer.arn ?? '' };
  }
}

function readAnswer(body: unknown): StsOperations['GetCallerIdentity']['response'] | undefined {
  try {
    return decodeResponse(STS_OPERATIONS.GetCallerIdentity, body);
  } catch (error) {
    if (error instanceof MalformedAnswer) return undefined;
    throw error;
  }
}
