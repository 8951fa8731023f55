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
    Shows the state of a running agent: its modules and their hashes, events by outcome, rules with their alerts and an
    estimate of their cost, outputs, containers, missing hooks of the kernel, and why rules could not be
    replaced, if they could not.`,
  status: {
    ok: 'An agent answers, and nothing is wrong.',
    failure:
      'No agent answers; or events were dropped, an output loses alerts, a module was set aside, new rules were refused, or rules are blind because a hook is missing.',
  },
  options: {
    ...CONTROL_OPTIONS,
    json: { kind: 'flag', short: 'j', description: 'All of it as one JSON object.' },
  },
  examples: [
    { command: 'wasprey status', effect: "Of this machine's agent." },
    { command: "wasprey status --json | jq '.modules[].sha256'", effect: 'The hashes of its modules.' },
  ],
  async run({ options, operands }, terminal) {
    if (operands.length > 0) throw new UsageError('status takes no operands');
    const status = await agentStatus(options);
    const { text, isWell } = renderStatus(status, terminal);
    terminal.print(options.json ? `${JSON.stringify(status)}\n` : text);
    return isWell ? EXIT.ok : EXIT.failure;
  },
});
