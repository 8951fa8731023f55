// Metrics under Falco's names, so that dashboards made for it show the same of this agent.

import type { Summary } from '../../agent/summary.ts';
import type { CaptureCounters } from '../../capture/capture-counters.ts';
import { type EventTotals, eventTotals } from '../../engine/counts/event-totals.ts';
import { PRIORITIES } from '../../schema/priority.ts';
import { counter, gauge, info, labelName, type Metric, type Sample } from './exposition.ts';
import { type AgentFacts, type MetricChoice, runNumbers } from './facts.ts';
import type { Resources } from './resources.ts';

const NANOSECONDS = 1e6;

export function falcoMetrics(
  facts: AgentFacts,
  summary: Summary,
  choice: MetricChoice,
  resources?: Resources,
): Metric[] {
  const { engine } = summary;
  return [
    ...factMetrics(facts, summary),
    ...(choice.rules ? [ruleMetric(summary)] : []),
    ...(resources ? resourceMetrics(resources) : []),
    ...(engine && choice.events ? eventMetrics(eventTotals(engine.capture)) : []),
    ...(engine && choice.state ? stateMetrics(engine.capture) : []),
    ...(engine && choice.perCpu ? cpuMetrics(engine.capture) : []),
  ];
}

function factMetrics(facts: AgentFacts, summary: Summary): Metric[] {
  const { version, hostname, kernel, startedMs, bootMs, cpus, configFiles } = facts;
  // The clock may be set back, and a counter must not go down.
  const { seconds, reloadMs, queueDrops } = runNumbers(facts, summary, startedMs + performance.now());
  return [
    info('falcosecurity_falco_version_info', 'The version of Wasprey.', { version }),
    info('falcosecurity_falco_kernel_release_info', 'The release of the kernel.', { kernel_release: kernel }),
    info('falcosecurity_evt_hostname_info', 'The name of the machine, as in alerts.', { hostname }),
    info('falcosecurity_scap_engine_name_info', 'The source of events.', {
      engine_name: 'bpf',
      evt_source: 'syscall',
    }),
    info(
      'falcosecurity_falco_sha256_config_files_info',
      'The configuration files that were read.',
      ...configFiles.map(({ name, sha256 }) => ({ file_name: name, sha256 })),
    ),
    gauge('falcosecurity_falco_start_timestamp_nanoseconds', 'When the agent was started.', startedMs * NANOSECONDS),
    gauge(
      'falcosecurity_falco_reload_timestamp_nanoseconds',
      'When the rules in use were loaded.',
      reloadMs * NANOSECONDS,
    ),
    gauge('falcosecurity_falco_host_boot_timestamp_nanoseconds', 'When the machine was started.', bootMs * NANOSECONDS),
    counter('falcosecurity_falco_duration_seconds_total', 'How long the agent has run.', seconds),
    gauge('falcosecurity_falco_host_num_cpus_total', 'CPUs of the machine.', cpus),
    counter('falcosecurity_falco_outputs_queue_num_drops_total', 'Alerts lost by the outputs.', queueDrops),
  ];
}

function ruleMetric({ alerts }: Summary): Metric {
  const samples = alerts.rules.map(({ rule: { name, priority, source, tags }, alerts: value }): Sample => {
    const tagLabels = Object.fromEntries(tags.map((tag) => [labelName(`tag_${tag}`), 'true']));
    // Numbers as syslog has them, 0 for emergency.
    const labels = { rule_name: name, priority: PRIORITIES.indexOf(priority), source, ...tagLabels };
    return { labels, value };
  });
  return counter('falcosecurity_falco_rules_matches_total', 'Alerts of each rule.', samples);
}

function resourceMetrics(resources: Resources): Metric[] {
  const rows = [
    ['cpu_usage_ratio', 'CPU usage of the agent, on average since its start.', resources.cpuRatio],
    ['memory_rss_bytes', 'Resident memory of the agent.', resources.rssBytes],
    ['memory_vsz_bytes', 'Virtual memory of the agent.', resources.vszBytes],
    ['memory_pss_bytes', 'Proportional memory of the agent.', resources.pssBytes],
    ['container_memory_used_bytes', "Memory of the agent's cgroup.", resources.containerBytes],
    ['host_cpu_usage_ratio', 'CPU usage of the machine, on average since its start.', resources.hostCpuRatio],
    ['host_memory_used_bytes', 'Memory in use on the machine.', resources.hostMemoryBytes],
    ['host_procs_running_total', 'Running processes of the machine.', resources.hostRunning],
    ['host_open_fds_total', 'Open files of the machine.', resources.hostOpenFiles],
  ] as const;
  return rows.map(([name, help, value]) =>
    gauge(`falcosecurity_falco_${name}`, help, value === undefined ? [] : [{ value }]),
  );
}

function eventMetrics({ produced, evaluated, lost, droppedByKind }: EventTotals): Metric[] {
  return [
    counter('falcosecurity_scap_n_evts_total', 'Events produced by the kernel.', produced),
    counter('falcosecurity_falco_n_evts_total', 'Events on which rules were evaluated.', evaluated),
    counter('falcosecurity_scap_n_drops_total', 'Lost events.', lost),
    counter('falcosecurity_scap_n_drops_buffer_total', 'Events dropped because a ring buffer was full.', [
      ...[...droppedByKind].map(([drop, value]) => ({ labels: { drop, dir: 'exit' }, value })),
      // There are no events of the beginning of a call; Falco serves these zeros too.
      ...[...droppedByKind.keys()].map((drop) => ({ labels: { drop, dir: 'enter' }, value: 0 })),
    ]),
    counter('falcosecurity_scap_n_drops_scratch_map_total', 'Events too large for the buffer; always 0.', 0),
  ];
}

function stateMetrics({ imagesLost }: CaptureCounters): Metric[] {
  const help = 'Processes that did not fit into the table.';
  return [counter('falcosecurity_scap_n_drops_full_threadtable_total', help, imagesLost)];
}

function cpuMetrics({ produced, droppedByCpu }: CaptureCounters): Metric[] {
  const samples = (values: readonly number[]) => values.map((value, cpu) => ({ labels: { cpu }, value }));
  return [
    counter('falcosecurity_scap_n_evts_cpu_total', 'Events produced by each CPU.', samples(produced)),
    counter(
      'falcosecurity_scap_n_drops_cpu_total',
      'Events of each CPU dropped because its ring buffer was full.',
      samples(droppedByCpu),
    ),
  ];
}
