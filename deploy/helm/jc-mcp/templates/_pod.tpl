{{/* The server's settings. Secrets are paths of files; no value of one is here. */}}
{{- define "jc-mcp.env" -}}
{{- $v := .Values -}}
- name: JC_OPS_ADDR
  value: ":9090"
- name: JC_DRAIN
  value: {{ printf "%ds" (int $v.drainSeconds) }}
- name: JC_GRANTS
  value: /etc/jc-mcp/grants/grants.yaml
- name: JC_HOSTS
  value: {{ join "," $v.hosts | quote }}
{{- with $v.origins }}
- name: JC_ORIGINS
  value: {{ join "," . | quote }}
{{- end }}
{{- with $v.behindProxy }}
- name: JC_BEHIND_PROXY
  value: {{ join "," . | quote }}
{{- end }}
{{- if $v.tls.existingSecret }}
- name: JC_TLS_CERT
  value: /run/secrets/tls/tls.crt
- name: JC_TLS_KEY
  value: /run/secrets/tls/tls.key
{{- end }}
{{- if $v.tls.clientCASecret }}
- name: JC_TLS_CLIENT_CA
  value: /run/secrets/client-ca/ca.crt
{{- end }}
{{- if $v.oauth.issuer }}
- name: JC_OAUTH_ISSUER
  value: {{ $v.oauth.issuer | quote }}
- name: JC_OAUTH_AUDIENCE
  value: {{ $v.oauth.audience | quote }}
{{- end }}
{{ include "jc-mcp.envJumpCloud" . }}
{{- if $v.store.url }}
- name: JC_STORE
  value: {{ $v.store.url | quote }}
{{- if not $v.store.passwordless }}
- name: JC_STORE_PASSWORD_FILE
  value: /run/secrets/store/store-password
{{- end }}
- name: JC_SEAL_KEY_FILE
  value: /run/secrets/store/seal-key
{{- if $v.store.secondSealKey }}
- name: JC_SEAL_KEY_2_FILE
  value: /run/secrets/store/seal-key-2
{{- end }}
{{- end }}
{{- if $v.audit.existingClaim }}
- name: POD_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
- name: JC_AUDIT_LOG
  value: /audit/$(POD_NAME).jsonl
{{- end }}
{{- range $name, $value := $v.settings }}
- name: {{ $name }}
  value: {{ toString $value | quote }}
{{- end }}
{{- if $v.resources.limits.memory }}
- name: GOMEMLIMIT
  value: {{ include "jc-mcp.memory" . | quote }}
{{- end }}
{{- end -}}

{{/* Which organisation, and with which credential. */}}
{{- define "jc-mcp.envJumpCloud" -}}
{{- $v := .Values -}}
{{- with $v.jumpcloud.proxy }}
- name: JC_PROXY
  value: {{ . | quote }}
{{- end }}
{{- if $v.jumpcloud.sandbox }}
- name: JC_SANDBOX
  value: "true"
{{- else if not (include "jc-mcp.single" .) }}
- name: JC_ORGS
  value: /etc/jc-mcp/orgs/orgs.yaml
{{- else }}
- name: JC_REGION
  value: {{ $v.jumpcloud.region | quote }}
{{- with $v.jumpcloud.orgId }}
- name: JC_ORG_ID
  value: {{ . | quote }}
{{- end }}
{{- if eq $v.jumpcloud.credential.kind "apiKey" }}
- name: JC_API_KEY_FILE
  value: /run/secrets/jumpcloud/api-key
{{- else }}
- name: JC_CLIENT_ID_FILE
  value: /run/secrets/jumpcloud/client-id
- name: JC_CLIENT_SECRET_FILE
  value: /run/secrets/jumpcloud/client-secret
{{- if $v.jumpcloud.credential.secondSecret }}
- name: JC_CLIENT_SECRET_2_FILE
  value: /run/secrets/jumpcloud/client-secret-2
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Folder and source of each volume, once: mounts and volumes are made from it. */}}
{{- define "jc-mcp.mounts" -}}
{{- $v := .Values -}}
{{- $name := include "jc-mcp.name" . -}}
- name: state
  path: /state
  source:
    {{- if $v.state.existingClaim }}
    persistentVolumeClaim: {claimName: {{ $v.state.existingClaim | quote }}}
    {{- else }}
    emptyDir: {sizeLimit: {{ $v.state.sizeLimit | quote }}}
    {{- end }}
- name: grants
  path: /etc/jc-mcp/grants
  source:
    configMap: {name: {{ default (printf "%s-grants" $name) $v.grants.existingConfigMap | quote }}}
{{- if include "jc-mcp.single" . }}
- name: jumpcloud
  path: /run/secrets/jumpcloud
  source:
    secret: {secretName: {{ include "jc-mcp.credentialSecret" . | quote }}, defaultMode: 0440}
{{- end }}
{{- if $v.orgs.file }}
- name: orgs
  path: /etc/jc-mcp/orgs
  source:
    configMap: {name: {{ printf "%s-orgs" $name | quote }}}
{{- else if $v.orgs.existingSecret }}
- name: orgs
  path: /etc/jc-mcp/orgs
  source:
    secret: {secretName: {{ $v.orgs.existingSecret | quote }}, defaultMode: 0440}
{{- end }}
{{- with $v.orgs.credentialsSecret }}
- name: orgs-credentials
  path: /run/secrets/orgs
  source:
    secret: {secretName: {{ . | quote }}, defaultMode: 0440}
{{- end }}
{{- if $v.store.url }}
- name: store
  path: /run/secrets/store
  source:
    secret: {secretName: {{ include "jc-mcp.storeSecret" . | quote }}, defaultMode: 0440}
{{- end }}
{{- with $v.tls.existingSecret }}
- name: tls
  path: /run/secrets/tls
  source:
    secret: {secretName: {{ . | quote }}, defaultMode: 0440}
{{- end }}
{{- with $v.tls.clientCASecret }}
- name: client-ca
  path: /run/secrets/client-ca
  source:
    secret: {secretName: {{ . | quote }}, defaultMode: 0440, items: [{key: ca.crt, path: ca.crt}]}
{{- end }}
{{- with $v.audit.existingClaim }}
- name: audit
  path: /audit
  source:
    persistentVolumeClaim: {claimName: {{ . | quote }}}
{{- end }}
{{- end -}}
