{{- define "portcullis.name" -}}
{{- default .Release.Name .Values.nameOverride | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{- define "portcullis.selector" -}}
app.kubernetes.io/name: portcullis
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "portcullis.labels" -}}
{{ include "portcullis.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end -}}

{{- define "portcullis.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}
{{- end -}}

{{- /* A key of the Secret as the configuration names it. */ -}}
{{- define "portcullis.file" -}}
{ file = {{ printf "/run/secrets/portcullis/%s" . | toJson }} }
{{- end -}}

{{- define "portcullis.toml" -}}
[server]
listen = "0.0.0.0:8080"
stop_grace_secs = {{ int64 .Values.server.stopGraceSecs }}
behind_tls_proxy = {{ .Values.server.behindTlsProxy }}
trusted_proxies = {{ .Values.server.trustedProxies | toJson }}
{{- if .Values.server.tlsSecret }}
tls = { cert = "/run/secrets/tls/tls.crt", key = "/run/secrets/tls/tls.key" }
{{- end }}

[admin]
listen = "0.0.0.0:9464"
allow_remote = true

[outbox]
backend = {{ .Values.outbox.backend | toJson }}
path = "/var/lib/portcullis/outbox.db"
max_bytes = {{ int64 .Values.outbox.maxBytes }}
deduplicate_hours = {{ int64 .Values.outbox.deduplicateHours }}
{{- with .Values.secrets.encryptionKey }}
encryption_key = {{ include "portcullis.file" . }}
{{- end }}
{{- if eq .Values.outbox.backend "redis" }}

[redis]
url = {{ include "portcullis.file" .Values.secrets.redisUrl }}
topology = {{ .Values.redis.topology | toJson }}
{{- with .Values.redis.sentinelPrimary }}
sentinel_primary = {{ toJson . }}
{{- end }}
replicas = {{ int64 .Values.redis.replicas }}
on_unavailable = {{ .Values.redis.onUnavailable | toJson }}
{{- end }}
{{- with .Values.secrets.pseudonymKey }}

[identity]
pseudonym_key = {{ include "portcullis.file" . }}
{{- end }}
{{- with .Values.secrets.suppressionKey }}

[suppression]
key = {{ include "portcullis.file" . }}
{{- end }}

[log]
format = {{ .Values.log.format | toJson }}
level = {{ .Values.log.level | toJson }}

{{ .Values.sites | trim }}
{{- end -}}
