{{/*
How the role of the service account is told: by an annotation, where a webhook gives pods their token, or
by the environment, with a token that the chart projects.
*/}}
{{- define "alibaba-cloud-operator.rrsa" -}}
{{- with .Values.rrsa }}
{{- if .enable }}
{{- if or $.Values.credentials.accessKeyId $.Values.credentials.accessKeySecret }}
{{- fail "rrsa.enable and credentials.accessKeyId exclude each other: an access key would be used alone" }}
{{- end }}
{{- if ne (empty .roleArn) (empty .oidcProviderArn) }}
{{- fail "rrsa.roleArn and rrsa.oidcProviderArn go together: set both or none" }}
{{- end }}
{{- if eq (empty .roleName) (empty .roleArn) }}
{{- fail "rrsa.enable needs rrsa.roleName, where ack-pod-identity-webhook is installed, or else rrsa.roleArn and rrsa.oidcProviderArn" }}
{{- end }}
{{- pick . "roleName" "roleArn" "oidcProviderArn" | toYaml }}
{{- end }}
{{- end }}
{{- end }}

{{/* The annotations of the service account: what the values give, and the role for the webhook. */}}
{{- define "alibaba-cloud-operator.serviceAccountAnnotations" -}}
{{- $annotations := deepCopy .Values.serviceAccount.annotations }}
{{- with (include "alibaba-cloud-operator.rrsa" . | fromYaml).roleName }}
{{- $_ := set $annotations "pod-identity.alibabacloud.com/role-name" . }}
{{- end }}
{{- with $annotations }}
{{- toYaml . }}
{{- end }}
{{- end }}
