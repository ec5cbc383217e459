import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';
import { AdminRefusal } from './admin-refusal.ts';

/** The parts of a JSON schema that this interface uses. */
export interface AdminSchema {
  readonly $ref?: string | undefined;
  readonly type?: string | readonly string[] | undefined;
  readonly description?: string | undefined;
  readonly enum?: readonly string[] | undefined;
  readonly default?: string | number | boolean | undefined;
  readonly anyOf?: readonly AdminSchema[] | undefined;
  readonly allOf?: readonly AdminSchema[] | undefined;
  readonly items?: AdminSchema | undefined;
  readonly required?: readonly string[] | undefined;
  readonly properties?: Readonly<Record<string, AdminSchema>> | undefined;
  readonly additionalProperties?: boolean | AdminSchema | undefined;
}

interface Body {
  readonly content?: { readonly 'application/json'?: { readonly schema: AdminSchema } };
}

interface QueryParameter {
  readonly $ref?: string;
  readonly name: string;
  readonly in: string;
  readonly description?: string;
  readonly schema: AdminSchema;
}

/** One verb of the published interface. */
export interface AdminOperation {
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly QueryParameter[];
  readonly requestBody?: Body;
  readonly responses: Readonly<Record<string, Body & { readonly $ref?: string }>>;
}

/** The parsed OpenAPI file. */
export interface AdminDocument {
  readonly info: { readonly description: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, AdminOperation>>>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, AdminSchema>>>>;
}

const FILE = new URL('./admin-openapi.yaml', import.meta.url);
const DOCUMENT_ID = 'admin';

/** The published interface: what requests must look like, and what answers look like. */
export class AdminInterface {
  readonly document: AdminDocument;
  readonly #ajv: Ajv2020;
  readonly #validators = new Map<string, ValidateFunction>();

  constructor() {
    this.document = parse(readFileSync(FILE, 'utf8')) as AdminDocument;
    this.#ajv = new Ajv2020({ allErrors: true, strict: false });
    addFormats.default(this.#ajv);
    this.#ajv.addSchema({ $id: DOCUMENT_ID, components: this.document.components });
  }

  /** Refuses a body that the verb does not take. */
  checkBody(method: string, path: string, body: unknown): void {
    const schema = this.#operation(method, path).requestBody?.content?.['application/json']?.schema;
    if (schema !== undefined) this.#check(`${method} ${path}`, schema, body, 'The body');
  }

  /** Refuses query parameters that the verb does not have, or of the wrong form. */
  checkQuery(method: string, path: string, query: Readonly<Record<string, string>>): void {
    const known = (this.#operation(method, path).parameters ?? []).filter(
      (parameter) => parameter.in === 'query',
    );
    for (const [name, value] of Object.entries(query)) {
      const parameter = known.find((candidate) => candidate.name === name);
      if (parameter === undefined) throw new AdminRefusal(400, `Unknown query parameter "${name}"`);
      this.#check(`${method} ${path}?${name}`, parameter.schema, value, `"${name}"`);
    }
  }

  /** Tells what is wrong with an answer; undefined when it is as published. */
  findAnswerMistake(
    method: string,
    path: string,
    status: number,
    body: unknown,
  ): string | undefined {
    const published = this.#operation(method, path).responses[status];
    if (published === undefined) return `Status ${status} is not published`;
    const response = published.$ref === undefined ? published : this.#resolve(published.$ref);
    const schema = response.content?.['application/json']?.schema;
    if (schema === undefined) return body === undefined ? undefined : 'No body is published';
    return this.#mistakeOf(`${method} ${path} ${status}`, schema, body);
  }

  /** The description of what a schema refers to. */
  describe(schema: AdminSchema): string | undefined {
    const name = schema.$ref?.split('/').at(-1) ?? '';
    return this.document.components.schemas?.[name]?.description;
  }

  #operation(method: string, path: string): AdminOperation {
    const operation = this.document.paths[path]?.[method.toLowerCase()];
    if (operation === undefined) throw new TypeError(`${method} ${path} is not published`);
    return operation;
  }

  #resolve(reference: string): Body {
    const [, , section = '', name = ''] = reference.split('/');
    return (this.document.components[section]?.[name] ?? {}) as unknown as Body;
  }

  #check(key: string, schema: AdminSchema, value: unknown, subject: string): void {
    const mistake = this.#mistakeOf(key, schema, value);
    if (mistake !== undefined) throw new AdminRefusal(400, `${subject} is not valid: ${mistake}`);
  }

  #mistakeOf(key: string, schema: AdminSchema, value: unknown): string | undefined {
    let validate = this.#validators.get(key);
    if (validate === undefined) {
      const absolute = JSON.stringify(schema).replaceAll('"#/', `"${DOCUMENT_ID}#/`);
      validate = this.#ajv.compile(JSON.parse(absolute) as AdminSchema);
      this.#validators.set(key, validate);
    }
    if (validate(value)) return undefined;
    const mistakes = (validate.errors ?? []).map(({ instancePath, message, params }) => {
      const extra = (params as Readonly<Record<string, unknown>>).additionalProperty;
      const named = typeof extra === 'string' ? ` (${extra})` : '';
      return `${instancePath === '' ? 'it' : instancePath} ${message ?? 'is wrong'}${named}`;
    });
    return [...new Set(mistakes)].join('; ');
  }
}
