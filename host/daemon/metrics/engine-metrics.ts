// Metrics of the capture and of the evaluation of its events.

import type { CaptureCounters } from '../../capture/capture-counters.ts';
import { LAG_BOUNDS_MS } from '../../engine/counts/evaluation-clock.ts';
import { eventTotals } from '../../engine/counts/event-totals.ts';
import { HOLD_ENDS } from '../../engine/messages/match.ts';
import type { EngineCounters } from '../../engine/messages/protocol.ts';
import { EVENT_TYPES } from '../../schema/events/index.ts';
import { counter, gauge, histogram, type Metric, type Sample } from './exposition.ts';

export function engineMetrics(counters: EngineCounters): Metric[] {
  return [...captureMetrics(counters.capture), ...matchMetrics(counters), ...evaluationMetrics(counters)];
}

function captureMetrics(capture: CaptureCounters): Metric[] {
  const outcomes = ['evaluated', 'filtered', 'dropped'] as const;
  const events = EVENT_TYPES.flatMap(({ name, number }): Sample[] =>
    outcomes.map((outcome) => ({ labels: { type: name, outcome }, value: capture[outcome][number] ?? 0 })),
  );
  const produced = capture.produced.map((value, cpu): Sample => ({ labels: { cpu }, value }));
  return [
    counter(
      'wasprey_events_total',
      'Events by type and outcome: evaluated, filtered in the kernel because no rule can match them, dropped because a ring buffer was full.',
      events,
    ),
    counter('wasprey_events_produced_total', 'Events produced by the kernel, by CPU.', produced),
    gauge('wasprey_events_waiting', 'Events in the ring buffers, not read yet.', eventTotals(capture).waiting),
    counter('wasprey_events_malformed_total', 'Invalid records that were skipped.', capture.malformed),
    counter(
      'wasprey_missed_runs_total',
      'Calls missed because the kernel was running another BPF program.',
      capture.missedRuns,
    ),
    gauge('wasprey_ring_high_water_ratio', 'Highest fill level of a ring buffer.', capture.ringHighWater),
    gauge('wasprey_process_images', 'Process images in the table.', capture.images),
    counter(
      'wasprey_process_images_lost_total',
      'Process records dropped: table full, quota exceeded, or invalid.',
      capture.imagesLost,
    ),
    counter(
      'wasprey_process_images_evicted_total',
      'Ended processes evicted as ancestors to make room for others.',
      capture.imagesEvicted,
    ),
    counter(
      'wasprey_process_images_cut_total',
      'Processes stored without environment and the rest of long arguments, because their user or cgroup exceeds its quota.',
      capture.imagesCut,
    ),
    counter(
      'wasprey_process_images_unnamed_total',
      'Processes without names of user and group: passwd or group too large, or not read in time.',
      capture.imagesUnnamed,
    ),
    counter(
      'wasprey_unknown_images_total',
      'Events evaluated without a process, because its record was lost.',
      capture.unknownImages,
    ),
    counter('wasprey_unnamed_files_total', 'Files opened by handle whose name was not found.', capture.unnamedFiles),
    counter(
      'wasprey_process_images_unplaced_total',
      'Processes without enforcement: cgroup unknown, or table full.',
      capture.imagesUnplaced,
    ),
    gauge('wasprey_containers', 'Containers known to the capture.', capture.containers),
    counter(
      'wasprey_containers_lost_total',
      'Containers, or their metadata, dropped: quota exceeded.',
      capture.containersLost,
    ),
    counter(
      'wasprey_forged_cgroups_total',
      'Processes in cgroups named after a container that has another cgroup.',
      capture.imagesInForgedCgroups,
    ),
  ];
}

function matchMetrics(counters: EngineCounters): Metric[] {
  return [
    counter('wasprey_matches_total', 'Matches of rules.', counters.matches),
    counter(
      'wasprey_matches_dropped_total',
      'Matches dropped because they came faster than alerts could be made.',
      counters.matchesDropped,
    ),
    counter(
      'wasprey_matches_of_self_total',
      'Matches of the processes of the agent itself, which are ignored.',
      counters.matchesOfSelf,
    ),
    counter(
      'wasprey_enforced_unmatched_total',
      'Calls enforced in the kernel whose rule does not match them.',
      counters.enforcedUnmatched,
    ),
    counter(
      'wasprey_enforced_unchecked_total',
      'Calls refused by BPF LSM whose rule could not be checked.',
      counters.enforcedUnchecked,
    ),
    counter('wasprey_fields_unreadable_total', 'Fields of alerts that could not be read.', counters.fieldsUnreadable),
  ];
}

function evaluationMetrics({ hold, lag, evaluation }: EngineCounters): Metric[] {
  return [
    gauge('wasprey_events_held', "Events waiting for their container's metadata.", hold.now),
    counter(
      'wasprey_events_held_total',
      'Events that waited for metadata, by result; all but `known` were evaluated without it.',
      HOLD_ENDS.map((end) => ({ labels: { end }, value: hold.ended[end] })),
    ),
    histogram(
      'wasprey_lag_seconds',
      'Age of the first event of each batch at its evaluation.',
      LAG_BOUNDS_MS.map((bound) => bound / 1000),
      lag.batches,
      lag.sumMs / 1000,
    ),
    counter('wasprey_batches_total', 'Batches of events evaluated by the rules in use.', evaluation.batches),
  ];
}

/** Metrics of BPF programs, where the kernel measures them. */
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
      'CPU time of each BPF program while the kernel measures it.',
      samples(({ nanoseconds }) => nanoseconds / 1e9),
    ),
  ];
}
