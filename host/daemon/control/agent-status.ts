// The state of a running agent, with what of it never changes.

import type { Agent } from '../../agent/agent.ts';
import { version } from '../../diagnostics/version.ts';
import { type AgentStatus, statusOf } from './status.ts';

let startedMs: number | undefined;

export function agentStatusOf(agent: Agent): AgentStatus {
  startedMs ??= Math.round(Date.now() - performance.now());
  return statusOf({ version: version(), modules: agent.modules(), startedMs }, agent.summary());
}
