// The options of `wasprey generate`.

import { SELECTION_OPTIONS } from '../../daemon/rules/rule-selection.ts';
import type { OptionValues } from '../../diagnostics/arguments.ts';

export const DEFAULT_INTERVAL_S = 1;
export const DEFAULT_TIMEOUT_S = 5;

export const GENERATE_OPTIONS = {
  list: { kind: 'flag', short: 'l', description: 'List the actions, and do nothing.' },
  json: { kind: 'flag', short: 'j', description: 'Actions, or results, as JSON objects, one a line.' },
  loop: { kind: 'flag', description: 'Repeat until Ctrl-C.' },
  interval: {
    kind: 'number',
    value: 'SECONDS',
    least: 0,
    fraction: true,
    description: `With --loop: the time between two rounds. Default: ${DEFAULT_INTERVAL_S}.`,
  },
  place: {
    kind: 'text',
    value: 'WHERE',
    choices: ['host', 'container'],
    description: 'Where the command runs, for some actions need a host and others a container. Default: detected.',
  },
  verify: {
    kind: 'flag',
    description: 'Wait for the alerts, and report missing ones. Without --alerts and --listen, it starts an agent.',
  },
  alerts: {
    kind: 'text',
    value: 'FILE',
    description:
      'Verify by the JSON lines that an agent, Wasprey or Falco, writes to a file or fifo; - is standard input.',
  },
  listen: {
    kind: 'text',
    value: 'ADDRESS:PORT',
    description: "Verify by what an agent's HTTP output posts to this address.",
  },
  timeout: {
    kind: 'number',
    value: 'SECONDS',
    least: 0,
    fraction: true,
    description: `How long to wait for the alerts of an action. Default: ${DEFAULT_TIMEOUT_S}.`,
  },
  rules: {
    kind: 'list',
    short: 'r',
    value: 'RULES',
    description:
      "With --verify: the agent's rules, files or folders; may be given often. Without it, the rules that come with Wasprey.",
  },
  ...SELECTION_OPTIONS,
} as const;

export type GenerateOptions = OptionValues<typeof GENERATE_OPTIONS>;
