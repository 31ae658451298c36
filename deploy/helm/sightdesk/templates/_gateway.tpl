{{/* What secrets.existingSecret may hold. */}}
{{- define "sightdesk.secretNames" -}}
{{- toYaml (concat (include "sightdesk.optionalSecrets" . | fromYamlArray) (list "BASIC_AUTH_PASSWORD"
    "PROXY_SECRET" "EMBED_SECRET" "POSTGRES_PASSWORD" "REDIS_PASSWORD" "AWS_ACCESS_KEY_ID"
    "AWS_SECRET_ACCESS_KEY")) }}
{{- end }}
{{- define "sightdesk.optionalSecrets" -}}
[API_KEYS, OIDC_CLIENT_SECRET, EMBEDDING_API_KEY, RERANK_API_KEY, BACKUP_S3_SECRET,
 OTEL_EXPORTER_OTLP_HEADERS]
{{- end }}

{{/* The gateway's environment from the Secret; the migration's Job has the same. */}}
{{- define "sightdesk.gatewayEnv" -}}
{{- $secret := include "sightdesk.secret" . -}}
{{- $name := include "sightdesk.name" . -}}
- name: PROXY_SECRET
  valueFrom: {secretKeyRef: {name: {{ $secret }}, key: PROXY_SECRET}}
- name: EMBED_SECRET
  valueFrom: {secretKeyRef: {name: {{ $secret }}, key: EMBED_SECRET}}
{{- range include "sightdesk.optionalSecrets" . | fromYamlArray }}
- name: {{ . }}
  valueFrom: {secretKeyRef: {name: {{ $secret }}, key: {{ . }}, optional: true}}
{{- end }}
{{- if eq .Values.database.kind "external" }}
- name: DATABASE_URL
  valueFrom: {secretKeyRef: {name: {{ $secret }}, key: DATABASE_URL}}
{{- else if eq .Values.database.kind "bundled" }}
- name: POSTGRES_PASSWORD
  valueFrom: {secretKeyRef: {name: {{ $secret }}, key: POSTGRES_PASSWORD}}
- name: DATABASE_URL
  value: postgresql://sightdesk:$(POSTGRES_PASSWORD)@{{ $name }}-postgres/sightdesk
{{- end }}
{{- if eq .Values.redis.kind "external" }}
- name: RATE_LIMIT_STORAGE
  valueFrom: {secretKeyRef: {name: {{ $secret }}, key: RATE_LIMIT_STORAGE}}
{{- else if eq .Values.redis.kind "bundled" }}
- name: REDIS_PASSWORD
  valueFrom: {secretKeyRef: {name: {{ $secret }}, key: REDIS_PASSWORD}}
- name: RATE_LIMIT_STORAGE
  value: redis://:$(REDIS_PASSWORD)@{{ $name }}-redis:6379/0
{{- end }}
{{- if eq .Values.files.kind "bundled" }}
- {name: AWS_ACCESS_KEY_ID, value: sightdesk}
- name: AWS_SECRET_ACCESS_KEY
  valueFrom: {secretKeyRef: {name: {{ $secret }}, key: AWS_SECRET_ACCESS_KEY}}
{{- else if eq .Values.files.kind "external" }}
{{- range list "AWS_ACCESS_KEY_ID" "AWS_SECRET_ACCESS_KEY" }}
- name: {{ . }}
  valueFrom: {secretKeyRef: {name: {{ $secret }}, key: {{ . }}}}
{{- end }}
{{- end }}
{{- with .Values.gateway.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* The folder DATA_DIR. Gateways with an object store and PostgreSQL keep nothing there that has
     to outlive them. */}}
{{- define "sightdesk.dataVolume" -}}
- name: data
{{- if .Values.data.existingClaim }}
  persistentVolumeClaim: {claimName: {{ .Values.data.existingClaim }}}
{{- else if and (include "sightdesk.several" .) (ne .Values.files.kind "volume") }}
  emptyDir: {}
{{- else }}
  persistentVolumeClaim: {claimName: {{ include "sightdesk.name" . }}-data}
{{- end }}
{{- end }}
