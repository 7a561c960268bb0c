{{/* The settings as they are told to every process. Takes the root. Files are the dispatcher's: sillage.fileEnv. */}}
{{- define "sillage.plain" -}}
{{- range $name, $value := .Values.settings }}
{{- if not (hasKey $.Values.existingSecret.keys $name) }}
SILLAGE_{{ upper $name }}: {{ toString $value | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* Settings that come from the Secret; that of mail is told to none but the dispatcher, that of Redis to the worker too, for budgets, and to serve, for links. Takes dict "root" "role". */}}
{{- define "sillage.secretEnv" -}}
{{- range $name, $key := .root.Values.existingSecret.keys }}
{{- if or (eq $.role "dispatcher") (not (has $name (list "redis" "smtp"))) (and (has $.role (list "worker" "serve")) (eq $name "redis")) }}
- name: SILLAGE_{{ upper $name }}
  valueFrom:
    secretKeyRef:
      name: {{ $.root.Values.existingSecret.name }}
      key: {{ $key }}
{{- end }}
{{- end }}
{{- end }}

{{/* Whether a process has a file: the dispatcher all but who calls back, the worker and serve what Kafka and Redis want, serve also
the keys of links and of apps, and who calls back, others what Kafka wants. Takes dict "role" "name". */}}
{{- define "sillage.hasFile" -}}
{{- $serves := and (eq .role "serve") (has .name (list "links_keys" "inbound" "inbox_keys")) }}
{{- $redis := and (has .role (list "worker" "serve")) (hasPrefix "redis_" .name) }}
{{- if or (and (eq .role "dispatcher") (not (has .name (list "inbound" "inbox_keys")))) (hasPrefix "kafka_" .name) $redis $serves }}yes{{ end }}
{{- end }}

{{/* Files of Secrets as the process is told of them. Takes dict "root" "role". */}}
{{- define "sillage.fileEnv" -}}
{{- range $name, $file := .root.Values.files }}
{{- if and $file.secretName (include "sillage.hasFile" (dict "role" $.role "name" $name)) }}
- name: SILLAGE_{{ upper $name }}
  value: /etc/sillage/{{ $name }}/{{ $file.key }}
{{- end }}
{{- end }}
{{- if and .root.Values.postal.claimName (eq .role "dispatcher") }}
- name: SILLAGE_POSTAL
  value: /var/lib/letters
{{- end }}
{{- end }}

{{- define "sillage.fileMounts" -}}
{{- range $name, $file := .root.Values.files }}
{{- if and $file.secretName (include "sillage.hasFile" (dict "role" $.role "name" $name)) }}
- name: {{ $name | replace "_" "-" }}
  mountPath: /etc/sillage/{{ $name }}
  readOnly: true
{{- end }}
{{- end }}
{{- if and .root.Values.postal.claimName (eq .role "dispatcher") }}
- name: letters
  mountPath: /var/lib/letters
{{- end }}
{{- end }}

{{- define "sillage.fileVolumes" -}}
{{- range $name, $file := .root.Values.files }}
{{- if and $file.secretName (include "sillage.hasFile" (dict "role" $.role "name" $name)) }}
- name: {{ $name | replace "_" "-" }}
  secret:
    secretName: {{ $file.secretName }}
    defaultMode: 0440
    items:
      - key: {{ $file.key }}
        path: {{ $file.key }}
{{- end }}
{{- end }}
{{- with .root.Values.postal.claimName }}
{{- if eq $.role "dispatcher" }}
- name: letters
  persistentVolumeClaim:
    claimName: {{ . }}
{{- end }}
{{- end }}
{{- end }}

{{- define "sillage.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
privileged: false
capabilities:
  drop: [ALL]
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "sillage.podSecurity" -}}
runAsNonRoot: true
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{ toYaml .Values.podSecurityContext }}
{{- end }}

{{- define "sillage.probe" -}}
httpGet:
  path: {{ .path }}
  port: metrics
timeoutSeconds: 5
periodSeconds: 5
failureThreshold: {{ max 1 (div (int .seconds) 5) }}
{{- end }}

{{/* The template of a pod that runs `sillage ROLE`. Takes dict "root" "role" "volume", whether a claim is mounted. */}}
{{- define "sillage.pod" -}}
{{- $root := .root }}
{{- $of := index .root.Values .role }}
{{- $labels := dict "root" .root "component" .role }}
metadata:
  labels:
    {{- include "sillage.labels" $labels | nindent 4 }}
    {{- with $of.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    checksum/settings: {{ include "sillage.plain" .root | sha256sum }}
    {{- with $of.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "sillage.serviceAccount" .root }}
  automountServiceAccountToken: false
  # A Service named sillage-metrics would otherwise become a variable SILLAGE_METRICS_PORT that is no port.
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ .root.Values.terminationGracePeriodSeconds }}
  securityContext:
    {{- include "sillage.podSecurity" .root | nindent 4 }}
  {{- with .root.Values.image.pullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $of.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with $of.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $of.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $of.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  topologySpreadConstraints:
    {{- with $of.topologySpreadConstraints }}
    {{- toYaml . | nindent 4 }}
    {{- else }}
    {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
    - maxSkew: 1
      topologyKey: {{ . }}
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "sillage.selector" $labels | nindent 10 }}
    {{- end }}
    {{- end }}
  containers:
    - name: {{ .role }}
      image: {{ include "sillage.image" .root }}
      imagePullPolicy: {{ .root.Values.image.pullPolicy }}
      args: [{{ .role }}]
      envFrom:
        - configMapRef:
            name: {{ include "sillage.name" .root }}
      {{- with print (include "sillage.secretEnv" .) (include "sillage.fileEnv" .) }}
      env:
        {{- trim . | nindent 8 }}
      {{- end }}
      ports:
        - name: metrics
          containerPort: {{ .root.Values.settings.metrics_port }}
        {{- if eq .role "serve" }}
        - name: web
          containerPort: {{ .root.Values.settings.serve_port }}
        {{- end }}
      {{- with .root.Values.probes }}
      startupProbe:
        {{- include "sillage.probe" (dict "path" "/live" "seconds" .startupSeconds) | nindent 8 }}
      livenessProbe:
        {{- include "sillage.probe" (dict "path" "/live" "seconds" .livenessSeconds) | nindent 8 }}
      readinessProbe:
        {{- include "sillage.probe" (dict "path" "/ready" "seconds" .readinessSeconds) | nindent 8 }}
      {{- end }}
      resources:
        {{- toYaml $of.resources | nindent 8 }}
      securityContext:
        {{- include "sillage.containerSecurity" .root | nindent 8 }}
      volumeMounts:
        - name: data
          mountPath: {{ .root.Values.settings.data }}
        - name: temporary
          mountPath: /tmp
        {{- with include "sillage.fileMounts" . }}
        {{- trim . | nindent 8 }}
        {{- end }}
  volumes:
    {{- if not .volume }}
    - name: data
      emptyDir:
        sizeLimit: {{ .root.Values.temporarySizeLimit }}
    {{- end }}
    - name: temporary
      emptyDir:
        sizeLimit: {{ .root.Values.temporarySizeLimit }}
    {{- with include "sillage.fileVolumes" . }}
    {{- trim . | nindent 4 }}
    {{- end }}
{{- end }}
