// wasprey replay: evaluates rules on a recording, as fast as the machine can.

import { startAgent } from '../../agent/agent.ts';
import type { AgentOptions } from '../../agent/agent-options.ts';
import type { RuleModule } from '../../agent/rule-module.ts';
import { ALERT_OPTIONS } from '../../daemon/alert-options.ts';
import { loadCompiledRules, prepareRules } from '../../daemon/rules/compile.ts';
import { SELECTION_OPTIONS, selectionOf, selectsAll } from '../../daemon/rules/rule-selection.ts';
import { type OptionValues, UsageError } from '../../diagnostics/arguments.ts';
import { CommandFailure, EXIT } from '../../diagnostics/failure.ts';
import { reasonOf } from '../../diagnostics/system-reason.ts';
import type { Terminal } from '../../diagnostics/terminal.ts';
import type { EngineError } from '../../engine/engine-error.ts';
import { DEFAULT_FORMAT } from '../../outputs/alert.ts';
import { descriptorOutput } from '../../outputs/line-output.ts';
import type { Output } from '../../outputs/output.ts';
import { RecordingError, type RecordingFacts } from '../../recording/format.ts';
import type { ReplayReport } from '../../recording/replay.ts';
import { ScapError } from '../../scap/format/error.ts';
import { openRecording } from '../../scap/open.ts';
import { prepare } from '../../setup/prepare.mjs';
import { defineCommand } from '../definition/command.ts';
import { ProgressBar } from '../reports/progress-bar.ts';
import { renderReplayed } from '../reports/recording-summary.ts';

const OPTIONS = {
  rules: {
    kind: 'list',
    short: 'r',
    value: 'RULES',
    description: 'Rule files or folders; may be repeated. Default: the rules that come with Wasprey.',
  },
  module: {
    kind: 'text',
    short: 'm',
    value: 'FILE',
    description: 'Evaluate a module of `wasprey compile` instead of rule files.',
  },
  json: { kind: 'flag', short: 'j', description: 'Print alerts as JSON objects, one per line.' },
  ...ALERT_OPTIONS,
  ...SELECTION_OPTIONS,
} as const;

type ReplayOptions = OptionValues<typeof OPTIONS>;

export const REPLAY = defineCommand({
  name: 'replay',
  usage: 'FILE [-r RULES...]',
  operands: [{ values: 'path', repeats: true }],
  description: `
    Evaluates rules on a recording of \`wasprey capture\`, and prints the alerts that \`wasprey run\` would have printed. If
    the file is truncated or damaged, its intact parts are evaluated. Messages and the summary go to standard error.

    It also reads captures of Falco 0.40 and later and of sysdig (.scap, plain or packed by gzip).

    No privilege is needed, and nothing from the machine where the recording was made.`,
  status: {
    ok: 'The whole recording was evaluated.',
    failure: "The recording or the rules can't be used, or parts of the recording were lost.",
  },
  options: OPTIONS,
  examples: [
    { command: 'wasprey replay node.wsp', effect: 'Evaluates the rules that come with Wasprey.' },
    { command: 'wasprey replay falco.scap', effect: 'Evaluates them on a capture of Falco.' },
    { command: 'wasprey replay node.wsp -r base.yaml site/ --json', effect: 'Evaluates your own, and prints JSON.' },
  ],
  async run({ options, operands }, terminal) {
    const [path, ...more] = operands;
    if (path === undefined) throw new UsageError('missing recording', 'wasprey replay FILE');
    const rules = [...(options.rules ?? []).map(({ text }) => text), ...more];
    if (options.module !== undefined && rules.length > 0) {
      throw new UsageError('--module and RULES exclude each other');
    }
    const selection = selectionOf(options);
    if (options.module !== undefined && !selectsAll(selection)) {
      throw new UsageError("a module's rules were selected when it was compiled", 'select them with `wasprey compile`');
    }
    await prepare('native');
    const facts = readFacts(path);
    const module =
      options.module === undefined ? await prepareRules(rules, terminal, selection) : loadCompiledRules(options.module);
    return replay(path, facts, module, options, terminal);
  },
});

/** What the recording says of itself. Read before anything is compiled. */
function readFacts(path: string): RecordingFacts {
  try {
    using file = openRecording(path);
    return file.source.facts;
  } catch (error) {
    if (error instanceof ScapError) {
      throw new CommandFailure(`can't replay ${path}: ${error.message} [${error.code}]`);
    }
    if (error instanceof RecordingError) throw new CommandFailure(`can't replay ${path}: ${error.message}`);
    throw new CommandFailure(`can't read ${path}: ${reasonOf(error)}`);
  }
}

/** @returns the exit status */
async function replay(
  path: string,
  facts: RecordingFacts,
  module: RuleModule,
  options: ReplayOptions,
  terminal: Terminal,
): Promise<number> {
  const { promise: ended, resolve: end } = Promise.withResolvers<ReplayReport | EngineError | undefined>();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => end(undefined));
  const missing = module.eventTypes.filter((type) => !facts.eventTypes.includes(type));
  if (missing.length > 0) {
    terminal.say(`wasprey: rules need events that were not recorded: ${missing.join(', ')}\n`);
  }
  using bar = new ProgressBar();
  const agent = await startAgent({
    ...agentOptions(module, options, () => end(undefined), terminal, bar),
    replay: { path, hostname: facts.hostname, onEnd: end, onProgress: (share, events) => bar.update(share, events) },
    onEnd: end,
  });
  const outcome = await ended;
  bar[Symbol.dispose]();
  const summary = await agent.stop();
  if (outcome instanceof Error) {
    terminal.say(`wasprey: the engine has failed: ${outcome.message} [${outcome.code}]\n`);
    return EXIT.failure;
  }
  terminal.say(`\n${renderReplayed(summary, outcome)}`);
  return outcome && outcome.damage.length > 0 ? EXIT.failure : EXIT.ok;
}

/** Alerts on the same terminal are not written into the bar. */
function hiding(bar: ProgressBar): Output {
  return {
    name: 'progress bar',
    write: () => bar.hide(),
    close: async () => {},
    counters: { written: 0, dropped: 0, errors: 0 },
  };
}

function agentOptions(
  module: RuleModule,
  options: ReplayOptions,
  unread: () => void,
  terminal: Terminal,
  bar: ProgressBar,
): AgentOptions {
  const isoTime = options['iso-time'] === true;
  const output = descriptorOutput({
    json: options.json === true,
    format: { ...DEFAULT_FORMAT, isoTime },
    onError: (error) => {
      if (error.code === 'EPIPE') unread();
      else terminal.say(`wasprey: alerts can't be written to standard output: ${reasonOf(error)}\n`);
    },
  });
  return {
    modules: [module],
    extras: { statics: selectionOf(options).statics ?? {} },
    outputs: [hiding(bar), output],
    ruleMatching: options['rule-matching'] === 'all' ? 'all' : 'first',
    isoTime,
    onTrouble: (message) => terminal.say(`wasprey: ${message}\n`),
  };
}
