{{/* What cannot work is refused here, in a sentence that says what to set. The schema
     of the values has refused wrong types and unknown names before. */}}
{{- define "jc-mcp.check" -}}
{{- include "jc-mcp.checkCredential" . -}}
{{- include "jc-mcp.checkCallers" . -}}
{{- include "jc-mcp.checkReplicas" . -}}
{{- include "jc-mcp.checkSettings" . -}}
{{- end -}}

{{- define "jc-mcp.checkCredential" -}}
{{- $v := .Values -}}
{{- $c := $v.jumpcloud.credential -}}
{{- $given := or $c.apiKey $c.clientId $c.clientSecret $c.clientSecret2 -}}
{{- $orgs := or $v.orgs.file $v.orgs.existingSecret -}}
{{- if not $v.image.repository -}}
{{- fail "image.repository is empty: the project publishes no image; build it (README, Container and cluster), push it, and say where" -}}
{{- end -}}
{{- if and $v.orgs.file $v.orgs.existingSecret -}}
{{- fail "orgs.file and orgs.existingSecret are both set: keep one" -}}
{{- end -}}
{{- if and $given $c.existingSecret -}}
{{- fail "jumpcloud.credential has existingSecret and a key of its own: keep one" -}}
{{- end -}}
{{- if and $v.jumpcloud.sandbox (or $given $c.existingSecret $orgs) -}}
{{- fail "jumpcloud.sandbox and a credential are both set: with a credential this could be meant for the real organisation; keep one" -}}
{{- end -}}
{{- if and $orgs (or $given $c.existingSecret $v.jumpcloud.orgId) -}}
{{- fail "orgs and jumpcloud.credential (or jumpcloud.orgId) are both set: the orgs file names organisations and their credentials; keep one" -}}
{{- end -}}
{{- if and (include "jc-mcp.single" .) (not $c.existingSecret) -}}
{{- if eq $c.kind "apiKey" -}}
{{- if not $c.apiKey -}}
{{- fail "there is no credential: set jumpcloud.credential.existingSecret to a Secret with the key api-key, or jumpcloud.credential.apiKey" -}}
{{- end -}}
{{- if or $c.clientId $c.clientSecret $c.clientSecret2 -}}
{{- fail "jumpcloud.credential.kind is apiKey, and there is a client id or secret: keep one kind" -}}
{{- end -}}
{{- else -}}
{{- if $c.apiKey -}}
{{- fail "jumpcloud.credential.apiKey is set and kind is serviceAccount: set kind to apiKey" -}}
{{- end -}}
{{- if not (and $c.clientId $c.clientSecret) -}}
{{- fail "there is no credential: set jumpcloud.credential.existingSecret to a Secret with the keys client-id and client-secret, or clientId and clientSecret (an API key: kind apiKey)" -}}
{{- end -}}
{{- if ne (empty $c.clientSecret2) (not $c.secondSecret) -}}
{{- fail "jumpcloud.credential.secondSecret and clientSecret2 belong together" -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "jc-mcp.checkCallers" -}}
{{- $v := .Values -}}
{{- if not (or $v.grants.file $v.grants.existingConfigMap) -}}
{{- fail "there are no grants: whoever reaches the server would use its credential. --set-file grants.file=grants.yaml (jc-mcp grants init writes one), or grants.existingConfigMap" -}}
{{- end -}}
{{- if and $v.grants.file $v.grants.existingConfigMap -}}
{{- fail "grants.file and grants.existingConfigMap are both set: keep one" -}}
{{- end -}}
{{- if not $v.hosts -}}
{{- fail "hosts is empty: say which names clients call the server by, such as mcp.example.com; others are refused" -}}
{{- end -}}
{{- if and (not $v.tls.existingSecret) (not $v.behindProxy) -}}
{{- fail "tokens must not travel in clear: set tls.existingSecret, or behindProxy with the addresses of the proxies that do TLS in front of it" -}}
{{- end -}}
{{- if and $v.tls.clientCASecret (not $v.tls.existingSecret) -}}
{{- fail "tls.clientCASecret needs tls.existingSecret: certificates of callers reach the server only where it does TLS itself" -}}
{{- end -}}
{{- if ne (empty $v.oauth.issuer) (empty $v.oauth.audience) -}}
{{- fail "oauth.issuer and oauth.audience belong together: set both" -}}
{{- end -}}
{{- if and $v.httpRoute.enabled (not $v.httpRoute.parentRefs) -}}
{{- fail "httpRoute.parentRefs is empty: name the gateway" -}}
{{- end -}}
{{- end -}}

{{- define "jc-mcp.checkReplicas" -}}
{{- $v := .Values -}}
{{- $most := int (include "jc-mcp.most" .) -}}
{{- if and (gt $most 1) (not $v.store.url) -}}
{{- fail (printf "%d replicas without store.url: each would have quotas, approvals and a kill switch of its own. Set store.url to a Valkey or Redis, or replicas to 1" $most) -}}
{{- end -}}
{{- if and (gt $most 1) $v.jumpcloud.sandbox -}}
{{- fail "more than one replica with jumpcloud.sandbox: each would have an organisation of its own. Set replicas to 1" -}}
{{- end -}}
{{- if and (gt $most 1) $v.state.existingClaim -}}
{{- fail "state.existingClaim is for one replica: with more, the store holds what they share" -}}
{{- end -}}
{{- if and $v.store.url (contains "@" $v.store.url) -}}
{{- fail "store.url holds a user or password: put the password into the Secret (store-password)" -}}
{{- end -}}
{{- if and $v.store.url (not $v.store.existingSecret) -}}
{{- if not $v.store.sealKey -}}
{{- fail "store.url without a seal key: set store.existingSecret to a Secret with seal-key (openssl rand -base64 32), or store.sealKey" -}}
{{- end -}}
{{- if eq (empty $v.store.password) (not $v.store.passwordless) -}}
{{- fail "store.password: set it (or store.existingSecret), or store.passwordless for a store that asks for none; not both" -}}
{{- end -}}
{{- if ne (empty $v.store.sealKey2) (not $v.store.secondSealKey) -}}
{{- fail "store.secondSealKey and store.sealKey2 belong together" -}}
{{- end -}}
{{- else if or $v.store.password $v.store.sealKey $v.store.sealKey2 -}}
{{- fail "store has a password or seal key, and existingSecret or no url: keep one" -}}
{{- end -}}
{{- if $v.autoscaling.enabled -}}
{{- if gt (int $v.autoscaling.minReplicas) (int $v.autoscaling.maxReplicas) -}}
{{- fail "autoscaling.minReplicas is more than autoscaling.maxReplicas" -}}
{{- end -}}
{{- if not (or $v.autoscaling.cpuPercent $v.autoscaling.callsInFlight) -}}
{{- fail "autoscaling has nothing to go by: set autoscaling.cpuPercent or autoscaling.callsInFlight" -}}
{{- end -}}
{{- end -}}
{{- $least := ternary $v.autoscaling.minReplicas $v.replicas $v.autoscaling.enabled | int -}}
{{- if and $v.podDisruptionBudget.enabled (gt $least 1) (ge (int $v.podDisruptionBudget.minAvailable) $least) -}}
{{- fail (printf "podDisruptionBudget.minAvailable %d of %d replicas: no node could be drained" (int $v.podDisruptionBudget.minAvailable) $least) -}}
{{- end -}}
{{- if lt (int $v.terminationGracePeriodSeconds) (add 65 $v.drainSeconds | int) -}}
{{- fail (printf "terminationGracePeriodSeconds %d is too short: drainSeconds, 60 s for changes that are under way and 5 s for the audit are %d; killed sooner, their outcome is not known" (int $v.terminationGracePeriodSeconds) (add 65 $v.drainSeconds)) -}}
{{- end -}}
{{- end -}}

{{- define "jc-mcp.checkSettings" -}}
{{- $owned := dict "JC_REGION" "jumpcloud.region" "JC_ORG_ID" "jumpcloud.orgId" "JC_PROXY" "jumpcloud.proxy" "JC_SANDBOX" "jumpcloud.sandbox" "JC_ORGS" "orgs" "JC_GRANTS" "grants" "JC_HOSTS" "hosts" "JC_ORIGINS" "origins" "JC_OAUTH_ISSUER" "oauth.issuer" "JC_OAUTH_AUDIENCE" "oauth.audience" "JC_TLS_CERT" "tls.existingSecret" "JC_TLS_KEY" "tls.existingSecret" "JC_TLS_CLIENT_CA" "tls.clientCASecret" "JC_BEHIND_PROXY" "behindProxy" "JC_STORE" "store.url" "JC_AUDIT_LOG" "audit" "JC_STATE_DIR" "state" "JC_DRAIN" "drainSeconds" "JC_OPS_ADDR" "nothing: probes need it as it is" -}}
{{- range $name, $value := .Values.settings -}}
{{- if hasKey $owned $name -}}
{{- fail (printf "settings.%s: this chart sets it by %s" $name (get $owned $name)) -}}
{{- end -}}
{{- if regexMatch "^JC_(API_KEY|CLIENT_ID|CLIENT_SECRET|STORE_PASSWORD|SEAL_KEY)|_CMD$" $name -}}
{{- fail (printf "settings.%s: secrets are mounted as files, see jumpcloud.credential and store" $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
