import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crdTemplate } from './chart-crds.ts';

test('crdTemplate PKG-01: guards the definition, and keeps it when the chart goes', () => {
  assert.equal(
    crdTemplate('kind: X\nmetadata:\n  name: x\nspec:\n  metadata:\n    type: object\n'),
    `{{- /* Generated from crds/; run \`npm run generate\`. */}}
{{- if .Values.crds.install }}
kind: X
metadata:
  labels:
    {{- include "alibaba-cloud-operator.labels" . | nindent 4 }}
  {{- if .Values.crds.keep }}
  annotations:
    helm.sh/resource-policy: keep
  {{- end }}
  name: x
spec:
  metadata:
    type: object
{{- end }}
`,
  );
});

test('crdTemplate: refuses what helm would read otherwise', () => {
  assert.throws(() => crdTemplate('metadata:\n  name: "{{ x }}"\n'), /\{\{/);
  assert.throws(() => crdTemplate('kind: X\n'), /metadata/);
});
