{{/* A setting's value as text. Helm reads a number in a file as a float and prints a large one as
     1.34217728e+08. */}}
{{- define "sightdesk.text" -}}
{{- if kindIs "string" . }}{{ . }}{{ else }}{{ toJson . }}{{ end }}
{{- end }}

{{- define "sightdesk.defaults" -}}
{{- $name := include "sightdesk.name" . -}}
HOST: 0.0.0.0
PORT: "8000"
DATA_DIR: /data
KNOWLEDGE_DIR: /knowledge
CONNECTORS_DIR: /connectors
ENGINE: {{ eq .Values.engine.kind "lite" | ternary "lite" "gpu" }}
ENGINE_URLS: {{ include "sightdesk.engineUrls" . | quote }}
READER_URL: http://{{ $name }}-lite:3002
FALLBACK_ENGINE_URL: http://{{ $name }}-lite:3002
TRUSTED_PROXIES: {{ .Values.podNetworks | quote }}
ALLOWED_IPS: {{ .Values.allowedIps | quote }}
ALLOWED_ORIGINS: {{ .Values.allowedOrigins | quote }}
BASIC_AUTH_USER: {{ .Values.basicAuthUser | quote }}
STAFF_USERS: {{ .Values.basicAuthUser | quote }}
{{- with .Values.engine.model.name }}
MODEL_NAME: {{ . | quote }}
{{- end }}
{{- with .Values.engine.model.maxModelLen }}
MAX_MODEL_LEN: {{ include "sightdesk.text" . | quote }}
{{- end }}
{{- if eq .Values.database.kind "sqlite" }}
DATABASE_URL: sqlite:////data/sightdesk.db
{{- end }}
{{- if eq .Values.files.kind "bundled" }}
FILES_URL: s3://desk/files
AWS_ENDPOINT_URL: http://{{ $name }}-store:9000
{{- else if eq .Values.files.kind "external" }}
FILES_URL: {{ .Values.files.url | quote }}
{{- with .Values.files.endpoint }}
AWS_ENDPOINT_URL: {{ . | quote }}
{{- end }}
{{- with .Values.files.region }}
AWS_REGION: {{ . | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* The gateway's settings, as YAML: the chart's own, and gateway.settings over them. */}}
{{- define "sightdesk.settings" -}}
{{- $settings := include "sightdesk.defaults" . | fromYaml -}}
{{- range $key, $value := .Values.gateway.settings -}}
{{- $_ := set $settings $key (include "sightdesk.text" $value) -}}
{{- end -}}
{{- toYaml $settings -}}
{{- end }}

{{/* nginx's settings, as YAML. Those that it shares with the gateway are the gateway's.
     PRIVATE_SUBNET: who may ask nginx for its counts of connections; nothing in this chart does. */}}
{{- define "sightdesk.nginxSettings" -}}
{{- $defaults := dict "BASIC_AUTH" "on" "OIDC_ISSUER" "" "TLS" "" "HSTS_SECONDS" "0" "PUBLIC_URL" ""
    "MAX_BODY_BYTES" "67108864" "FRONT_PROXIES" .Values.frontProxies "PRIVATE_SUBNET" "127.0.0.0/8" -}}
{{- $settings := merge (include "sightdesk.settings" . | fromYaml) $defaults -}}
{{- $names := concat (keys $defaults) (list "BASIC_AUTH_USER" "ALLOWED_IPS" "ALLOWED_ORIGINS") -}}
{{- range $key := sortAlpha $names }}
{{ $key }}: {{ index $settings $key | quote }}
{{- end }}
{{- end }}
