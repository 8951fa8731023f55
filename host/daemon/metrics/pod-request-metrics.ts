// Metrics of requests to enter pods: of an agent that gets them, and of a receiver that sends them.

import type { AgentStreamsSummary } from '../../agent/sources/other-source.ts';
import type { PodRequestSummary } from '../../agent/sources/pod-request-source.ts';
import { counter, gauge, type Metric } from './exposition.ts';

export function podRequestMetrics({
  failure,
  lastHeard,
  streams,
  requests,
  withheld,
  gaps,
}: PodRequestSummary): Metric[] {
  return [
    gauge(
      'wasprey_pod_requests_connected',
      '1 while connected to the receiver of audit events.',
      failure === undefined ? 1 : 0,
    ),
    ...(lastHeard === undefined
      ? []
      : [
          gauge(
            'wasprey_pod_requests_heard_timestamp_seconds',
            'Time of the last message from the receiver.',
            lastHeard / 1000,
          ),
        ]),
    counter('wasprey_pod_requests_streams_total', 'Streams opened to the receiver.', streams),
    counter('wasprey_pod_requests_total', 'Events of requests to enter pods of this node.', requests),
    counter(
      'wasprey_pod_requests_withheld_total',
      'Requests withheld because the receiver did not find their node.',
      withheld,
    ),
    counter('wasprey_pod_requests_gaps_total', 'How often requests may have been missed.', gaps),
  ];
}

export function agentStreamMetrics({
  streams,
  answers,
  events,
  pending,
  gaps,
  backlog,
}: AgentStreamsSummary): Metric[] {
  return [
    gauge('wasprey_agent_streams', 'Open streams of agents.', streams),
    counter(
      'wasprey_agent_stream_requests_total',
      'Requests for a stream, by the status of the answer.',
      answers.map(({ status, count }) => ({ labels: { status }, value: count })),
    ),
    counter(
      'wasprey_agent_stream_events_total',
      'Events of requests to enter pods, by destination. `node`: sent to its agent. `unknown`: node not found, agents get the pod only. `nowhere`: the request was refused. `overflow`. `duplicate`.',
      events.map(({ outcome, count }) => ({ labels: { outcome }, value: count })),
    ),
    gauge('wasprey_agent_stream_events_pending', 'Events whose node is being looked up.', pending),
    counter('wasprey_agent_stream_gaps_total', 'How often events may have been lost before they were received.', gaps),
    gauge('wasprey_agent_stream_backlog_bytes', 'Bytes buffered for disconnected agents.', backlog.bytes),
    counter(
      'wasprey_agent_stream_backlog_dropped_total',
      'Messages dropped because the buffer was full.',
      backlog.dropped,
    ),
  ];
}
