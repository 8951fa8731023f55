// wasprey top: which rules cost most and match most, now.

import { setTimeout as sleep } from 'node:timers/promises';
import { UsageError } from '../../diagnostics/arguments.ts';
import { EXIT } from '../../diagnostics/failure.ts';
import { defineCommand } from '../definition/command.ts';
import { agentStatus, CONTROL_OPTIONS } from '../options/control-options.ts';
import { renderTop, type TopOrder } from '../reports/top-report.ts';

/** The screen's beginning, and what is below the cursor. */
const HOME = '\x1b[H';
const CLEAR_REST = '\x1b[J';
const CLEAR_LINE = '\x1b[K';

export const TOP = defineCommand({
  name: 'top',
  usage: '',
  operands: [],
  description: `
    Shows the cost and the matches of a running agent's rules, refreshed after each interval, until Ctrl-C. The cost of
    a rule is estimated: the time of its module, measured on samples, divided by the cost of each rule's conditions on
    the events that came.`,
  status: { ok: 'It was stopped.', failure: 'No agent answers.' },
  options: {
    ...CONTROL_OPTIONS,
    by: {
      kind: 'text',
      value: 'WHAT',
      choices: ['cost', 'alerts'],
      description: 'Which rules come first. Default: cost.',
    },
    interval: { kind: 'number', value: 'SECONDS', least: 0.1, fraction: true, description: 'Default: 2.' },
    times: { kind: 'number', short: 'n', value: 'COUNT', least: 1, description: 'Stop after this many refreshes.' },
    rows: { kind: 'number', value: 'COUNT', least: 1, description: 'Rules to show. Default: as many as fit, or 20.' },
  },
  examples: [
    { command: 'wasprey top', effect: "Shows the rules of this machine's agent." },
    {
      command: 'wasprey top --by alerts -n 1 --interval 60',
      effect: 'Shows which rules matched most within a minute.',
    },
  ],
  async run({ options, operands }, terminal) {
    if (operands.length > 0) throw new UsageError('top takes no operands');
    const order: TopOrder = options.by === 'alerts' ? 'alerts' : 'cost';
    const rows = options.rows ?? (terminal.interactive ? Math.max(5, (process.stdout.rows ?? 30) - 6) : 20);
    const controller = new AbortController();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort());
    let before = await agentStatus(options);
    if (terminal.interactive) terminal.print(`${HOME}${CLEAR_REST}`);
    for (let time = 0; time < (options.times ?? Number.POSITIVE_INFINITY); time++) {
      await sleep((options.interval ?? 2) * 1000, undefined, { signal: controller.signal }).catch(() => {});
      if (controller.signal.aborted) break;
      const now = await agentStatus(options);
      const text = renderTop(before, now, order, rows, terminal);
      terminal.print(
        terminal.interactive ? `${HOME}${text.replaceAll('\n', `${CLEAR_LINE}\n`)}${CLEAR_REST}` : `${text}\n`,
      );
      before = now;
    }
    return EXIT.ok;
  },
});
