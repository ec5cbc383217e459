import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Ajv, type JSONSchemaType } from 'ajv';
import { parse } from 'yaml';
import { repositoryRoot } from './generated-file.ts';

/** Where the rules are written down. */
export const RULES_FILE = 'docs/conformance-rules.yaml';

/** One clause of a rule that lists several things. */
export interface RuleClause {
  readonly name: string;
  /** What the title of its test has, beside the rule's id; the name unless it is said. */
  readonly keywords?: readonly string[];
}

/** One rule of what Kubernetes, its users and its tools expect. */
export interface ConformanceRule {
  readonly id: string;
  readonly level: 'MUST' | 'SHOULD' | 'MAY';
  readonly rule: string;
  /** How the design of this project differs from what is usual; the rule is then in our wording. */
  readonly changed?: string;
  /** Why this version does not serve it; it is not counted as kept. */
  readonly later?: string;
  /** What keeps it, as `path#symbol`. */
  readonly keptBy?: readonly string[];
  readonly clauses?: readonly RuleClause[];
}

/** Rules that belong together. */
export interface RuleSection {
  readonly title: string;
  readonly rules: readonly ConformanceRule[];
}

/** The data that the page is made from. */
export interface ConformanceData {
  /** The letters that the ids of rules start with, those of rules that are not listed too. */
  readonly families: readonly string[];
  readonly sections: readonly RuleSection[];
}

/** Reads the rules. Errors: throws when the file is not what it has to be, or names a rule twice. */
export async function readRules(): Promise<ConformanceData> {
  return parseRules(await readFile(path.join(repositoryRoot, RULES_FILE), 'utf8'));
}

/** Reads rules from the text of their file; see `readRules`. */
export function parseRules(text: string): ConformanceData {
  const data: unknown = parse(text);
  const ajv = new Ajv({ allErrors: true });
  const isValid = ajv.compile(SCHEMA);
  if (!isValid(data)) {
    throw new Error(`Cannot read ${RULES_FILE}: ${ajv.errorsText(isValid.errors)}`);
  }
  const ids = data.sections.flatMap(({ rules }) => rules.map(({ id }) => id));
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw new Error(`Cannot read ${RULES_FILE}: ${twice} is there twice`);
  return data;
}

const text = { type: 'string', minLength: 1 } as const;
const optionalText = { ...text, nullable: true } as const;

const SCHEMA: JSONSchemaType<ConformanceData> = {
  type: 'object',
  required: ['families', 'sections'],
  additionalProperties: false,
  properties: {
    families: { type: 'array', items: { type: 'string', pattern: '^[A-Z0-9]+$' } },
    sections: {
      type: 'array',
      items: {
        type: 'object',
        required: ['title', 'rules'],
        additionalProperties: false,
        properties: {
          title: text,
          rules: {
            type: 'array',
            items: {
              type: 'object',
              required: ['id', 'level', 'rule'],
              additionalProperties: false,
              properties: {
                id: { type: 'string', pattern: '^[A-Z0-9]+-[0-9]{2}$' },
                level: { type: 'string', enum: ['MUST', 'SHOULD', 'MAY'] },
                // One sentence.
                rule: { type: 'string', pattern: '^[^.]((?!\\. [A-Z]).)*\\.$' },
                changed: optionalText,
                later: optionalText,
                keptBy: { type: 'array', items: text, nullable: true },
                clauses: {
                  type: 'array',
                  nullable: true,
                  items: {
                    type: 'object',
                    required: ['name'],
                    additionalProperties: false,
                    properties: {
                      name: text,
                      keywords: { type: 'array', items: text, minItems: 1, nullable: true },
                    },
                  },
                },
              },
            },
          },
        },
      },
    },
  },
};
