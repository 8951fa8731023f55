// Metrics of a source of events beside the capture.

import type { SourceSummary } from '../../agent/sources/other-source.ts';
import { counter, gauge, info, type Metric } from './exposition.ts';
import { agentStreamMetrics } from './pod-request-metrics.ts';

export function sourceMetrics(summary: SourceSummary): Metric[] {
  const {
    source,
    received,
    evaluated,
    duplicates,
    dropped,
    matchesDropped,
    modules,
    failures,
    answers,
    file,
    kept,
    agents,
  } = summary;
  const of = (value: number) => [{ labels: { source }, value }];
  return [
    counter('wasprey_source_events_received_total', 'Events received, by their source.', of(received)),
    counter('wasprey_source_events_total', 'Events received, by result.', [
      { labels: { source, outcome: 'evaluated' }, value: evaluated },
      { labels: { source, outcome: 'duplicate' }, value: duplicates },
      ...dropped.map(({ reason, count }) => ({ labels: { source, outcome: 'dropped', reason }, value: count })),
    ]),
    counter(
      'wasprey_source_matches_dropped_total',
      'Matches dropped because one request, or one portion of the followed log, had too many.',
      of(matchesDropped),
    ),
    gauge(
      'wasprey_source_failing',
      'Number of reasons why events are not received or evaluated now.',
      of(failures.length),
    ),
    info(
      'wasprey_source_module_info',
      'The modules in use.',
      ...modules.map(({ name, sha256, rules }) => ({ source, module: name, sha256, rules })),
    ),
    ...(answers
      ? [
          counter(
            'wasprey_source_requests_total',
            'Requests with events, by the status of the answer.',
            answers.map(({ status, count }) => ({ labels: { source, status }, value: count })),
          ),
        ]
      : []),
    ...(file
      ? [
          counter('wasprey_source_file_bytes_total', 'Bytes read from the followed file.', of(file.bytes)),
          counter('wasprey_source_file_rotations_total', 'Rotations of the followed file.', of(file.rotations)),
          counter(
            'wasprey_source_file_truncations_total',
            'How often the followed file was truncated.',
            of(file.truncations),
          ),
        ]
      : []),
    ...(kept
      ? [
          counter('wasprey_source_kept_events_total', 'Events kept beside the journal.', of(kept.events)),
          counter(
            'wasprey_source_kept_events_left_out_total',
            'Events not kept because the disk failed or was too slow.',
            of(kept.leftOut),
          ),
          gauge('wasprey_source_kept_bytes', 'Bytes of the files of kept events.', of(kept.bytes)),
          gauge(
            'wasprey_source_keeping_failing',
            "1 while events can't be kept.",
            of(kept.failure === undefined ? 0 : 1),
          ),
        ]
      : []),
    ...(agents ? agentStreamMetrics(agents) : []),
  ];
}
