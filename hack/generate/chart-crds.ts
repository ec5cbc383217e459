import type { GeneratedFile } from './generated-file.ts';
import { readDefinitions } from './resource-definition.ts';

const TEMPLATES = 'helm/alibaba-cloud-operator/templates/crds';

/**
 * Generates the chart's templates of our kinds from `crds/`.
 *
 * They are templates because helm neither upgrades nor removes what a chart keeps in `crds/`.
 */
export async function chartCrds(): Promise<GeneratedFile[]> {
  const definitions = await readDefinitions();
  return definitions.map(({ file, text }) => ({
    path: `${TEMPLATES}/${file}`,
    content: crdTemplate(text),
  }));
}

/**
 * Makes a template of one definition: guarded by `crds.install`, and kept by `crds.keep`.
 *
 * Errors: throws when the definition holds what helm would take for a template, or has no metadata
 *   to put the guard into.
 */
export function crdTemplate(definition: string): string {
  if (definition.includes('{{')) throw new Error('Cannot make a template of "{{"');
  const [before, after, ...rest] = definition.split(/^metadata:\n/m);
  if (before === undefined || after === undefined || rest.length > 0) {
    throw new Error('Cannot make a template: metadata must be there once');
  }
  return `{{- /* Generated from crds/; run \`npm run generate\`. */}}
{{- if .Values.crds.install }}
${before}metadata:
  labels:
    {{- include "alibaba-cloud-operator.labels" . | nindent 4 }}
  {{- if .Values.crds.keep }}
  annotations:
    helm.sh/resource-policy: keep
  {{- end }}
${after.trimEnd()}
{{- end }}
`;
}
