{{/* The name of the chart within labels. */}}
{{- define "alibaba-cloud-operator.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* The name of objects: the release's name already says it when it contains the chart's. */}}
{{- define "alibaba-cloud-operator.fullname" -}}
{{- $name := include "alibaba-cloud-operator.name" . }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{/* What selects the pods; these never change in the life of a release. */}}
{{- define "alibaba-cloud-operator.selectorLabels" -}}
app.kubernetes.io/name: {{ include "alibaba-cloud-operator.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
{{- end }}

{{- define "alibaba-cloud-operator.labels" -}}
{{ include "alibaba-cloud-operator.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: alibaba-cloud-operator
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "alibaba-cloud-operator.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "alibaba-cloud-operator.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- required "serviceAccount.name is needed when serviceAccount.create is false" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "alibaba-cloud-operator.image" -}}
{{- if .Values.image.digest }}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) }}
{{- end }}
{{- end }}

{{/* The cloud-config file, made of what is set. */}}
{{- define "alibaba-cloud-operator.cloudConfig" -}}
{{- $global := dict }}
{{- range $key, $value := .Values.cloudConfig }}
{{- if not (or (eq (toString $value) "") (kindIs "invalid" $value)) }}
{{- $_ := set $global $key $value }}
{{- end }}
{{- end }}
{{- with .Values.credentials }}
{{- if .accessKeyId }}
{{- $_ := set $global "accessKeyID" (b64enc .accessKeyId) }}
{{- $_ := set $global "accessKeySecret" (b64enc .accessKeySecret) }}
{{- end }}
{{- end }}
{{- toYaml (dict "Global" $global) }}
{{- end }}
