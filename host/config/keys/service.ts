// What the agent offers on the network, and how it works.

import {
  applies,
  choice,
  duration,
  flag,
  fraction,
  list,
  section,
  text,
  unused,
  whole,
} from '../../config-values/value-types.ts';
import { LOG_LEVELS } from '../../diagnostics/log.ts';

const DROPPED = { least: 1, most: 65535 };

/** Falco's. */
const DROP_ACTIONS = ['ignore', 'log', 'alert', 'exit'] as const;
const MOST_ACTIONS = 1_000_000;
/** Falco's too. */
const LEAST_METRICS_MS = 100;

export const SERVICE_KEYS = {
  log_level: applies(
    'now',
    choice(
      [...LOG_LEVELS, 'informational'],
      'info',
      "Messages of the agent's own that are less severe are left out. `wasprey log-level` sets it while it runs.",
    ),
  ),
  log_stderr: flag(true, 'Write these messages to standard error.'),
  log_syslog: flag(
    false,
    'Write them to syslog, where and under which name and facility syslog_output says, be that on or not. Falco does so by default.',
  ),
  log_format: choice(['text', 'json'], 'text', 'Their form: lines for people, or a JSON object a line (not in Falco).'),
  engine: section('What is captured, and how.', {
    kind: choice(
      ['modern_ebpf', 'kmod', 'ebpf'],
      'modern_ebpf',
      'Where events come from. All of these mean the same here: the BPF programs of Wasprey. `wasprey replay` evaluates recordings.',
    ),
    wasprey: section('What Falco does not have.', {
      bpf_stats: flag(
        false,
        'Have the kernel measure runs and CPU time of BPF programs, for the metrics. It needs CAP_SYS_ADMIN, and makes each run of every BPF program of the machine about 75 ns longer.',
      ),
      missing_hooks: choice(
        ['alert', 'allow'],
        'alert',
        'What is done when the kernel lacks a hook, or refuses a BPF program, without which rules in use are blind: `alert` raises `Wasprey internal: hooks missing`, Critical, and `/readyz` does not say ready; `allow` does neither. The log, `wasprey status` and the metrics report it in any case, and `wasprey doctor` says what to do.',
      ),
      module_field: flag(
        true,
        'Give each alert of a rule the field `wasprey.module`: `sha256:` and the hash of the module that the rule is of. Without, the fields of JSON are exactly those of Falco.',
      ),
      ring_memory_mb: whole(
        16,
        { least: 1, most: 4096 },
        'Memory for events on their way from the kernel, for all CPUs together.',
      ),
    }),
    kmod: unused('There is no kernel module; events take the memory of `engine.wasprey.ring_memory_mb`.'),
    ebpf: unused('There is one set of BPF programs; events take the memory of `engine.wasprey.ring_memory_mb`.'),
    modern_ebpf: unused(
      'Each CPU has a ring of its own, and all share the memory of `engine.wasprey.ring_memory_mb`; failed calls are told of, since rules may ask for them.',
    ),
    replay: unused('Recordings are evaluated by `wasprey replay`.'),
    gvisor: unused('gVisor is not watched; Falco no longer does it either.'),
  }),
  syscall_event_drops: section(
    'What is done when events are lost. They are counted in any case, by metrics and in the summary.',
    {
      threshold: fraction(
        0,
        { least: 0, most: 1 },
        'Share of the events of a second, from 0 to 1, above which their loss is an occurrence. Falco says 0.1 where nothing is said, and in its own file.',
      ),
      actions: list(
        choice(DROP_ACTIONS, 'alert', 'An action.'),
        'What is done then: a message in the log (at level debug), an alert, or the end, with status 1. `[]` and `ignore` are nothing. Falco does nothing where nothing is said, and `log` and `alert` in its own file.',
        ['alert'],
      ),
      rate: fraction(
        0.03333,
        { least: 0, most: MOST_ACTIONS },
        'How often in a second that is done on average; the next time tells of all since the time before.',
      ),
      max_burst: whole(1, { least: 0, most: MOST_ACTIONS }, 'How often it may be done at once.'),
      simulate_drops: flag(false, 'Take one event a second for lost, whatever the threshold. For trying it out.'),
    },
  ),
  control: section('The control socket, over which `wasprey status`, `reload`, `top` and `log-level` ask the agent.', {
    enabled: flag(false, 'Listen on a Unix socket that only the owner of the agent can open.'),
    socket: text('/run/wasprey/control.sock', 'Its path.'),
  }),
  webserver: section('The web server: health, readiness, versions, metrics.', {
    enabled: flag(false, 'Serve over HTTP.'),
    listen_address: text('127.0.0.1', 'Address to listen at; 0.0.0.0 and :: are all of the machine.'),
    listen_port: whole(8765, DROPPED, 'Port to listen at.'),
    k8s_healthz_endpoint: text('/healthz', 'Path of the health check.'),
    prometheus_metrics_enabled: flag(false, 'Serve metrics at /metrics; needs metrics.enabled as well.'),
    ssl_enabled: flag(false, 'Serve HTTPS.'),
    ssl_certificate: text(
      '/etc/wasprey/wasprey.pem',
      'PEM file with both the certificate and its private key; when it changes, the new ones are used.',
    ),
    threadiness: unused('One thread serves all requests.'),
  }),
  metrics: section('Numbers about the agent itself.', {
    enabled: flag(false, 'Gather metrics.'),
    interval: duration(
      '1h',
      LEAST_METRICS_MS,
      'How often they are written as `output_rule` and `output_file` have it; /metrics has them at any time.',
    ),
    output_rule: flag(
      false,
      'Write them as an alert, `Wasprey internal: metrics snapshot`, Informational, whatever `priority` says.',
    ),
    output_file: text('', 'Append them to this file, a JSON object a line; on SIGUSR1 it is opened anew. Empty: none.'),
    rules_counters_enabled: flag(true, 'Matches of each rule.'),
    resource_utilization_enabled: flag(true, 'CPU and memory that the agent and the machine use.'),
    state_counters_enabled: flag(true, 'Processes and containers that are known.'),
    kernel_event_counters_enabled: flag(true, 'Events and drops.'),
    kernel_event_counters_per_cpu_enabled: flag(false, 'Events of each CPU.'),
    libbpf_stats_enabled: flag(
      true,
      'Runs and CPU time of each BPF program, where the kernel measures them: by `engine.wasprey.bpf_stats`, or the sysctl `kernel.bpf_stats_enabled`.',
    ),
    plugins_metrics_enabled: unused('There are no plugins.'),
    kernel_iter_event_counters_enabled: unused('Nothing is lost between the kernel and the first list of processes.'),
    jemalloc_stats_enabled: unused('jemalloc is not used.'),
    convert_memory_to_mb: flag(
      true,
      'In alerts and files: memory in MB, or else in KB, and that of the container in bytes. At /metrics it is in bytes.',
    ),
    include_empty_values: flag(
      false,
      'In alerts and files: zeros too, besides those of the sums of events and drops, which are always there. At /metrics all are.',
    ),
  }),
} as const;
