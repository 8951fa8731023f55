// The control socket of a run.

import type { Agent } from '../../agent/agent.ts';
import type { Configuration } from '../../config/definition.ts';
import { CommandFailure } from '../../diagnostics/failure.ts';
import type { Log } from '../../diagnostics/log.ts';
import { reasonOf } from '../../diagnostics/system-reason.ts';
import type { ReloadResult } from '../hot-reload/reloader.ts';
import { agentStatusOf } from './agent-status.ts';
import type { InForceHost } from './responses.ts';
import type { ControlServer } from './server.ts';

/**
 * Undefined if disabled by the configuration. Rejects with CommandFailure.
 * @param reload reloads the rules
 * @param responses keeps what is in force
 */
export async function startControl(
  { control }: Configuration,
  agent: Agent,
  reload: () => Promise<ReloadResult>,
  log: Log,
  responses?: InForceHost,
): Promise<ControlServer | undefined> {
  if (!control.enabled) return undefined;
  const { ControlTakenError, startControlServer } = await import('./server.ts');
  try {
    return await startControlServer(control.socket, {
      status: () => agentStatusOf(agent),
      async reload() {
        const result = await reload();
        const reason = agent.summary().rules.reloads.lastFailure?.reason;
        return { result, ...(result === 'refused' && reason !== undefined && { reason }) };
      },
      responses,
      logLevel: () => log.level,
      setLogLevel: (level) => {
        if (level === log.level) return;
        log.say('notice', `the log level is ${level} now, as requested; it was ${log.level}`);
        log.level = level;
      },
    });
  } catch (error) {
    if (error instanceof ControlTakenError)
      throw new CommandFailure(error.message, 'set control.socket to another path');
    throw new CommandFailure(`can't listen on ${control.socket}: ${reasonOf(error)}`, 'set control.socket');
  }
}
