{{/* What the schema cannot say, because two values must fit each other. Each refusal names the cure. */}}
{{- define "sillage.refusals" -}}
{{- $settings := .Values.settings -}}
{{- $partitions := int $settings.partitions -}}
{{- range $role := list "worker" "dispatcher" -}}
{{- $of := index $.Values $role -}}
{{- if gt (int $of.replicas) $partitions -}}
{{- fail (printf "%s.replicas=%d: more than settings.partitions=%d, so that some would have nothing to do; set it to %d or fewer" $role (int $of.replicas) $partitions $partitions) -}}
{{- end -}}
{{- with $of.autoscaling -}}
{{- $most := int (.maxReplicas | default $partitions) -}}
{{- if gt $most $partitions -}}
{{- fail (printf "%s.autoscaling.maxReplicas=%d: more than settings.partitions=%d; leave it out, which means %d" $role $most $partitions $partitions) -}}
{{- end -}}
{{- if and .enabled (gt (int .minReplicas) $most) -}}
{{- fail (printf "%s.autoscaling.minReplicas=%d: more than the %d that may run; lower it" $role (int .minReplicas) $most) -}}
{{- end -}}
{{- if and .enabled (hasKey $.Values.existingSecret.keys "kafka") -}}
{{- fail (printf "%s.autoscaling.enabled: KEDA reads the address of Kafka from settings.kafka; take kafka out of existingSecret.keys" $role) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and (eq $settings.store "rocks") (not .Values.worker.persistence.enabled) -}}
{{- fail "settings.store=rocks: worker.persistence.enabled is false, and each restart would read all from Kafka again; enable it, or set settings.store=memory" -}}
{{- end -}}
{{- range $name := list "kafka" "redis" "smtp" "push_url" -}}
{{- if regexMatch "//[^/]*@" (toString (index $settings $name)) -}}
{{- fail (printf "settings.%s: holds a user or a password, which would stand in plain text; put the URL into a Secret and name it: existingSecret.name, existingSecret.keys.%s" $name $name) -}}
{{- end -}}
{{- end -}}
{{- $links := and $settings.links_url .Values.files.links_keys.secretName -}}
{{- if and .Values.serve.enabled (not $links) (or $settings.links_url (not .Values.files.inbox_keys.secretName)) -}}
{{- fail "serve.enabled: links have no address or no keys; set settings.links_url and files.links_keys.secretName, or, for the app's inbox alone, files.inbox_keys.secretName and no settings.links_url" -}}
{{- end -}}
{{- if and .Values.serve.enabled .Values.serve.ingress.enabled (not $settings.links_url) -}}
{{- fail "serve.ingress.enabled: it has no host; set settings.links_url, or bring an Ingress of your own" -}}
{{- end -}}
{{- if and .Values.existingSecret.keys (not .Values.existingSecret.name) -}}
{{- fail "existingSecret.keys: existingSecret.name is empty; name the Secret that has these keys" -}}
{{- end -}}
{{- end }}
