// The agent's services on the network, its log, engine and metrics.

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
      "Lowest severity of the agent's own messages that is logged. `wasprey log-level` changes it at run time.",
    ),
  ),
  log_stderr: flag(true, 'Write these messages to standard error.'),
  log_syslog: flag(
    false,
    'Write these messages to syslog, with address, name and facility of syslog_output, even if that is off. Falco does so by default.',
  ),
  log_format: choice(
    ['text', 'json'],
    'text',
    'Format of these messages: text lines, or one JSON object a line (not in Falco).',
  ),
  engine: section('What is captured, and how.', {
    kind: {
      ...choice(
        ['modern_ebpf', 'kmod', 'ebpf'],
        'modern_ebpf',
        "The source of events. All values mean the same here: Wasprey's BPF programs. `wasprey replay` evaluates recordings.",
      ),
      instead: {
        nodriver:
          'leave it out; `wasprey run --disable-source syscall` receives audit events alone (sources.k8s_audit)',
        replay: 'leave it out; `wasprey replay FILE` evaluates recordings and .scap files',
        gvisor: 'gVisor is not supported; Falco no longer supports it either',
      },
    },
    wasprey: section('Keys that Falco does not have.', {
      bpf_stats: flag(
        false,
        'Let the kernel measure runs and CPU time of BPF programs, for the metrics. Needs CAP_SYS_ADMIN, and adds about 75 ns to each run of every BPF program of the machine.',
      ),
      hooks: choice(
        ['auto', 'sys_exit', 'fexit'],
        'auto',
        'How system calls are captured. `sys_exit`: by one BPF program at the end of all calls; every call of the machine costs 20 to 100 ns more. `fexit`: by programs at the exits of the calls that rules, journal and process images need; other calls cost nothing. `fexit` needs a kernel that supports it and does not preempt such programs (6.x with preempt=none or voluntary; `wasprey doctor` checks). It does not see calls that a seccomp profile or a tracer refuses or answers, calls that the kernel lacks, or calls that began before the agent. Stopping the agent takes about 0.15 s for each function that is traced. `auto` is `sys_exit`.',
      ),
      invalid_rules: choice(
        ['refuse', 'leave_out'],
        'refuse',
        'What to do at the start if rule files have errors: `refuse` ends the agent with the errors, as Falco does; `leave_out` uses the valid rules, raises `Wasprey internal: invalid rules left out`, Critical, and `/readyz` fails until the files are corrected. While the agent runs, changed rules with errors are refused in any case, and the previous ones stay in use.',
      ),
      missing_hooks: choice(
        ['alert', 'allow'],
        'alert',
        'What to do if rules in use are blind because the kernel lacks a hook or refuses a BPF program: `alert` raises `Wasprey internal: hooks missing`, Critical, and `/readyz` fails; `allow` does neither. The log, `wasprey status` and the metrics report it in any case, and `wasprey doctor` suggests a fix.',
      ),
      module_field: flag(
        true,
        "Add the field `wasprey.module` to each alert of a rule: `sha256:` and the hash of the rule's module. If off, the fields of JSON are exactly those of Falco.",
      ),
      ring_memory_mb: whole(
        0,
        { least: 0, most: 4096 },
        'Memory of the ring buffers for events, for all CPUs together; at most 256 for each CPU is used. 0 means 16, and with more than 64 CPUs 1 for every 4 of them.',
      ),
    }),
    kmod: unused('There is no kernel module; `engine.wasprey.ring_memory_mb` sets the memory for events.'),
    ebpf: unused('There is only one set of BPF programs; `engine.wasprey.ring_memory_mb` sets the memory for events.'),
    modern_ebpf: unused(
      'Each CPU has its own ring buffer, and all share the memory of `engine.wasprey.ring_memory_mb`; failed calls are always captured, because rules may match them.',
    ),
    replay: unused('Recordings are evaluated by `wasprey replay`.'),
    gvisor: unused('gVisor is not supported; Falco no longer supports it either.'),
  }),
  syscall_event_drops: section(
    'What to do when events are lost. Losses are always counted, in metrics and in the summary.',
    {
      threshold: fraction(
        0,
        { least: 0, most: 1 },
        "Share of lost events in a second, from 0 to 1, above which the loss is reported. Falco's default, also in its own file, is 0.1.",
      ),
      actions: list(
        choice(DROP_ACTIONS, 'alert', 'An action.'),
        "What to do then: log a message (at level debug), raise an alert, or exit with status 1. `[]` and `ignore` do nothing. Falco's default is nothing, and `log` and `alert` in its own file.",
        ['alert'],
      ),
      rate: fraction(
        0.03333,
        { least: 0, most: MOST_ACTIONS },
        'Average number of reports per second; each report includes all losses since the previous one.',
      ),
      max_burst: whole(1, { least: 0, most: MOST_ACTIONS }, 'Number of reports that may come at once.'),
      simulate_drops: flag(
        false,
        'Pretend that one event is lost each second, regardless of the threshold. For testing.',
      ),
    },
  ),
  control: section('The control socket of `wasprey status`, `reload`, `top` and `log-level`.', {
    enabled: flag(false, 'Listen on a Unix socket that only the owner of the agent can open.'),
    socket: text('/run/wasprey/control.sock', 'Its path.'),
  }),
  console: section('The page: what happens on this machine, in a browser. `wasprey console` prints its address.', {
    enabled: flag(false, 'Serve the page. `npm start` does.'),
    listen: text(
      '127.0.0.1:8766',
      'Address and port to listen on, as `[::1]:8766` for IPv6. With webserver.ssl_enabled it is HTTPS, with that certificate; without, it must be a loopback address.',
    ),
    token_file: text(
      '/run/wasprey/console.token',
      'File for the one-time address of the page, which `wasprey console` prints. Only the owner of the agent can read it.',
    ),
    actions: applies(
      'now',
      flag(false, 'Let everybody who has the page open undo responses. Otherwise the page is read-only.'),
    ),
  }),
  webserver: section('The web server: health, readiness, versions, metrics.', {
    enabled: flag(false, 'Serve over HTTP.'),
    listen_address: text('127.0.0.1', 'Address to listen on; 0.0.0.0 and :: mean all addresses of the machine.'),
    listen_port: whole(8765, DROPPED, 'Port to listen on.'),
    k8s_healthz_endpoint: text('/healthz', 'Path of the health check.'),
    prometheus_metrics_enabled: flag(false, 'Serve metrics at /metrics; needs metrics.enabled as well.'),
    ssl_enabled: flag(false, 'Serve HTTPS.'),
    ssl_certificate: text(
      '/etc/wasprey/wasprey.pem',
      'PEM file with both the certificate and its private key; it is reloaded when it changes.',
    ),
    threadiness: unused('One thread serves all requests.'),
    k8s_audit_endpoint: unused(
      '`sources.k8s_audit` receives audit events; in Falco the k8saudit plugin has received them since 0.32.',
    ),
  }),
  metrics: section('Metrics of the agent itself.', {
    enabled: flag(false, 'Gather metrics.'),
    interval: duration(
      '1h',
      LEAST_METRICS_MS,
      'How often `output_rule` and `output_file` write them; /metrics always has current ones.',
    ),
    output_rule: flag(
      false,
      'Write them as an alert, `Wasprey internal: metrics snapshot`, Informational, regardless of `priority`.',
    ),
    output_file: text('', 'Append them to this file, one JSON object a line; it is reopened on SIGUSR1. Empty: none.'),
    rules_counters_enabled: flag(true, 'Matches of each rule.'),
    resource_utilization_enabled: flag(true, 'CPU and memory that the agent and the machine use.'),
    state_counters_enabled: flag(true, 'Known processes and containers.'),
    kernel_event_counters_enabled: flag(true, 'Events and drops.'),
    kernel_event_counters_per_cpu_enabled: flag(false, 'Events of each CPU.'),
    libbpf_stats_enabled: flag(
      true,
      'Runs and CPU time of each BPF program, if the kernel measures them (`engine.wasprey.bpf_stats`, or the sysctl `kernel.bpf_stats_enabled`).',
    ),
    plugins_metrics_enabled: unused('Plugins are not supported.'),
    kernel_iter_event_counters_enabled: unused('Nothing is lost between the kernel and the first list of processes.'),
    jemalloc_stats_enabled: unused('jemalloc is not used.'),
    convert_memory_to_mb: flag(
      true,
      "In alerts and files: memory in MB. If off, in KB, and the container's memory in bytes. At /metrics memory is always in bytes.",
    ),
    include_empty_values: flag(
      false,
      'In alerts and files: include zeros. The sums of events and drops are always included. /metrics has all values.',
    ),
  }),
} as const;
