// The control socket of a run.

import type { Agent } from '../../agent/agent.ts';
import { loadAddon } from '../../capture/addon.ts';
import type { Configuration } from '../../config/definition.ts';
import { CommandFailure } from '../../diagnostics/failure.ts';
import type { Log } from '../../diagnostics/log.ts';
import { reasonOf } from '../../diagnostics/system-reason.ts';
import { version } from '../../diagnostics/version.ts';
import type { ReloadResult } from '../hot-reload/reloader.ts';
import type { InForceHost } from './responses.ts';
import type { ControlServer } from './server.ts';
import { statusOf } from './status.ts';

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
  // Of a kernel it does not change.
  const missingIoUringOperations = loadAddon().missingIoUringOperations();
  const startedMs = Math.round(Date.now() - performance.now());
  try {
    return await startControlServer(control.socket, {
      status: () => {
        const facts = { version: version(), startedMs, modules: agent.modules(), missingIoUringOperations };
        return statusOf(facts, agent.summary());
      },
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
