{{- define "seed-scheduler.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" }}
{{- end }}

{{/* At most 40 characters, since names of components are added to it. */}}
{{- define "seed-scheduler.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- else if contains (include "seed-scheduler.name" .) .Release.Name }}
{{- .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "seed-scheduler.name" .) | trunc 40 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "seed-scheduler.selectorLabels" -}}
app.kubernetes.io/name: {{ include "seed-scheduler.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "seed-scheduler.labels" -}}
{{ include "seed-scheduler.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{/* The components of the mode, with commas between them. */}}
{{- define "seed-scheduler.components" -}}
{{- if eq .Values.mode "split" }}api,scheduler,worker{{ else }}all{{ end }}
{{- end }}

{{/* The component that serves the API. */}}
{{- define "seed-scheduler.apiComponent" -}}
{{- if eq .Values.mode "split" }}api{{ else }}all{{ end }}
{{- end }}

{{/* The name of a component's objects: dict "root" $ "component" "worker". */}}
{{- define "seed-scheduler.componentName" -}}
{{- if eq .component "all" }}
{{- include "seed-scheduler.fullname" .root }}
{{- else }}
{{- printf "%s-%s" (include "seed-scheduler.fullname" .root) .component }}
{{- end }}
{{- end }}

{{- define "seed-scheduler.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "seed-scheduler.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "seed-scheduler.image" -}}
{{- if .Values.image.digest }}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) }}
{{- end }}
{{- end }}

{{/* Seconds: the delay, the longest attempt, 30 s in which its verdict is written, and a margin before SIGKILL. */}}
{{- define "seed-scheduler.gracePeriod" -}}
{{- $least := add (int .Values.shutdownDelaySeconds) (int .Values.requestTimeoutSeconds) 30 }}
{{- if .Values.terminationGracePeriodSeconds }}
{{- $given := int .Values.terminationGracePeriodSeconds }}
{{- if not (gt (add $given 0) $least) }}
{{- fail (printf "terminationGracePeriodSeconds must be more than shutdownDelaySeconds + requestTimeoutSeconds + 30, which is %d" $least) }}
{{- end }}
{{- $given }}
{{- else }}
{{- add $least 5 }}
{{- end }}
{{- end }}

{{/* One variable from a Secret: dict "root" $ "name" "SECRET_KEY" "from" .Values.secrets.secretKey "isOptional" false. */}}
{{- define "seed-scheduler.secretVariable" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      name: {{ required "secrets.existingSecret must name a Secret" (default .root.Values.secrets.existingSecret .from.existingSecret) }}
      key: {{ .from.key }}
      {{- if .isOptional }}
      optional: true
      {{- end }}
{{- end }}

{{/* Namespaces as peers of a NetworkPolicy. */}}
{{- define "seed-scheduler.namespacePeers" -}}
{{- range . }}
- namespaceSelector:
    matchLabels:
      kubernetes.io/metadata.name: {{ . }}
{{- end }}
{{- end }}

{{/*
CIDRs as peers of a NetworkPolicy. Of the whole Internet the link-local range, where clouds serve credentials to whoever
asks, is excepted, and so are the metadata services of Azure, Alibaba and, for IPv6, Amazon.
*/}}
{{- define "seed-scheduler.everywhere" -}}
{{- range . }}
- ipBlock:
    cidr: {{ . | quote }}
    {{- if eq . "0.0.0.0/0" }}
    except:
      - 169.254.0.0/16
      - 168.63.129.16/32
      - 100.100.100.200/32
    {{- else if eq . "::/0" }}
    except:
      - "fe80::/10"
      - "fd00:ec2::254/128"
    {{- end }}
{{- end }}
{{- end }}
