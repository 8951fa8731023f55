// What the commands that ask a running agent have in common.

import { askAgent, ControlError } from '../../daemon/control/client.ts';
import type { LogLevelAnswer } from '../../daemon/control/server.ts';
import type { AgentStatus } from '../../daemon/control/status.ts';
import type { OptionValues } from '../../diagnostics/arguments.ts';
import { CommandFailure } from '../../diagnostics/failure.ts';
import type { LogLevel } from '../../diagnostics/log.ts';

export const DEFAULT_CONTROL_SOCKET = '/run/wasprey/control.sock';

export const CONTROL_OPTIONS = {
  socket: {
    kind: 'text',
    short: 's',
    value: 'PATH',
    description: `Control socket of the agent (control.socket of its configuration). Default: ${DEFAULT_CONTROL_SOCKET}.`,
  },
} as const;

type ControlOptions = OptionValues<typeof CONTROL_OPTIONS>;

const STATUS_TIMEOUT_MS = 5_000;
/** Rules may have to be compiled. */
const RELOAD_TIMEOUT_MS = 180_000;

/** Rejects with CommandFailure. */
export async function agentStatus(options: ControlOptions): Promise<AgentStatus> {
  // An agent of this version answers what its type says; of another one, what is missing shows as such.
  return (await ask(options, 'GET', '/status', STATUS_TIMEOUT_MS)) as AgentStatus;
}

/** Rejects with CommandFailure. */
export async function reloadAgent(options: ControlOptions): Promise<{ result?: unknown; reason?: unknown }> {
  const answer = await ask(options, 'POST', '/reload', RELOAD_TIMEOUT_MS);
  return typeof answer === 'object' && answer !== null ? answer : {};
}

/**
 * The level of the agent's messages, which is set before if one is given. Rejects with CommandFailure; an agent that knows no such request
 * is one.
 */
export async function agentLogLevel(options: ControlOptions, level?: LogLevel): Promise<Partial<LogLevelAnswer>> {
  const [method, path] =
    level === undefined ? (['GET', '/log-level'] as const) : (['POST', `/log-level/${level}`] as const);
  const answer = await ask(options, method, path, STATUS_TIMEOUT_MS);
  return typeof answer === 'object' && answer !== null ? answer : {};
}

async function ask(
  { socket = DEFAULT_CONTROL_SOCKET }: ControlOptions,
  method: 'GET' | 'POST',
  path: string,
  timeoutMs: number,
): Promise<unknown> {
  try {
    return await askAgent(socket, method, path, timeoutMs);
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    const help =
      error.code === 'CONTROL_ABSENT'
        ? 'an agent has one when its configuration says control.enabled: true; --socket names another'
        : undefined;
    throw new CommandFailure(`${error.message} [${error.code}]`, help);
  }
}
