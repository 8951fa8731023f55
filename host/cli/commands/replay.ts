// wasprey replay: evaluates rules on a recording or an audit log, as fast as the machine can.

import { statSync } from 'node:fs';
import { hostname } from 'node:os';
import { startAgent } from '../../agent/agent.ts';
import type { AgentOptions } from '../../agent/agent-options.ts';
import type { RuleModule } from '../../agent/modules/rule-module.ts';
import { isJsonFile } from '../../audit/events/log-lines.ts';
import { replayAuditLog } from '../../audit/replay.ts';
import { ALERT_OPTIONS } from '../../daemon/alert-options.ts';
import { loadCompiledRules, prepareRules } from '../../daemon/rules/compile.ts';
import { SELECTION_OPTIONS, selectionOf, selectsAll } from '../../daemon/rules/rule-selection.ts';
import { type OptionValues, UsageError } from '../../diagnostics/arguments.ts';
import { CommandFailure, EXIT } from '../../diagnostics/failure.ts';
import { reasonOf } from '../../diagnostics/system-reason.ts';
import type { Terminal } from '../../diagnostics/terminal.ts';
import type { EngineError } from '../../engine/messages/engine-error.ts';
import { DEFAULT_FORMAT } from '../../outputs/alert.ts';
import { descriptorOutput } from '../../outputs/line-output.ts';
import type { Output } from '../../outputs/output.ts';
import { RecordingError, type RecordingFacts } from '../../recording/format.ts';
import type { ReplayReport } from '../../recording/replay.ts';
import { ScapError } from '../../scap/format/error.ts';
import { openRecording } from '../../scap/open.ts';
import { DEFAULT_SOURCE, type EventSource } from '../../schema/event-source.ts';
import { prepare } from '../../setup/prepare.mjs';
import { defineCommand } from '../definition/command.ts';
import { renderAuditReplay } from '../reports/audit-summary.ts';
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

    It also reads captures of Falco 0.40 and later and of sysdig (.scap, plain or packed by gzip), and audit logs of
    Kubernetes: files of JSON, with an event, an EventList or an array of such on each line, or one alone. On those, rules of
    \`source: k8s_audit\` are evaluated, on recordings those of system calls.

    No privilege is needed, and nothing from the machine where the recording was made.`,
  status: {
    ok: 'The whole recording was evaluated.',
    failure: "The recording or the rules can't be used, or parts of the recording were lost.",
  },
  options: OPTIONS,
  examples: [
    { command: 'wasprey replay node.wsp', effect: 'Evaluates the rules that come with Wasprey.' },
    { command: 'wasprey replay falco.scap', effect: 'Evaluates them on a capture of Falco.' },
    {
      command: 'wasprey replay audit.log -r k8s_audit_rules.yaml',
      effect: "Evaluates Falco's rules on an API server's audit log.",
    },
    { command: 'wasprey replay node.wsp -r base.yaml site/ --json', effect: 'Evaluates your own, and prints JSON.' },
  ],
  async run({ options, operands }, terminal) {
    const [path, ...more] = operands;
    if (path === undefined) throw new UsageError('missing recording', 'wasprey replay FILE');
    const rules = [...(options.rules ?? []).map(({ text }) => text), ...more];
    if (options.module !== undefined && rules.length > 0) {
      throw new UsageError('--module and RULES exclude each other');
    }
    const own = selectionOf(options);
    if (options.module !== undefined && !selectsAll(own)) {
      throw new UsageError("a module's rules were selected when it was compiled", 'select them with `wasprey compile`');
    }
    const isAuditLog = isJson(path);
    const source: EventSource = isAuditLog ? 'k8s_audit' : DEFAULT_SOURCE;
    // Without a source it is the selection of the modules that come with the installation.
    const selection = isAuditLog ? { ...own, source } : own;
    if (isAuditLog && options.module === undefined && rules.length === 0) {
      throw new UsageError('audit events need rules of their own', 'add -r k8s_audit_rules.yaml');
    }
    const load = () =>
      options.module === undefined
        ? prepareRules(rules, terminal, selection)
        : loadCompiledRules(options.module, [source]);
    if (isAuditLog) return replayAudit(path, await load(), options, terminal);
    await prepare('native');
    const facts = readFacts(path);
    return replay(path, facts, await load(), options, terminal);
  },
});

function isJson(path: string): boolean {
  try {
    // A pipe could not be read again from its beginning.
    return statSync(path).isFile() && isJsonFile(path);
  } catch (error) {
    throw new CommandFailure(`can't read ${path}: ${reasonOf(error)}`);
  }
}

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

/** Lines of a log that are reported one by one. */
const REPORTED_LINES = 10;

/** @returns the exit status */
async function replayAudit(
  path: string,
  module: RuleModule,
  options: ReplayOptions,
  terminal: Terminal,
): Promise<number> {
  let isStopped = false;
  const stop = (): void => {
    isStopped = true;
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  const output = standardOutput(options, stop, terminal);
  let reported = 0;
  const report = await replayAuditLog(path, {
    ...alertOptions(options),
    module,
    output,
    hostname: hostname(),
    onRefused: (line, kind, reason) => {
      if (reported++ < REPORTED_LINES) terminal.say(`wasprey: ${path}:${line}: ${reason} [${kind}]\n`);
    },
    isStopped: () => isStopped,
  });
  await output.close(CLOSING_MS);
  terminal.say(`\n${renderAuditReplay(report)}`);
  return report.refused.size > 0 || output.counters.dropped > 0 ? EXIT.failure : EXIT.ok;
}

const CLOSING_MS = 5_000;

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
  return {
    ...alertOptions(options),
    modules: [module],
    outputs: [hiding(bar), standardOutput(options, unread, terminal)],
    onTrouble: (message) => terminal.say(`wasprey: ${message}\n`),
  };
}

function alertOptions(options: ReplayOptions) {
  return {
    extras: { statics: selectionOf(options).statics ?? {} },
    ruleMatching: options['rule-matching'] === 'all' ? 'all' : 'first',
    isoTime: options['iso-time'] === true,
  } as const;
}

/** @param unread called when nobody reads it any more */
function standardOutput(options: ReplayOptions, unread: () => void, terminal: Terminal): Output {
  return descriptorOutput({
    json: options.json === true,
    format: { ...DEFAULT_FORMAT, isoTime: options['iso-time'] === true },
    onError: (error) => {
      if (error.code === 'EPIPE') unread();
      else terminal.say(`wasprey: alerts can't be written to standard output: ${reasonOf(error)}\n`);
    },
  });
}
