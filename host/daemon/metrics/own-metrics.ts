// Metrics of what Falco does not have, or does not tell.

import type { Summary } from '../../agent/agent.ts';
import type { CaptureCounters } from '../../capture/native.ts';
import { LAG_BOUNDS_MS } from '../../engine/evaluation-clock.ts';
import { type EngineCounters, HOLD_ENDS } from '../../engine/protocol.ts';
import type { OutputCounters } from '../../outputs/output.ts';
import { EVENT_TYPES } from '../../schema/events/index.ts';
import { counter, gauge, histogram, info, type Metric, type Sample } from './exposition.ts';

export function ownMetrics(summary: Summary): Metric[] {
  return [
    ...(summary.engine ? engineMetrics(summary.engine) : []),
    ...alertMetrics(summary),
    ...ruleMetrics(summary),
    ...metadataMetrics(summary),
    ...nameMetrics(summary),
    ...tamperMetrics(summary),
    ...hookMetrics(summary),
    ...outputMetrics(summary),
  ];
}

function engineMetrics(counters: EngineCounters): Metric[] {
  const { capture, matches, matchesDropped, matchesOfSelf, fieldsUnreadable, hold, lag, evaluation } = counters;
  const outcomes = ['evaluated', 'filtered', 'dropped'] as const;
  const events = EVENT_TYPES.flatMap(({ name, number }): Sample[] =>
    outcomes.map((outcome) => ({ labels: { type: name, outcome }, value: capture[outcome][number] ?? 0 })),
  );
  const produced = capture.produced.map((value, cpu): Sample => ({ labels: { cpu }, value }));
  return [
    counter(
      'wasprey_events_total',
      'Events by type and what became of them: evaluated, filtered in the kernel because no rule can match them, dropped for want of room.',
      events,
    ),
    counter('wasprey_events_produced_total', 'Events that the kernel told of, by CPU.', produced),
    counter('wasprey_events_malformed_total', 'Records that made no sense and were skipped.', capture.malformed),
    counter(
      'wasprey_missed_runs_total',
      'Calls not seen because the kernel was running another BPF program.',
      capture.missedRuns,
    ),
    gauge('wasprey_ring_high_water_ratio', 'The most that a ring has been filled.', capture.ringHighWater),
    gauge('wasprey_process_images', 'Process images in the table.', capture.images),
    counter('wasprey_process_images_lost_total', 'Processes that are not known for want of room.', capture.imagesLost),
    counter(
      'wasprey_process_images_evicted_total',
      'Processes forgotten to make room for others.',
      capture.imagesEvicted,
    ),
    counter('wasprey_unknown_images_total', 'Events whose process was not known.', capture.unknownImages),
    gauge('wasprey_containers', 'Containers that are known to the capture.', capture.containers),
    counter('wasprey_matches_total', 'Events on which a rule was true.', matches),
    counter(
      'wasprey_matches_dropped_total',
      'Of those, the ones that came faster than alerts could be made.',
      matchesDropped,
    ),
    counter(
      'wasprey_matches_of_self_total',
      'Matches of what the agent itself did; there are no alerts of it.',
      matchesOfSelf,
    ),
    counter('wasprey_fields_unreadable_total', 'Fields of alerts that could not be read.', fieldsUnreadable),
    gauge('wasprey_events_held', 'Events that wait for what there is to know of their container.', hold.now),
    counter(
      'wasprey_events_held_total',
      'Events that waited so, by why they do no more: all but known were evaluated without.',
      HOLD_ENDS.map((end) => ({ labels: { end }, value: hold.ended[end] })),
    ),
    histogram(
      'wasprey_lag_seconds',
      "From the kernel's clock to evaluation, of the first event of each batch.",
      LAG_BOUNDS_MS.map((bound) => bound / 1000),
      lag.batches,
      lag.sumMs / 1000,
    ),
    counter('wasprey_batches_total', 'Batches of events that the rules in use were evaluated on.', evaluation.batches),
  ];
}

/** Of BPF programs, where the kernel measures them. */
export function programMetrics({ programs }: CaptureCounters): Metric[] {
  const samples = (value: (runs: CaptureCounters['programs'][number]) => number): Sample[] =>
    programs.map((runs) => ({ labels: { program: runs.name }, value: value(runs) }));
  return [
    counter(
      'wasprey_bpf_runs_total',
      'Runs of each BPF program while the kernel measures them.',
      samples(({ runs }) => runs),
    ),
    counter(
      'wasprey_bpf_run_time_seconds_total',
      'CPU time that these runs took.',
      samples(({ nanoseconds }) => nanoseconds / 1e9),
    ),
  ];
}

function alertMetrics({ alerts }: Summary): Metric[] {
  const without = [...alerts.withoutContainer].map(([reason, value]) => ({ labels: { reason }, value }));
  return [
    counter('wasprey_alerts_total', 'Alerts of rules.', alerts.alerts),
    counter('wasprey_alerts_held_total', "Alerts that waited for their container's metadata.", alerts.held),
    counter('wasprey_alerts_held_in_vain_total', 'Of those, the ones that went out without.', alerts.heldInVain),
    counter(
      'wasprey_alerts_without_container_total',
      'Alerts that lack what they should tell of their container, by the reason that they carry.',
      without,
    ),
  ];
}

function metadataMetrics({ containers }: Summary): Metric[] {
  const { known, unknown, podsKnown, podsUnknown, failures } = containers;
  const results = (found: number, missing: number): Sample[] => [
    { labels: { result: 'known' }, value: found },
    { labels: { result: 'unknown' }, value: missing },
  ];
  return [
    counter(
      'wasprey_container_lookups_total',
      'Containers that a runtime told about, or none knew.',
      results(known, unknown),
    ),
    counter(
      'wasprey_pod_lookups_total',
      'Containers whose pod the API server told about, or not in time.',
      results(podsKnown, podsUnknown),
    ),
    counter(
      'wasprey_metadata_failures_total',
      'Failures of those who are asked about containers and pods, by who and how.',
      failures.map(({ source, kind, count }) => ({ labels: { source, kind }, value: count })),
    ),
  ];
}

function ruleMetrics({ rules: { generation, modules, reloads, setAside } }: Summary): Metric[] {
  const labels = modules.map(({ name, sha256, rules }) => ({ module: name, sha256, rules }));
  return [
    info('wasprey_rule_module_info', 'The modules in use.', ...labels),
    gauge(
      'wasprey_rule_module_in_use_timestamp_seconds',
      'Since when each of them has been in use.',
      modules.map(({ name, sha256, inUseSince }) => ({ labels: { module: name, sha256 }, value: inUseSince / 1000 })),
    ),
    counter(
      'wasprey_rule_modules_set_aside_total',
      'Modules that failed and are not evaluated any more.',
      setAside.length,
    ),
    gauge('wasprey_rule_generation', 'How often the rules have been replaced.', generation),
    counter('wasprey_rule_reloads_total', 'Replacements of rules, by result.', [
      { labels: { result: 'succeeded' }, value: reloads.succeeded },
      { labels: { result: 'failed' }, value: reloads.failed },
    ]),
    gauge(
      'wasprey_rules_refused',
      'Whether what was given last as rules or configuration can not be used, so that others are in use.',
      reloads.isRefused ? 1 : 0,
    ),
    gauge(
      'wasprey_rule_reload_success_timestamp_seconds',
      'When rules were last replaced.',
      reloads.lastSuccess === undefined ? [] : [{ value: reloads.lastSuccess / 1000 }],
    ),
  ];
}

function nameMetrics({ names }: Summary): Metric[] {
  return [
    gauge('wasprey_names', 'Names that rules compare addresses with, and those of them that have some.', [
      { labels: { state: 'wanted' }, value: names.names },
      { labels: { state: 'resolved' }, value: names.resolved },
    ]),
    counter('wasprey_name_failures_total', 'Look-ups of names that failed.', names.failures),
    counter('wasprey_name_overflows_total', 'Addresses of names that there was no room for.', names.overflows),
  ];
}

function tamperMetrics({ tampering: { counts, present } }: Summary): Metric[] {
  return [
    counter(
      'wasprey_tamper_findings_total',
      'How often the capture was found changed from outside, or the agent kept from running, by what.',
      [...counts].map(([what, value]) => ({ labels: { what }, value })),
    ),
    gauge('wasprey_tamper_findings', 'What of the capture is not as it was made now.', present.length),
  ];
}

function hookMetrics({ hooks: { missing, blindRules } }: Summary): Metric[] {
  return [
    gauge(
      'wasprey_missing_hooks',
      'Hooks that this kernel does not take, by why; with blinds="no" nothing goes unseen for want of it.',
      missing.map(({ hook, program, reason, blinds }) => ({
        labels: { hook, program, reason, blinds: blinds.length > 0 ? 'yes' : 'no' },
        value: 1,
      })),
    ),
    gauge(
      'wasprey_blind_rules',
      'Rules in use that do not see all that they say, for want of hooks.',
      blindRules.length,
    ),
  ];
}

function outputMetrics({ outputs }: Summary): Metric[] {
  // Outputs of one kind, such as two files, count as one.
  const names = [...new Set(outputs.map(({ name }) => name))];
  const samples = (key: keyof OutputCounters, labels: Readonly<Record<string, string>> = {}): Sample[] =>
    names.map((output) => {
      const value = outputs.reduce((sum, { name, counters }) => sum + (name === output ? (counters[key] ?? 0) : 0), 0);
      return { labels: { output, ...labels }, value };
    });
  return [
    counter('wasprey_output_alerts_total', 'Alerts that each output has written, or lost.', [
      ...samples('written', { result: 'written' }),
      ...samples('dropped', { result: 'dropped' }),
    ]),
    counter(
      'wasprey_output_alerts_held_back_total',
      'Alerts that repeat others, and that each output tells of together.',
      samples('heldBack'),
    ),
    counter('wasprey_output_errors_total', 'Failed attempts to write alerts.', samples('errors')),
    gauge('wasprey_output_queue', 'Alerts that wait before each output.', samples('queued')),
  ];
}
