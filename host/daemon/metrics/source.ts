// Which metrics a run gives, by its configuration, and the facts about it that do not change.

import type { Configuration } from '../../config/definition.ts';
import { version } from '../../diagnostics/version.ts';
import { type AgentFacts, agentFacts, type MetricChoice } from './facts.ts';

export interface MetricSource {
  readonly facts: AgentFacts;
  readonly choice: MetricChoice;
}

/** @param configFiles that were read */
export function metricSource({ metrics }: Configuration, configFiles: readonly string[]): MetricSource {
  return {
    facts: agentFacts(version(), configFiles),
    choice: {
      rules: metrics.rules_counters_enabled,
      resources: metrics.resource_utilization_enabled,
      state: metrics.state_counters_enabled,
      // As in Falco, the numbers of CPUs come with those of all.
      events: metrics.kernel_event_counters_enabled || metrics.kernel_event_counters_per_cpu_enabled,
      perCpu: metrics.kernel_event_counters_per_cpu_enabled,
      programs: metrics.libbpf_stats_enabled,
    },
  };
}
