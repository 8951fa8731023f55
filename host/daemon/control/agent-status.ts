// The state of a running agent, with what of it never changes.

import type { Agent } from '../../agent/agent.ts';
import { loadAddon } from '../../capture/addon.ts';
import { version } from '../../diagnostics/version.ts';
import { type AgentStatus, statusOf } from './status.ts';

interface Fixed {
  readonly hasDirectReads: boolean;
  readonly startedMs: number;
}

let fixed: Fixed | undefined;

export function agentStatusOf(agent: Agent): AgentStatus {
  fixed ??= {
    // A kernel's answer does not change.
    hasDirectReads: loadAddon().hasDirectReads(),
    startedMs: Math.round(Date.now() - performance.now()),
  };
  return statusOf({ version: version(), modules: agent.modules(), ...fixed }, agent.summary());
}
