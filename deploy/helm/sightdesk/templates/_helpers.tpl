{{- define "sightdesk.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 45 | trimSuffix "-" }}
{{- else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 45 | trimSuffix "-" }}{{ end }}
{{- end }}

{{/* Labels of a part. Call with (list . "gateway"). */}}
{{- define "sightdesk.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: sightdesk
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}
{{- define "sightdesk.labels" -}}
{{- $root := index . 0 -}}
{{ include "sightdesk.selector" . }}
app.kubernetes.io/version: {{ $root.Values.images.tag | default $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version }}
{{- end }}

{{- define "sightdesk.image" -}}
{{- $root := index . 0 -}}
{{- $images := $root.Values.images -}}
{{- printf "%s%s:%s" $images.registry (index $images (index . 1)) ($images.tag | default $root.Chart.AppVersion) | quote }}
{{- end }}

{{- define "sightdesk.secret" -}}
{{- .Values.secrets.existingSecret | default (printf "%s-secrets" (include "sightdesk.name" .)) }}
{{- end }}

{{/* Data of the Secret, as YAML: what the cluster has, and secrets of the chart that are missing.
     Made once a rendering, since it is random: the Secret and the checksums are of one. */}}
{{- define "sightdesk.secretData" -}}
{{- if not (hasKey .Values.secrets "data") -}}
{{- $name := include "sightdesk.secret" . -}}
{{- $data := (lookup "v1" "Secret" .Release.Namespace $name).data | default dict -}}
{{- if not .Values.secrets.existingSecret -}}
{{- range list "BASIC_AUTH_PASSWORD" "PROXY_SECRET" "EMBED_SECRET" "POSTGRES_PASSWORD" "REDIS_PASSWORD" "AWS_SECRET_ACCESS_KEY" -}}
{{- $_ := set $data . (index $data . | default (randAlphaNum 32 | b64enc)) -}}
{{- end -}}
{{- end -}}
{{- $_ := set .Values.secrets "data" $data -}}
{{- end -}}
{{- toYaml .Values.secrets.data -}}
{{- end }}

{{/* Pods that read the Secret start anew when an upgrade finds it changed. */}}
{{- define "sightdesk.secretChecksum" -}}
checksum/secret: {{ include "sightdesk.secretData" . | sha256sum }}
{{- end }}

{{/* Whether several gateways may run at once. */}}
{{- define "sightdesk.several" -}}
{{- if or (gt (int .Values.gateway.replicas) 1) (ne .Values.gateway.autoscaling.kind "none") }}true{{ end }}
{{- end }}

{{/* The restricted Pod Security Standard. */}}
{{- define "sightdesk.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ . }}
runAsGroup: {{ . }}
fsGroup: {{ . }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- if eq (int .) 101 }}
# nginx listens on port 80 and is not root. The restricted standard allows this one.
sysctls: [{name: net.ipv4.ip_unprivileged_port_start, value: "80"}]
{{- end }}
{{- end }}
{{- define "sightdesk.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{/* The start of every pod's spec. Call with (list . "gateway" 10001 $scheduling). */}}
{{- define "sightdesk.pod" -}}
{{- $root := index . 0 -}}
{{- $part := index . 1 -}}
{{- $scheduling := index . 3 -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  {{- include "sightdesk.podSecurity" (index . 2) | nindent 2 }}
{{- with $root.Values.images.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: {{ $root.Values.topologyKey }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{- include "sightdesk.selector" (list $root $part) | nindent 8 }}
{{- with $scheduling.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $scheduling.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* A folder of files, of `knowledge` or `connectors`, as a volume. Call with (list . "knowledge"). */}}
{{- define "sightdesk.folder" -}}
{{- $root := index . 0 -}}
{{- $part := index . 1 -}}
{{- $folder := index $root.Values $part -}}
- name: {{ $part }}
{{- if $folder.existingClaim }}
  persistentVolumeClaim: {claimName: {{ $folder.existingClaim }}, readOnly: true}
{{- else if $folder.configMap }}
  configMap: {name: {{ $folder.configMap }}}
{{- else if $folder.files }}
  configMap: {name: {{ include "sightdesk.name" $root }}-{{ $part }}}
{{- else }}
  emptyDir: {}
{{- end }}
{{- end }}

{{- define "sightdesk.vllmUrl" -}}
{{- $name := include "sightdesk.name" . -}}
dns+http://{{ $name }}-engine.{{ .Release.Namespace }}.svc:3001
{{- end }}

{{- define "sightdesk.engineUrls" -}}
{{- $kind := .Values.engine.kind -}}
{{- if eq $kind "lite" }}http://{{ include "sightdesk.name" . }}-lite:3002
{{- else if eq $kind "vllm" }}{{ include "sightdesk.vllmUrl" . }}
{{- else if eq $kind "external" }}{{ join "," .Values.engine.urls }}
{{- else if eq $kind "llm-d" }}{{ .Values.engine.llmd.url }}
{{- else }}{{ .Values.engine.productionStack.url }}{{ end }}
{{- end }}

{{/* Where the engines run that a router of others is in front of. */}}
{{- define "sightdesk.engineNamespace" -}}
{{- $routers := dict "llm-d" .Values.engine.llmd "production-stack" .Values.engine.productionStack -}}
{{- (index $routers .Values.engine.kind | default dict).namespace | default .Release.Namespace -}}
{{- end }}

{{/* The pods of a part, as a network policy's peer. */}}
{{- define "sightdesk.peer" -}}
- podSelector:
    matchLabels: {{- include "sightdesk.selector" . | nindent 6 }}
{{- end }}
