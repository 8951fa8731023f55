{{- define "wasprey.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "wasprey.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains (include "wasprey.name" .) .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "wasprey.name" .) | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "wasprey.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride -}}
{{- end -}}

{{- define "wasprey.selectorLabels" -}}
app.kubernetes.io/name: {{ include "wasprey.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "wasprey.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "wasprey.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "wasprey.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "wasprey.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "wasprey.image" -}}
{{- with .Values.image -}}
{{- $registry := ternary "" (printf "%s/" .registry) (empty .registry) -}}
{{- printf "%s%s:%s" $registry .repository (default $.Chart.AppVersion .tag) -}}
{{- end -}}
{{- end -}}

{{- define "wasprey.asksKubernetes" -}}
{{- if and .Values.collectors.enabled .Values.collectors.kubernetes.enabled -}}true{{- end -}}
{{- end -}}

{{/* Folders of the host in which the sockets of container runtimes are, one a line. */}}
{{- define "wasprey.socketFolders" -}}
{{- $folders := list -}}
{{- with .Values.collectors -}}
{{- if and .enabled .containerEngine.enabled -}}
{{- range $engine := .containerEngine.engines -}}
{{- range $socket := ternary $engine.sockets list $engine.enabled -}}
{{- $path := trimPrefix "/var" $socket -}}
{{- $folders = append $folders (ternary "/run" (dir $socket) (hasPrefix "/run/" $path)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $folders | uniq | sortAlpha | join "\n" -}}
{{- end -}}

{{- define "wasprey.securityContext" -}}
{{- if .Values.containerSecurityContext -}}
{{- toYaml .Values.containerSecurityContext -}}
{{- else if .Values.driver.modernEbpf.leastPrivileged -}}
runAsUser: 0
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
{{- if semverCompare ">=1.30.0-0" .Capabilities.KubeVersion.Version }}
# A runtime's default profile keeps SYS_PTRACE from processes of the host.
appArmorProfile:
  type: Unconfined
{{- end }}
capabilities:
  drop: [ALL]
  add: [BPF, PERFMON, SYS_PTRACE]
{{- else -}}
runAsUser: 0
privileged: true
readOnlyRootFilesystem: true
{{- end -}}
{{- end -}}

{{- define "wasprey.podAnnotations" -}}
{{- $annotations := dict -}}
{{/* Changes need new pods. */}}
{{- if not .Values.falco.watch_config_files -}}
{{- $_ := set $annotations "checksum/config" (include (print $.Template.BasePath "/configmap.yaml") . | sha256sum) -}}
{{- end -}}
{{/* A field of the security context from 1.30 on. */}}
{{- $ownContext := or .Values.containerSecurityContext (not .Values.driver.modernEbpf.leastPrivileged) -}}
{{- if not (or $ownContext (semverCompare ">=1.30.0-0" .Capabilities.KubeVersion.Version)) -}}
{{- $_ := set $annotations "container.apparmor.security.beta.kubernetes.io/wasprey" "unconfined" -}}
{{- end -}}
{{- with mergeOverwrite $annotations (deepCopy (default dict .Values.podAnnotations)) -}}
{{- toYaml . -}}
{{- end -}}
{{- end -}}

{{- define "wasprey.affinity" -}}
{{- if .Values.affinity -}}
{{- toYaml .Values.affinity -}}
{{- else -}}
nodeAffinity:
  requiredDuringSchedulingIgnoredDuringExecution:
    nodeSelectorTerms:
      - matchExpressions:
          - key: kubernetes.io/os
            operator: In
            values: [linux]
          - key: kubernetes.io/arch
            operator: In
            values: {{ toJson .Values.image.architectures }}
{{- end -}}
{{- end -}}

{{- define "wasprey.updateStrategy" -}}
{{- if .Values.controller.daemonset.updateStrategy -}}
{{- toYaml .Values.controller.daemonset.updateStrategy -}}
{{- else if semverCompare ">=1.25.0-0" .Capabilities.KubeVersion.Version -}}
type: RollingUpdate
rollingUpdate:
  maxSurge: 1
  maxUnavailable: 0
{{- else -}}
type: RollingUpdate
rollingUpdate:
  maxUnavailable: 1
{{- end -}}
{{- end -}}

{{/* The configuration file: `falco`, with the keys that other values set. */}}
{{- define "wasprey.configuration" -}}
{{- $collectors := .Values.collectors -}}
{{- $engines := dict -}}
{{- range $name, $engine := $collectors.containerEngine.engines -}}
{{- $asked := and $collectors.enabled $collectors.containerEngine.enabled $engine.enabled -}}
{{- $_ := set $engines $name (dict "enabled" $asked "sockets" $engine.sockets) -}}
{{- end -}}
{{- $asked := dict "container_engines" $engines "kubernetes" (dict "enabled" (eq (include "wasprey.asksKubernetes" .) "true")) -}}
{{- with .Values.metrics -}}
{{- $metrics := dict
  "enabled" .enabled
  "rules_counters_enabled" .rulesCountersEnabled
  "resource_utilization_enabled" .resourceUtilizationEnabled
  "state_counters_enabled" .stateCountersEnabled
  "kernel_event_counters_enabled" .kernelEventCountersEnabled
  "kernel_event_counters_per_cpu_enabled" .kernelEventCountersPerCPUEnabled -}}
{{- $served := dict "webserver" (dict "prometheus_metrics_enabled" .enabled) -}}
{{- toYaml (mergeOverwrite (deepCopy $.Values.falco) $asked $served (dict "metrics" $metrics)) -}}
{{- end -}}
{{- end -}}
