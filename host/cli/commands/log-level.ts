// wasprey log-level: shows and sets the log level of a running agent.

import { UsageError } from '../../diagnostics/arguments.ts';
import { escapeText } from '../../diagnostics/escape.ts';
import { EXIT } from '../../diagnostics/failure.ts';
import { LOG_LEVELS } from '../../diagnostics/log.ts';
import { nearest } from '../../diagnostics/suggest.ts';
import { defineCommand } from '../definition/command.ts';
import { agentLogLevel, CONTROL_OPTIONS } from '../options/control-options.ts';

export const LOG_LEVEL = defineCommand({
  name: 'log-level',
  usage: '[LEVEL]',
  operands: [{ values: LOG_LEVELS }],
  description: `
    Shows the log level of a running agent, or sets it at once: ${LOG_LEVELS.join(', ')}. It stays until the agent stops, or
    log_level changes in its configuration. Alerts are not affected; the key priority of the configuration filters them.`,
  status: { ok: 'The agent has answered.', failure: 'No agent answers.' },
  options: CONTROL_OPTIONS,
  examples: [
    { command: 'wasprey log-level', effect: "Shows the level of this machine's agent." },
    { command: 'wasprey log-level debug', effect: 'Makes it log more.' },
    { command: 'wasprey log-level warning -s /run/other/control.sock', effect: 'Makes another agent log less.' },
  ],
  async run({ options, operands }, terminal) {
    const [word, ...more] = operands;
    if (more.length > 0) throw new UsageError('one level is expected', 'wasprey log-level LEVEL');
    // As in the configuration, where info has a longer name too.
    const wanted = word === 'informational' ? 'info' : word;
    const level = LOG_LEVELS.find((known) => known === wanted);
    if (wanted !== undefined && level === undefined) {
      const near = nearest(wanted, LOG_LEVELS);
      const hint = near === undefined ? `it is one of ${LOG_LEVELS.join(', ')}` : `did you mean ${near}?`;
      throw new UsageError(`unknown level ${escapeText(wanted)}`, hint);
    }
    const answer = await agentLogLevel(options, level);
    const before = answer.before === undefined ? '' : ` (it was ${answer.before})`;
    terminal.print(`${escapeText(`${answer.level}${before}`)}\n`);
    return EXIT.ok;
  },
});
