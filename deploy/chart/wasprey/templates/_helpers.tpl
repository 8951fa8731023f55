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
app.kubernetes.io/name: {{ include "wasprey.name" . | toYaml }}
app.kubernetes.io/instance: {{ toYaml .Release.Name }}
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

{{/* Falco's image does not have this agent: its name and tag mean those of Wasprey's image. */}}
{{- define "wasprey.namesFalcoImage" -}}
{{- if hasPrefix "falcosecurity/falco" .Values.image.repository -}}true{{- end -}}
{{- end -}}

{{- define "wasprey.image" -}}
{{- $isFalco := include "wasprey.namesFalcoImage" . -}}
{{- with .Values.image -}}
{{- $host := ternary "" .registry (and (not (empty $isFalco)) (eq .registry "docker.io")) -}}
{{- $registry := ternary "" (printf "%s/" $host) (empty $host) -}}
{{- if $isFalco -}}
{{- printf "%swasprey:%s" $registry $.Chart.AppVersion -}}
{{- else -}}
{{- printf "%s%s:%s" $registry .repository (default $.Chart.AppVersion .tag) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The value at a path such as `driver.kind`, as JSON; null where nothing is. Takes the path and the values as a list. */}}
{{- define "wasprey.valueAt" -}}
{{- $value := last . -}}
{{- range $step := splitList "." (first .) -}}
{{- $value = index (ternary $value dict (kindIs "map" $value)) $step -}}
{{- end -}}
{{- toJson $value -}}
{{- end -}}

{{/* Values of Falco's chart that are set and have no effect: for each a line with what to do instead. */}}
{{- define "wasprey.withoutEffect" -}}
{{- $values := .Values -}}
{{- range $path, $instead := .Files.Get "falco-values.yaml" | fromYaml -}}
{{- $set := include "wasprey.valueAt" (list $path $values) -}}
{{- if not (has $set (list "null" "false" "0" "\"\"" "[]" "{}")) }}
  {{ $path }}: {{ $instead }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* References of artifacts that falcoctl would install or follow, one a line. */}}
{{- define "wasprey.falcoctlReferences" -}}
{{- $references := list -}}
{{- range $way := list "install" "follow" -}}
{{- if eq (include "wasprey.valueAt" (list (printf "artifact.%s.enabled" $way) $.Values.falcoctl)) "true" -}}
{{- range $reference := include "wasprey.valueAt" (list (printf "config.artifact.%s.refs" $way) $.Values.falcoctl) | fromJsonArray -}}
{{- $references = append $references (trimPrefix "oci://" $reference) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $references | uniq | join "\n" -}}
{{- end -}}

{{- define "wasprey.asksKubernetes" -}}
{{- if and (not (include "wasprey.receivesAudit" .)) (.Values.collectors).enabled ((.Values.collectors).kubernetes).enabled -}}true{{- end -}}
{{- end -}}

{{/*
Container runtimes that are asked: those of `containerEngine`. The older values `docker`, `containerd` and `crio` of Falco's chart add a
socket, unless they are off. `docker.enabled` also turns docker on or off; containerd and crio share the engine `cri`, which stays on.
*/}}
{{- define "wasprey.engines" -}}
{{- $collectors := .Values.collectors | default dict -}}
{{- $wanted := ($collectors.containerEngine).engines | default dict -}}
{{- $engines := dict -}}
{{- range $name := list "docker" "podman" "containerd" "cri" -}}
{{- $engine := index $wanted $name | default dict -}}
{{- $_ := set $engines $name (dict "enabled" ($engine.enabled | default false) "sockets" ($engine.sockets | default list)) -}}
{{- end -}}
{{- range $old, $name := dict "docker" "docker" "containerd" "cri" "crio" "cri" -}}
{{- $given := index $collectors $old | default dict -}}
{{- $engine := index $engines $name -}}
{{- if and (eq $old "docker") (hasKey $given "enabled") -}}
{{- $_ := set $engine "enabled" $given.enabled -}}
{{- end -}}
{{- if and $given.socket (dig "enabled" true $given) -}}
{{- $_ := set $engine "sockets" (append $engine.sockets (trimPrefix "unix://" $given.socket) | uniq) -}}
{{- end -}}
{{- end -}}
{{- toYaml $engines -}}
{{- end -}}

{{/* Folders of the host in which the sockets of container runtimes are, one a line. */}}
{{- define "wasprey.socketFolders" -}}
{{- $folders := list -}}
{{- with .Values.collectors -}}
{{- if and .enabled (.containerEngine).enabled -}}
{{- range $engine := include "wasprey.engines" $ | fromYaml -}}
{{- range $socket := ternary $engine.sockets list $engine.enabled -}}
{{- $path := trimPrefix "/var" $socket -}}
{{- $folders = append $folders (ternary "/run" (dir $socket) (hasPrefix "/run/" $path)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $folders | uniq | sortAlpha | join "\n" -}}
{{- end -}}

{{/* Only an explicit false makes a container privileged. */}}
{{- define "wasprey.leastPrivileged" -}}
{{- if ne (include "wasprey.valueAt" (list "driver.modernEbpf.leastPrivileged" .Values)) "false" -}}true{{- end -}}
{{- end -}}

{{- define "wasprey.securityContext" -}}
{{- if .Values.containerSecurityContext -}}
{{- toYaml .Values.containerSecurityContext -}}
{{- else if include "wasprey.leastPrivileged" . -}}
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
  add: [BPF, PERFMON, SYS_PTRACE{{ include "wasprey.responseCapabilities" . }}]
{{- else -}}
runAsUser: 0
privileged: true
readOnlyRootFilesystem: true
{{- end -}}
{{- end -}}

{{- define "wasprey.podAnnotations" -}}
{{- $annotations := dict -}}
{{/* Changes need new pods. */}}
{{- if (.Values.falco).watch_config_files -}}
{{- $configuration := include "wasprey.configuration" . | fromYaml -}}
{{- $values := list -}}
{{- range $path := .Files.Get "start-keys.yaml" | fromYamlArray -}}
{{- $values = append $values (include "wasprey.valueAt" (list $path $configuration)) -}}
{{- end -}}
{{- $_ := set $annotations "checksum/start-keys" (join "\n" $values | sha256sum) -}}
{{- else -}}
{{- $_ := set $annotations "checksum/config" (include (print $.Template.BasePath "/configmap.yaml") . | sha256sum) -}}
{{- end -}}
{{/* A field of the security context from 1.30 on. */}}
{{- $ownContext := or .Values.containerSecurityContext (not (include "wasprey.leastPrivileged" .)) -}}
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
          {{- with .Values.image.architectures }}
          - key: kubernetes.io/arch
            operator: In
            values: {{ toJson . }}
          {{- end }}
{{- end -}}
{{- end -}}

{{- define "wasprey.updateStrategy" -}}
{{- if ((.Values.controller).daemonset).updateStrategy -}}
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
{{- $engines := dict -}}
{{- range $name, $engine := include "wasprey.engines" . | fromYaml -}}
{{- $asked := and ($.Values.collectors).enabled (($.Values.collectors).containerEngine).enabled $engine.enabled -}}
{{- $_ := set $engines $name (dict "enabled" (not (empty $asked)) "sockets" $engine.sockets) -}}
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
{{- range $name, $key := dict
  "interval" "interval"
  "outputRule" "output_rule"
  "libbpfStatsEnabled" "libbpf_stats_enabled"
  "convertMemoryToMB" "convert_memory_to_mb"
  "includeEmptyValues" "include_empty_values" -}}
{{- if hasKey $.Values.metrics $name -}}
{{- $_ := set $metrics $key (index $.Values.metrics $name) -}}
{{- end -}}
{{- end -}}
{{- $served := dict "webserver" (dict "prometheus_metrics_enabled" .enabled) -}}
{{- $falco := omit (deepCopy ($.Values.falco | default dict)) "rules_file" "responses" -}}
{{- $files := ($.Values.falco).config_files | default list -}}
{{- $responses := dict "path" "/etc/wasprey/responses" "strategy" "override" -}}
{{- $included := dict "config_files" (append (ternary $files (list $files) (kindIs "slice" $files)) $responses) -}}
{{- $rules := dict "rules_files" (include "wasprey.rulesFiles" $ | fromYamlArray) -}}
{{- $others := include "wasprey.setByFalcoValues" $ | fromYaml -}}
{{- $audit := include "wasprey.auditKeys" $ | fromYaml -}}
{{- toYaml (mergeOverwrite $falco $asked $served $rules $included $others $audit (dict "metrics" $metrics)) -}}
{{- end -}}
{{- end -}}

{{/* What is done about alerts: `responses`, or that section of `falco`. */}}
{{- define "wasprey.responses" -}}
{{- $own := .Values.responses | default dict -}}
{{- $section := (.Values.falco).responses | default dict -}}
{{- if and $own $section -}}
{{- fail "responses and falco.responses exclude each other: leave one of them out" -}}
{{- end -}}
{{- $own | default $section | toYaml -}}
{{- end -}}

{{/* What responses do, one a line; `kernel` where the kernel does it. */}}
{{- define "wasprey.responseActions" -}}
{{- $actions := list -}}
{{- range (include "wasprey.responses" . | fromYaml).actions -}}
{{- $actions = append $actions (ternary "kernel" (.do | default "") (eq (.where | default "host") "kernel")) -}}
{{- end -}}
{{- $actions | uniq | sortAlpha | join "\n" -}}
{{- end -}}

{{/* Whether any of the words of the first argument is a line of the second. */}}
{{- define "wasprey.hasAny" -}}
{{- $lines := splitList "\n" (last .) -}}
{{- range $word := splitList " " (first .) -}}
{{- if has $word $lines -}}true{{- end -}}
{{- end -}}
{{- end -}}

{{/* Capabilities beside those of every agent: KILL signals processes of all users, NET_ADMIN attaches programs to the cgroups of containers. */}}
{{- define "wasprey.responseCapabilities" -}}
{{- $actions := include "wasprey.responseActions" . -}}
{{- if include "wasprey.hasAny" (list "kill_process kill_process_tree kill_container" $actions) -}}, KILL{{- end -}}
{{- if include "wasprey.hasAny" (list "isolate_container kernel" $actions) -}}, NET_ADMIN{{- end -}}
{{- end -}}

{{/*
Rule files and folders, in the order of the values: `rules_files`, or `rules_file` as older files of Falco's have it; where neither is set,
Falco's default. The ConfigMaps of `rulesConfigMaps` come right before the custom rules.
*/}}
{{- define "wasprey.rulesFiles" -}}
{{- $falco := .Values.falco | default dict -}}
{{- $default := include "wasprey.ruleFolders" (list "/etc/falco/falco_rules.yaml" "/etc/falco/rules.d") -}}
{{- $files := include "wasprey.ruleFolders" $falco.rules_files | default $default -}}
{{- with include "wasprey.ruleFolders" $falco.rules_file -}}
{{- if not (has $files (list $default .)) -}}
{{- fail "falco.rules_file is the older name of falco.rules_files: leave one of them out" -}}
{{- end -}}
{{- $files = . -}}
{{- end -}}
{{- $maps := list -}}
{{- range $name := .Values.rulesConfigMaps -}}
{{- $maps = append $maps (printf "/etc/wasprey/rules.maps/%s" $name) -}}
{{- end -}}
{{- $all := list -}}
{{- range $path := splitList "\n" $files -}}
{{- $all = concat $all (ternary $maps list (eq $path "/etc/wasprey/rules.d")) (list $path) -}}
{{- end -}}
{{- concat $all $maps | uniq | toYaml -}}
{{- end -}}

{{/* A list of rule files, or a single one, with Wasprey's paths for Falco's; one a line, nothing where none is given. */}}
{{- define "wasprey.ruleFolders" -}}
{{- $files := list -}}
{{- range $path := ternary . (list .) (kindIs "slice" .) | compact -}}
{{- $path = toString $path -}}
{{- if eq $path "/etc/falco/falco_rules.yaml" -}}
{{- $files = concat $files (list "/etc/wasprey/rules" "/etc/wasprey/rules.image" "/var/lib/wasprey/followed") -}}
{{- else if has (trimSuffix "/" $path) (list "/etc/falco/rules.d" "/etc/wasprey/rules.d") -}}
{{- $files = append $files "/etc/wasprey/rules.d" -}}
{{- else -}}
{{- $files = append $files $path -}}
{{- end -}}
{{- end -}}
{{- $files | uniq | join "\n" -}}
{{- end -}}

{{/* The web server of `falco`. Port and probes of the pods follow from it, so keys can't come from the agent's environment. */}}
{{- define "wasprey.webserver" -}}
{{- $web := (.Values.falco).webserver | default dict -}}
{{- if $web.enabled -}}
{{- range $key := list "enabled" "listen_port" "ssl_enabled" "k8s_healthz_endpoint" -}}
{{- if contains "${" (get $web $key | toString) -}}
{{- fail (printf "falco.webserver.%s can't be %v: the port and the probes of the pods need its value" $key (get $web $key)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toYaml $web -}}
{{- end -}}

{{/* Whether this release is a receiver of audit events, not an agent of nodes. */}}
{{- define "wasprey.receivesAudit" -}}
{{- if eq ((.Values.controller).kind | default "daemonset") "deployment" -}}true{{- end -}}
{{- end -}}

{{/* `k8sAudit`, with names of Secrets alone where these are given; parts that were taken away have their defaults. */}}
{{- define "wasprey.k8sAudit" -}}
{{- $audit := .Values.k8sAudit | default dict -}}
{{- $service := $audit.service | default dict -}}
tls: {{ ($audit.tls).secretName | default "" | quote }}
hosts: {{ ($audit.tls).hosts | default list | toJson }}
addresses: {{ ($audit.tls).addresses | default list | toJson }}
keepEvents: {{ $audit.keepEvents | default false }}
clientAuthority: {{ ($audit.clientAuthority).secretName | default "" | quote }}
token: {{ ($audit.token).secretName | default "" | quote }}
agents:
  enabled: {{ ($audit.agents).enabled | default false }}
  serviceAccounts: {{ ($audit.agents).serviceAccounts | default list | toJson }}
  port: {{ ($audit.agents).port | default 9766 }}
service:
  type: {{ $service.type | default "ClusterIP" | quote }}
  clusterIP: {{ $service.clusterIP | default "" | quote }}
  port: {{ $service.port | default 9765 }}
  nodePort: {{ $service.nodePort | default 0 }}
  annotations: {{ $service.annotations | default dict | toJson }}
{{- end -}}

{{/* Service, and Secret that the chart makes, of the receiver of audit events. A Service's name has 63 characters at most. */}}
{{- define "wasprey.auditName" -}}
{{- include "wasprey.fullname" . | trunc 57 | trimSuffix "-" -}}-audit
{{- end -}}

{{/* Name of the Secret with the token of the API server; empty: it has a certificate. */}}
{{- define "wasprey.auditToken" -}}
{{- $audit := include "wasprey.k8sAudit" . | fromYaml -}}
{{- if $audit.token -}}
{{- $audit.token -}}
{{- else if not $audit.clientAuthority -}}
{{- include "wasprey.auditName" . -}}
{{- end -}}
{{- end -}}

{{- define "wasprey.ownAuditSecret" -}}
{{- $name := include "wasprey.auditName" . -}}
{{- if or (not (include "wasprey.k8sAudit" . | fromYaml).tls) (eq (include "wasprey.auditToken" .) $name) -}}true{{- end -}}
{{- end -}}

{{/* Where the receiver of audit events listens. Nothing of a node is kept. */}}
{{- define "wasprey.auditKeys" -}}
{{- if include "wasprey.receivesAudit" . -}}
{{- $audit := include "wasprey.k8sAudit" . | fromYaml -}}
sources:
  k8s_audit:
    listen: 0.0.0.0:9765
    ssl_enabled: true
    ssl_certificate: /etc/wasprey/audit/tls/tls.crt
    ssl_key: /etc/wasprey/audit/tls/tls.key
    token_file: {{ ternary "/etc/wasprey/audit/token/token" "" (not (empty (include "wasprey.auditToken" .))) | quote }}
    client_ca: {{ ternary "/etc/wasprey/audit/clients/ca.crt" "" (not (empty $audit.clientAuthority)) | quote }}
    {{- if $audit.agents.enabled }}
    agents:
      listen: 0.0.0.0:9766
      service_accounts: {{ $audit.agents.serviceAccounts | toJson }}
    {{- end }}
{{- if include "wasprey.receiverAsks" . }}
kubernetes: {enabled: true}
{{- end }}
journal: {enabled: {{ $audit.keepEvents }}}
{{- else if include "wasprey.requestReceiver" . -}}
sessions:
  receiver:
    url: {{ include "wasprey.requestReceiver" . | quote }}
    ca_file: /etc/wasprey/receiver/ca.crt
    token_file: /var/run/secrets/wasprey/receiver/token
{{- else -}}
{}
{{- end -}}
{{- end -}}

{{/* Whether this receiver sends requests to enter pods to the agents of nodes. An agent has one stream: a second receiver would have what it lacks. */}}
{{- define "wasprey.servesAgents" -}}
{{- $agents := (include "wasprey.k8sAudit" . | fromYaml).agents -}}
{{- if and (include "wasprey.receivesAudit" .) $agents.enabled -}}
{{- if not $agents.serviceAccounts -}}
{{- fail "k8sAudit.agents.enabled needs k8sAudit.agents.serviceAccounts: those of the agents, such as [wasprey/wasprey]" -}}
{{- end -}}
{{- if ne (int (((.Values.controller).deployment).replicas | default 1)) 1 -}}
{{- fail "k8sAudit.agents.enabled needs controller.deployment.replicas 1: an agent hears one receiver, and each receiver gets a part of the events" -}}
{{- end -}}
true
{{- end -}}
{{- end -}}

{{/* Whether this receiver asks the API server: for agents, or since responses act on pods. */}}
{{- define "wasprey.receiverAsks" -}}
{{- if include "wasprey.receivesAudit" . -}}
{{- $acts := include "wasprey.hasAny" (list "delete_pod label_pod" (include "wasprey.responseActions" .)) -}}
{{- if or (include "wasprey.servesAgents" .) $acts -}}true{{- end -}}
{{- end -}}
{{- end -}}

{{/* Address of the receiver that sends this release's agents the requests to enter pods; empty: none. */}}
{{- define "wasprey.requestReceiver" -}}
{{- if not (include "wasprey.receivesAudit" .) -}}
{{- ((.Values.sessions).receiver).url | default "" -}}
{{- end -}}
{{- end -}}

{{/* Probes of the container, if the web server is on. */}}
{{- define "wasprey.probes" -}}
{{- $web := include "wasprey.webserver" . | fromYaml }}
{{- if $web.enabled }}
{{- $healthz := dict "path" ($web.k8s_healthz_endpoint | default "/healthz") "port" "web" }}
{{- $startupz := dict "path" "/startupz" "port" "web" }}
{{- $readyz := dict "path" "/readyz" "port" "web" }}
{{- range $kind, $endpoint := dict "startupProbe" $startupz "livenessProbe" $healthz "readinessProbe" $readyz }}
{{- with get ($.Values.healthChecks | default dict) $kind }}
{{ $kind }}:
  httpGet: {{- toYaml (merge (dict "scheme" (ternary "HTTPS" "HTTP" ($web.ssl_enabled | default false))) $endpoint) | nindent 4 }}
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Keys that follow from `falcosidekick` and `falcoctl`, as in Falco's chart. */}}
{{- define "wasprey.setByFalcoValues" -}}
{{- $keys := dict -}}
{{- $sidekick := .Values.falcosidekick | default dict -}}
{{- if $sidekick.enabled -}}
{{- $host := printf "%s-falcosidekick" .Release.Name -}}
{{- if $sidekick.fullfqdn -}}
{{- $host = printf "%s.%s.svc.cluster.local" $host (include "wasprey.namespace" .) -}}
{{- end -}}
{{- $url := printf "http://%s:%v" $host (default 2801 $sidekick.listenPort) -}}
{{- $_ := set $keys "json_output" true -}}
{{- $_ := set $keys "json_include_output_property" true -}}
{{- $_ := set $keys "http_output" (dict "enabled" true "url" $url) -}}
{{- end -}}
{{- $follow := list -}}
{{- $every := include "wasprey.valueAt" (list "config.artifact.follow.every" .Values.falcoctl) | printf "[%s]" | fromJsonArray | first | default "168h" -}}
{{- range $reference := include "wasprey.falcoctlReferences" . | splitList "\n" -}}
{{- if and (contains "/" $reference) (not (contains "/plugin/" $reference)) -}}
{{- $follow = append $follow (dict "reference" (printf "oci://%s" $reference) "every" $every) -}}
{{- end -}}
{{- end -}}
{{- if $follow -}}
{{- $_ := set $keys "follow" (concat ((.Values.falco).follow | default list) $follow) -}}
{{- end -}}
{{- toYaml $keys -}}
{{- end -}}
