// wasprey status: what a running agent does.

import { UsageError } from '../../diagnostics/arguments.ts';
import { EXIT } from '../../diagnostics/failure.ts';
import { defineCommand } from '../definition/command.ts';
import { agentStatus, CONTROL_OPTIONS } from '../options/control-options.ts';
import { renderStatus } from '../reports/status-report.ts';

export const STATUS = defineCommand({
  name: 'status',
  usage: '',
  operands: [],
  description: `
    Shows the state of a running agent: modules and their hashes, events by outcome, rules with their alerts and estimated
    cost, outputs, containers, missing kernel hooks, and why the last change of rules was refused.`,
  status: {
    ok: 'An agent answers and has no problem.',
    failure:
      'No agent answers, or it has a problem: dropped events, lost alerts, a disabled module, refused rules, or rules that are blind without a missing hook.',
  },
  options: {
    ...CONTROL_OPTIONS,
    json: { kind: 'flag', short: 'j', description: 'Print one JSON object.' },
  },
  examples: [
    { command: 'wasprey status', effect: "Shows this machine's agent." },
    { command: "wasprey status --json | jq '.modules[].sha256'", effect: 'Prints the hashes of its modules.' },
  ],
  async run({ options, operands }, terminal) {
    if (operands.length > 0) throw new UsageError('status takes no operands');
    const status = await agentStatus(options);
    const { text, isWell } = renderStatus(status, terminal);
    terminal.print(options.json ? `${JSON.stringify(status)}\n` : text);
    return isWell ? EXIT.ok : EXIT.failure;
  },
});
