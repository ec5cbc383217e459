import path from 'node:path';
import prettier from 'prettier';
import {
  ANNOTATION_PREFIXES,
  ANNOTATIONS,
  type AnnotationEntry,
} from '../../src/reconcilers/service/annotation-table.ts';
import { repositoryRoot, type GeneratedFile } from './generated-file.ts';

const HEADER = '<!-- Generated from src/reconcilers/service; run `npm run generate`. -->';

const SERVED = {
  CLB: 'CLB load balancers',
  HTTP: 'HTTP and HTTPS listeners',
  NLB: 'network load balancers (NLB)',
} as const;

/** Generates the reference of the annotations of Services. */
export async function annotationReference(): Promise<GeneratedFile[]> {
  const file = 'docs/annotations.md';
  const style = await prettier.resolveConfig(path.join(repositoryRoot, file));
  const text = page().join('\n\n');
  return [{ path: file, content: await prettier.format(text, { ...style, parser: 'markdown' }) }];
}

function page(): string[] {
  const [current = '', legacy = ''] = ANNOTATION_PREFIXES;
  const prefixed = ANNOTATIONS.filter(({ keys }) => keys.length > 1);
  const literal = ANNOTATIONS.filter(({ keys }) => keys.length === 1);
  const isServed = ({ support }: AnnotationEntry): boolean =>
    support.kind !== 'notSupported' && !(support.kind === 'field' && support.isServed === false);
  return [
    HEADER,
    '# Annotations of Services',
    `Annotations ask for what a Service has no field for. All of them can be asked for in the AlibabaLoadBalancer of the Service's name too, and a value that a person sets there wins.`,
    `A key is \`${current}-loadbalancer-\` and a suffix of the tables below; the older \`${legacy}-loadbalancer-\` is read where the first is absent. A value that is empty asks for nothing.`,
    `A value that is wrong or not served yet is named by a Warning event and in the conditions ([docs/conditions.md](conditions.md)); the last good value stays, and everything else goes on. While one that guards who may connect cannot be applied, no new listener opens.`,
    '## Served',
    table(
      ['Suffix', 'Meaning', 'Value', 'Field of the AlibabaLoadBalancer'],
      prefixed
        .filter(isServed)
        .map((entry) => [
          code(entry.name),
          entry.meaning,
          upperFirst(entry.allowed),
          fieldOf(entry),
        ]),
    ),
    '## Not served by this version',
    table(
      ['Suffix', 'Meaning', 'Used by', 'Guards access', 'No complaint about'],
      prefixed
        .filter((entry) => !isServed(entry))
        .map((entry) => [
          code(entry.name),
          entry.meaning,
          SERVED[entry.concerns],
          entry.guardsAccess ? 'yes' : '',
          entry.support.kind === 'notSupported' && entry.allowed !== 'left out'
            ? entry.allowed
            : 'the empty value',
        ]),
    ),
    '## Other keys',
    table(
      ['Key', 'Meaning', 'Value'],
      literal.map((entry) => [
        code(entry.name),
        entry.meaning,
        isServed(entry) && entry.allowed !== 'left out' ? upperFirst(entry.allowed) : '',
      ]),
    ),
  ];
}

function fieldOf({ support, name }: AnnotationEntry): string {
  switch (support.kind) {
    case 'field': {
      const { scope, path } = support.target;
      return code([scope === 'listener' ? 'listeners[]' : '', ...path].filter(Boolean).join('.'));
    }
    case 'tags':
      return code('tags');
    case 'protocols':
      return 'none; every port has the protocol of the Service';
    case 'service':
      return 'none; it concerns the status of the Service';
    case 'accepted':
      return 'none; without effect on TCP and UDP listeners';
    case 'sourceRanges':
    case 'optOut':
    case 'notSupported':
      throw new Error(`Annotation "${name}" is not in the table of those that are served`);
  }
}

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function code(text: string): string {
  return `\`${text}\``;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
