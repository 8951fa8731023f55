// Wasprey's own metrics, which Falco lacks.

import type { Summary } from '../../agent/summary.ts';
import type { CapturesSummary } from '../../captures/captures.ts';
import type { JournalSummary } from '../../journal/store.ts';
import type { OutputCounters } from '../../outputs/output.ts';
import { engineMetrics } from './engine-metrics.ts';
import { counter, gauge, info, type Metric, type Sample } from './exposition.ts';
import { podRequestMetrics } from './pod-request-metrics.ts';
import { responseMetrics } from './response-metrics.ts';
import { sourceMetrics } from './source-metrics.ts';

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
    ...(summary.journal ? journalMetrics(summary.journal) : []),
    ...(summary.captures ? captureMetrics(summary.captures) : []),
    ...(summary.responses ? responseMetrics(summary.responses) : []),
    ...(summary.other ? sourceMetrics(summary.other) : []),
    ...(summary.podRequests ? podRequestMetrics(summary.podRequests) : []),
  ];
}

function journalMetrics({
  segments,
  bytes,
  events,
  writtenBytes,
  removed,
  leftOut,
  failure,
}: JournalSummary): Metric[] {
  return [
    counter('wasprey_journal_events_total', 'Events written to the journal.', events),
    counter(
      'wasprey_journal_events_left_out_total',
      'Events that the journal lacks: its disk failed or was slow.',
      leftOut,
    ),
    counter('wasprey_journal_written_bytes_total', 'Bytes written to the journal.', writtenBytes),
    counter('wasprey_journal_files_removed_total', 'Journal files removed because of size or age.', removed),
    gauge('wasprey_journal_files', 'Number of journal files.', segments),
    gauge('wasprey_journal_bytes', 'Size of the journal files.', bytes),
    gauge('wasprey_journal_failing', "1 while the journal can't be written.", failure === undefined ? 0 : 1),
  ];
}

function captureMetrics({ active, made, failed, refused }: CapturesSummary): Metric[] {
  return [
    gauge('wasprey_captures_active', 'Captures in progress.', active),
    counter('wasprey_captures_total', 'Completed captures.', made),
    counter('wasprey_captures_failed_total', 'Captures that failed or are incomplete.', failed),
    counter('wasprey_captures_refused_total', 'Alerts without a capture because a limit was reached.', refused),
  ];
}

function alertMetrics({ alerts }: Summary): Metric[] {
  const without = [...alerts.withoutContainer].map(([reason, value]) => ({ labels: { reason }, value }));
  return [
    counter('wasprey_alerts_total', 'Alerts of rules.', alerts.alerts),
    counter('wasprey_alerts_held_for_user_total', "Alerts delayed to identify the session's user.", alerts.heldForUser),
    counter(
      'wasprey_matches_undecided_for_user_total',
      "Matches discarded because the session's user was still unknown.",
      alerts.undecidedForUser,
    ),
    counter('wasprey_alerts_held_total', "Alerts that waited for their container's metadata.", alerts.held),
    counter(
      'wasprey_alerts_held_in_vain_total',
      'Alerts that waited for metadata and were written without it.',
      alerts.heldInVain,
    ),
    counter(
      'wasprey_alerts_without_container_total',
      "Alerts that lack their container's metadata, by reason.",
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
      'Container lookups, by result (known: a runtime knows the container).',
      results(known, unknown),
    ),
    counter(
      'wasprey_pod_lookups_total',
      'Pod lookups, by result (known: the API server answered in time).',
      results(podsKnown, podsUnknown),
    ),
    counter(
      'wasprey_metadata_failures_total',
      'Failures of the sources of container and pod metadata, by source and kind.',
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
      'Unix time at which each module came into use.',
      modules.map(({ name, sha256, inUseSince }) => ({ labels: { module: name, sha256 }, value: inUseSince / 1000 })),
    ),
    counter(
      'wasprey_rule_modules_set_aside_total',
      'How often a failing module was disabled, temporarily or for good.',
      setAside.count,
    ),
    counter(
      'wasprey_rule_modules_set_aside_seconds_total',
      'Time during which modules were disabled.',
      setAside.milliseconds / 1000,
    ),
    gauge(
      'wasprey_rule_module_set_aside',
      'Modules disabled now, by kind of failure.',
      setAside.list
        .filter(({ to }) => to === undefined)
        .map(({ module, failure }) => ({ labels: { module, failure }, value: 1 })),
    ),
    gauge('wasprey_rule_generation', 'Number of replacements of the rules.', generation),
    counter('wasprey_rule_reloads_total', 'Replacements of rules, by result.', [
      { labels: { result: 'succeeded' }, value: reloads.succeeded },
      { labels: { result: 'failed' }, value: reloads.failed },
    ]),
    gauge(
      'wasprey_rules_refused',
      '1 if the latest rules or configuration were refused and the previous ones are in use.',
      reloads.isRefused ? 1 : 0,
    ),
    gauge(
      'wasprey_rule_reload_success_timestamp_seconds',
      'Time of the last replacement of rules.',
      reloads.lastSuccess === undefined ? [] : [{ value: reloads.lastSuccess / 1000 }],
    ),
  ];
}

function nameMetrics({ names }: Summary): Metric[] {
  return [
    gauge('wasprey_names', 'Host names in rules, and those of them with addresses.', [
      { labels: { state: 'wanted' }, value: names.names },
      { labels: { state: 'resolved' }, value: names.resolved },
    ]),
    counter('wasprey_name_failures_total', 'Failed look-ups of host names.', names.failures),
    counter('wasprey_name_overflows_total', 'Addresses of host names dropped: table full.', names.overflows),
  ];
}

function tamperMetrics({ tampering: { counts, present } }: Summary): Metric[] {
  return [
    counter(
      'wasprey_tamper_findings_total',
      'Tampering detected (changes of the capture from outside, a stopped agent), by kind.',
      [...counts].map(([what, value]) => ({ labels: { what }, value })),
    ),
    gauge('wasprey_tamper_findings', 'Changes of the capture from outside that are present now.', present.length),
  ];
}

function hookMetrics({ hooks, enforcement }: Summary): Metric[] {
  const { missing, missingIoUringOperations = [], hasDirectReads, blindRules } = hooks;
  return [
    gauge(
      'wasprey_missing_hooks',
      'Hooks that this kernel lacks or refuses, by reason. blinds="no": no events are missed without the hook.',
      missing.map(({ hook, program, reason, blinds }) => ({
        labels: { hook, program, reason, blinds: blinds.length > 0 ? 'yes' : 'no' },
        value: 1,
      })),
    ),
    gauge(
      'wasprey_missing_enforcers',
      'BPF programs that responses with where: kernel need and this kernel lacks or refuses, by program.',
      enforcement === undefined ? [] : enforcement.missing.map(({ program }) => ({ labels: { program }, value: 1 })),
    ),
    gauge(
      'wasprey_missing_io_uring_operations',
      "Operations that this kernel's io_uring lacks: no process can use them.",
      missingIoUringOperations.map((operation) => ({ labels: { operation }, value: 1 })),
    ),
    gauge(
      'wasprey_direct_reads',
      '1 if BPF programs read kernel memory directly; 0 if by probe reads, which make each captured call cost more.',
      hasDirectReads === undefined ? [] : Number(hasDirectReads),
    ),
    gauge(
      'wasprey_blind_rules',
      'Rules in use that are blind to some events because hooks are missing.',
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
    counter('wasprey_output_alerts_total', 'Alerts written or lost by each output.', [
      ...samples('written', { result: 'written' }),
      ...samples('dropped', { result: 'dropped' }),
    ]),
    counter(
      'wasprey_output_alerts_held_back_total',
      'Repeated alerts held back by each output and reported together.',
      samples('heldBack'),
    ),
    counter('wasprey_output_errors_total', 'Failed attempts to write alerts.', samples('errors')),
    gauge('wasprey_output_queue', 'Alerts in the queue of each output.', samples('queued')),
  ];
}
