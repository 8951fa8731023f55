// The state of a running agent, with what of it never changes.

import type { Agent } from '../../agent/agent.ts';
import { loadAddon } from '../../capture/addon.ts';
import { version } from '../../diagnostics/version.ts';
import { type AgentStatus, statusOf } from './status.ts';

interface Fixed {
  readonly missingIoUringOperations: readonly string[] | undefined;
  readonly startedMs: number;
}

let fixed: Fixed | undefined;

export function agentStatusOf(agent: Agent): AgentStatus {
  fixed ??= {
    // Of a kernel it does not change.
    missingIoUringOperations: loadAddon().missingIoUringOperations(),
    startedMs: Math.round(Date.now() - performance.now()),
  };
  return statusOf({ version: version(), modules: agent.modules(), ...fixed }, agent.summary());
}
