{{- define "kompetansespor.labels" -}}
app.kubernetes.io/name: {{ .service }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/part-of: kompetansespor
{{- end }}

{{- /* The configuration file of one service. */ -}}
{{- define "kompetansespor.config" -}}
{{- $root := .root -}}
{{- $internal := printf "internal.%s" $root.Values.domain -}}
service: {{ .service }}
data_dir: /var/lib/kompetansespor
public_listen: ":{{ $root.Values.ports.public }}"
internal_listen: ":{{ $root.Values.ports.internal }}"
public_url: https://{{ .service }}.{{ $root.Values.domain }}
{{- if .spec.did }}
did: did:web:{{ .service }}.{{ $root.Values.domain }}
{{- end }}
tls:
  ca: /etc/kompetansespor/secret/ca.crt
  cert: /etc/kompetansespor/secret/tls.crt
  key: /etc/kompetansespor/secret/tls.key
master_key_file: /etc/kompetansespor/secret/master.key
tokens_file: /etc/kompetansespor/secret/tokens.yaml
{{- if .spec.events }}
nats:
  url: {{ $root.Values.nats.url | quote }}
  password_file: /etc/kompetansespor/secret/nats-password
{{- end }}
{{- with $root.Values.redis.url }}
redis:
  url: {{ . | quote }}
{{- end }}
{{- with $root.Values.telemetry.endpoint }}
telemetry:
  endpoint: {{ . | quote }}
{{- end }}
{{- if .spec.peers }}
peers:
  {{- range .spec.peers }}
  {{ . }}: {{ . }}.{{ $internal }}:{{ $root.Values.ports.internal }}
  {{- end }}
{{- end }}
{{- if .spec.callers }}
callers:
  {{- range $method, $names := .spec.callers }}
  {{ $method }}:
    {{- range $names }}
    - {{ . }}.{{ $internal }}
    {{- end }}
  {{- end }}
{{- end }}
{{- with .spec.config }}
{{ toYaml . }}
{{- end }}
{{- end }}
