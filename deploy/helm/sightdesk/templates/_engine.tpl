{{- define "sightdesk.modelEnv" -}}
{{- $vllm := .Values.engine.vllm -}}
- {name: ENGINE, value: gpu}
- {name: MODEL_SOURCE, value: {{ $vllm.modelSource }}}
- {name: MODEL_ID, value: {{ $vllm.modelId | quote }}}
- {name: MODEL_REVISION, value: {{ $vllm.modelRevision | quote }}}
- {name: MODELS_DIR, value: /models}
- {name: ENGINE_STATUS_FILE, value: /engine/status.json}
{{- end }}
{{- define "sightdesk.modelsClaim" -}}
{{- .Values.engine.vllm.models.existingClaim | default (printf "%s-models" (include "sightdesk.name" .)) }}
{{- end }}
