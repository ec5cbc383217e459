{{/*
The controllers that are switched on, separated by commas, as the program decides it from the same values: of the
entries of the list the first that names a controller wins, and without '*' only named ones run.
*/}}
{{- define "alibaba-cloud-operator.controllers" -}}
{{- $isOnByDefault := dict
  "cloud-node-controller" true
  "cloud-node-lifecycle-controller" true
  "node-ipam-controller" false
  "node-route-controller" true
  "persistentvolume-label-controller" true
  "service-lb-controller" true
}}
{{- $aliases := dict
  "cloud-node" (list "cloud-node-controller")
  "cloud-node-lifecycle" (list "cloud-node-lifecycle-controller")
  "node" (list "cloud-node-controller" "cloud-node-lifecycle-controller")
  "nodeipam" (list "node-ipam-controller")
  "route" (list "node-route-controller")
  "service" (list "service-lb-controller")
  "nlb" list
  "ingress" list
  "pvtz" list
}}
{{- $entries := list }}
{{- range splitList "," .Values.operator.controllers }}
{{- $entries = append $entries (trim .) }}
{{- end }}
{{- $entries = without $entries "" }}
{{- $isAll := or (empty $entries) (has "*" $entries) }}
{{- $decided := dict }}
{{- range $entry := without $entries "*" }}
{{- $name := trimPrefix "-" $entry }}
{{- if not (or (hasKey $isOnByDefault $name) (hasKey $aliases $name)) }}
{{- $known := concat (keys $isOnByDefault) (keys $aliases) | sortAlpha | join ", " }}
{{- fail (printf "operator.controllers names the unknown controller %q: known are %s" $name $known) }}
{{- end }}
{{- range $controller := get $aliases $name | default (hasKey $isOnByDefault $name | ternary (list $name) list) }}
{{- if not (hasKey $decided $controller) }}
{{- $_ := set $decided $controller (not (hasPrefix "-" $entry)) }}
{{- end }}
{{- end }}
{{- end }}
{{- $running := list }}
{{- range $controller := keys $isOnByDefault | sortAlpha }}
{{- $isOn := hasKey $decided $controller | ternary (get $decided $controller) (and $isAll (get $isOnByDefault $controller)) }}
{{- if eq $controller "node-route-controller" }}
{{- $isOn = and $isOn $.Values.operator.configureCloudRoutes (not (empty $.Values.operator.clusterCidr)) }}
{{- else if and $isOn (eq $controller "node-ipam-controller") (empty $.Values.operator.clusterCidr) }}
{{- fail "node-ipam-controller gives nodes their ranges out of operator.clusterCidr: set it" }}
{{- end }}
{{- if not (or $.Values.operator.defaultImplementation (eq $controller "service-lb-controller")) }}
{{- $isOn = false }}
{{- end }}
{{- if $isOn }}
{{- $running = append $running $controller }}
{{- end }}
{{- end }}
{{- join "," $running }}
{{- end }}

{{/* Those of them that run: in a dry run only the ones that can look and do nothing else. */}}
{{- define "alibaba-cloud-operator.runningControllers" -}}
{{- $controllers := include "alibaba-cloud-operator.controllers" . }}
{{- if .Values.operator.dryRun }}
{{- $looking := list }}
{{- range $controller := list "node-route-controller" "service-lb-controller" }}
{{- if has $controller (splitList "," $controllers) }}
{{- $looking = append $looking $controller }}
{{- end }}
{{- end }}
{{- $controllers = join "," $looking }}
{{- end }}
{{- $controllers }}
{{- end }}

{{/* The file that says which component runs which controller, where it says other than the default. */}}
{{- define "alibaba-cloud-operator.leaderMigration" -}}
{{- with .Values.operator.leaderMigration }}
{{- if and .enabled (or .controllerLeaders (ne .leaseName "cloud-provider-extraction-migration")) }}
{{- $leaders := .controllerLeaders }}
{{- if not $leaders }}
{{- range list "route" "service" "cloud-node-lifecycle" }}
{{- $leaders = append $leaders (dict "name" . "component" "*") }}
{{- end }}
{{- end }}
{{- dict
  "apiVersion" "controllermanager.config.k8s.io/v1"
  "kind" "LeaderMigrationConfiguration"
  "leaderName" .leaseName
  "controllerLeaders" $leaders
  | toYaml }}
{{- end }}
{{- end }}
{{- end }}
