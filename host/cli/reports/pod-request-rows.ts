// Requests to enter pods in the state of an agent that gets them, and of a receiver that sends them.

import type { AgentStatus } from '../../daemon/control/status.ts';
import { escapeText } from '../../diagnostics/escape.ts';
import { number } from '../../diagnostics/numbers.ts';
import { iso8601, NANOSECONDS_PER_MS } from '../../fields/time.ts';

type Rows = readonly (readonly string[])[];

export function podRequestRows(summary: NonNullable<AgentStatus['podRequests']>): Rows {
  const { url, lastHeard, streams, requests, withheld, gaps } = summary;
  const heard =
    lastHeard === undefined ? 'never' : iso8601(BigInt(lastHeard) * NANOSECONDS_PER_MS).replace(/\.\d+/, '');
  return [
    ['receiver', escapeText(url)],
    ['heard last', heard],
    ['streams, since the start', number(streams)],
    ['events', number(requests)],
    ['requests without their node', number(withheld)],
    ['gaps', number(gaps)],
  ];
}

export function agentRows(agents: NonNullable<NonNullable<AgentStatus['other']>['agents']>): Rows {
  const { streams, answers, events, pending, gaps, backlog } = agents;
  return [
    ['streams of agents', number(streams)],
    ...answers.map(({ status, count: times }) => [`agents answered with ${status}`, number(times)]),
    ...events.map(({ outcome, count: times }) => [`requests to enter pods: ${outcome}`, number(times)]),
    ['requests without their node yet', number(pending)],
    ['gaps of requests', number(gaps)],
    ['kept for agents', `${(backlog.bytes / 1024).toFixed(0)} KB of ${number(backlog.nodes)} nodes`],
  ];
}
