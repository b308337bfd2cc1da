{{- define "jc-mcp.name" -}}
{{- if contains "jc-mcp" .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-jc-mcp" (.Release.Name | trunc 43 | trimSuffix "-") -}}
{{- end -}}
{{- end -}}

{{- define "jc-mcp.selector" -}}
app.kubernetes.io/name: jc-mcp
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "jc-mcp.labels" -}}
{{ include "jc-mcp.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "jc-mcp.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "jc-mcp.name" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "jc-mcp.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{- printf "%s@%s" .repository .digest -}}
{{- else -}}
{{- printf "%s:%s" .repository (default $.Chart.AppVersion .tag) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* How many servers there can be at once. */}}
{{- define "jc-mcp.most" -}}
{{- if .Values.autoscaling.enabled }}{{ .Values.autoscaling.maxReplicas }}{{ else }}{{ .Values.replicas }}{{ end -}}
{{- end -}}

{{/* The name of the port, by what is spoken on it. */}}
{{- define "jc-mcp.port" -}}
{{- if .Values.tls.existingSecret }}https{{ else }}http{{ end -}}
{{- end -}}

{{/* Secrets of the chart, or of the administrator. */}}
{{- define "jc-mcp.credentialSecret" -}}
{{- default (printf "%s-credential" (include "jc-mcp.name" .)) .Values.jumpcloud.credential.existingSecret -}}
{{- end -}}
{{- define "jc-mcp.storeSecret" -}}
{{- default (printf "%s-store" (include "jc-mcp.name" .)) .Values.store.existingSecret -}}
{{- end -}}

{{/* 1 where the one organisation has a credential, else nothing. */}}
{{- define "jc-mcp.single" -}}
{{- if not (or .Values.jumpcloud.sandbox .Values.orgs.file .Values.orgs.existingSecret) }}1{{ end -}}
{{- end -}}

{{/* 80 % of the memory limit in bytes, for the Go runtime. */}}
{{- define "jc-mcp.memory" -}}
{{- $quantity := toString .Values.resources.limits.memory -}}
{{- $units := dict "" 1 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 -}}
{{- $unit := regexReplaceAll "^[0-9.]+" $quantity "" -}}
{{- if not (hasKey $units $unit) -}}
{{- fail (printf "resources.limits.memory %q: write it with Mi or Gi, such as 256Mi" $quantity) -}}
{{- end -}}
{{- mulf (regexFind "^[0-9.]+" $quantity | float64) (get $units $unit | float64) 0.8 | floor | int64 -}}
{{- end -}}
