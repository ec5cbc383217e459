import assert from 'node:assert/strict';
import openApi from '@alicloud/openapi-core';
import dara from '@darabonba/typescript';

/** How a caller signs. */
export interface CallerOptions {
  readonly accessKeyId?: string;
  readonly accessKeySecret?: string;
  readonly securityToken?: string;
  /** V3 signs headers with SHA-256, V1 the query with SHA-1. */
  readonly signature?: 'V1' | 'V3';
  readonly method?: 'GET' | 'POST';
  /** Puts the parameters into a form body instead of the query. */
  readonly form?: boolean;
  /** How long to wait for an answer. */
  readonly readTimeoutMs?: number;
}

/** The parameters of a call as an SDK takes them: lists and objects are flattened on the way. */
export type CallerParameters = Readonly<Record<string, unknown>>;

/** An answer, or the code of the error that came instead. */
export interface CallerAnswer {
  readonly status: number;
  /** Undefined for an accepted call. */
  readonly code: string | undefined;
  readonly message: string;
  readonly requestId: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** The member at the end of a path of names and indexes; undefined where there is none. */
  get(...path: readonly (string | number)[]): unknown;
  /** The string at the end of a path; fails the test where there is none. */
  text(...path: readonly (string | number)[]): string;
}

/** Sends one call and gives its answer; throws when the connection breaks. */
export type CloudCaller = (
  action: string,
  parameters?: CallerParameters,
  options?: { readonly version?: string },
) => Promise<CallerAnswer>;

interface SdkError {
  readonly code?: string;
  readonly statusCode?: number;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** Makes a caller out of the vendor's own client. */
export function cloudCaller(url: string, options: CallerOptions = {}): CloudCaller {
  const config = new openApi.$OpenApiUtil.Config({
    endpoint: new URL(url).host,
    protocol: 'http',
    accessKeyId: options.accessKeyId ?? 'emulator',
    accessKeySecret: options.accessKeySecret ?? 'emulator-secret',
    ...(options.securityToken === undefined ? {} : { securityToken: options.securityToken }),
    ...(options.signature === 'V1' ? { signatureAlgorithm: 'v2' } : {}),
    readTimeout: options.readTimeoutMs ?? 30_000,
    connectTimeout: 5_000,
  });
  const client = new openApi.default(config);
  return async (action, parameters = {}, { version = '2014-05-15' } = {}) => {
    const sent = openApi.OpenApiUtil.query(parameters);
    try {
      const answer = (await client.callApi(
        new openApi.$OpenApiUtil.Params({
          action,
          version,
          protocol: 'HTTP',
          pathname: '/',
          method: options.method ?? 'POST',
          authType: 'AK',
          style: 'RPC',
          reqBodyType: 'formData',
          bodyType: 'json',
        }),
        new openApi.$OpenApiUtil.OpenApiRequest(
          options.form === true ? { body: sent } : { query: sent },
        ),
        new dara.RuntimeOptions({}),
      )) as { readonly statusCode: number; readonly body: Readonly<Record<string, unknown>> };
      const { statusCode, body } = answer;
      return readable({ status: statusCode, code: undefined, message: '' }, body);
    } catch (error) {
      const { code, statusCode, data } = error as SdkError;
      if (statusCode === undefined || code === undefined) throw error;
      return readable({ status: statusCode, code, message: String(data?.Message) }, data ?? {});
    }
  };
}

function readable(
  head: Pick<CallerAnswer, 'status' | 'code' | 'message'>,
  body: Readonly<Record<string, unknown>>,
): CallerAnswer {
  const get = (...path: readonly (string | number)[]): unknown =>
    path.reduce<unknown>(
      (value, name) =>
        typeof value === 'object' && value !== null
          ? (value as Readonly<Record<string | number, unknown>>)[name]
          : undefined,
      body,
    );
  return {
    ...head,
    requestId: String(body.RequestId),
    body,
    get,
    text: (...path) => {
      const value = get(...path);
      assert.equal(typeof value, 'string', `${path.join('.')} in ${JSON.stringify(body)}`);
      return String(value);
    },
  };
}
