// wasprey run: watches this machine until it is told to stop, and prints alerts.

import { type Agent, type AgentOptions, startAgent } from '../../agent/agent.ts';
import type { RuleModule } from '../../agent/rule-module.ts';
import { DEFAULT_SIZES } from '../../capture/open.ts';
import type { EngineError } from '../../engine/engine.ts';
import { DEFAULT_FORMAT } from '../../outputs/alert.ts';
import { descriptorOutput, fileOutput } from '../../outputs/line-output.ts';
import type { Output } from '../../outputs/output.ts';
import { prepare } from '../../setup/prepare.mjs';
import { SIGNATURE_MODES, type SignaturePolicy } from '../../signature/policy.ts';
import { type OptionValues, UsageError } from '../arguments.ts';
import { defineCommand, EXIT } from '../command.ts';
import { readTrustedKeys } from '../key-files.ts';
import { CommandFailure } from '../report-error.ts';
import { reasonOf } from '../rule-files.ts';
import { SELECTION_OPTIONS, selectionOf, selectsAll } from '../rule-selection.ts';
import { loadCompiledRules, prepareRules } from '../run-rules.ts';
import { renderSummary } from '../summary.ts';
import type { Terminal } from '../terminal.ts';

const MEGABYTE = 1024 * 1024;

const OPTIONS = {
  module: {
    kind: 'text',
    short: 'm',
    value: 'FILE',
    description: 'Run a module of `wasprey compile` instead of rule files.',
  },
  signature: {
    kind: 'text',
    value: 'MODE',
    choices: SIGNATURE_MODES,
    description:
      'Whether a module must be signed with a trusted key to be run. Default: required if there is a trusted key, else off.',
  },
  'trusted-key': {
    kind: 'list',
    value: 'FILE',
    description: 'A public key of `wasprey keygen`, by which signatures are trusted; may be given several times.',
  },
  json: { kind: 'flag', short: 'j', description: 'Alerts as JSON objects, one a line.' },
  output: { kind: 'text', short: 'o', value: 'FILE', description: 'Append the alerts to a file as well.' },
  'no-stdout': { kind: 'flag', description: 'No alerts on standard output; with --output.' },
  'rule-matching': {
    kind: 'text',
    value: 'HOW',
    choices: ['first', 'all'],
    description: 'Whether an event raises the alert of the first rule that matches, or of all. Default: first.',
  },
  'iso-time': { kind: 'flag', description: 'Times in ISO 8601, UTC.' },
  'ring-memory': {
    kind: 'number',
    value: 'MB',
    least: 1,
    description: 'Memory for events on their way from the kernel, for all CPUs together. Default: 16.',
  },
  duration: {
    kind: 'number',
    value: 'SECONDS',
    least: 0,
    fraction: true,
    description: 'Stop by itself after this time.',
  },
  ...SELECTION_OPTIONS,
} as const;

type RunOptions = OptionValues<typeof OPTIONS>;

export const RUN = defineCommand({
  name: 'run',
  usage: '[RULES...]',
  description: `
    Watches what the processes of this machine do, evaluates the rules on it, and prints an alert for each match, until Ctrl-C.
    RULES are files, or folders with .yaml and .yml files, as one set in the order given; without any, the rules that come with
    Wasprey. They are compiled if need be. Messages and the summary at the end go to standard error.

    It needs root, or CAP_BPF and CAP_PERFMON, and a kernel of 5.18 or newer with BTF.`,
  options: OPTIONS,
  examples: [
    { command: 'wasprey run', effect: 'Watches by the rules that come with Wasprey.' },
    { command: 'wasprey run base.yaml site/ --json', effect: 'Watches by your own, and prints JSON.' },
    {
      command: 'wasprey run -m rules.wasm -o alerts.log',
      effect: 'Watches by compiled rules, and appends the alerts to a file.',
    },
    {
      command: "wasprey run base.yaml --priority warning --disable 'Read *'",
      effect: 'Watches by the more severe rules, without those whose names begin so.',
    },
  ],
  async run({ options, operands }, terminal) {
    if (options.module !== undefined && operands.length > 0) {
      throw new UsageError('--module and RULES exclude each other');
    }
    const selection = selectionOf(options);
    if (options.module !== undefined && !selectsAll(selection)) {
      throw new UsageError(
        'the rules of a module are those it was compiled with',
        'select them with `wasprey compile`',
      );
    }
    if (options['no-stdout'] && options.output === undefined) {
      throw new UsageError('--no-stdout leaves no place for alerts', 'add --output FILE');
    }
    await prepare('capture');
    const module =
      options.module === undefined
        ? await prepareRules(operands, terminal, selection)
        : loadCompiledRules(options.module, signaturePolicy(options), (message) =>
            terminal.say(`wasprey: ${message}\n`),
          );
    return new Run(module, options, terminal).untilStopped();
  },
});

/** @throws {UsageError | CommandFailure} */
function signaturePolicy(options: RunOptions): SignaturePolicy {
  const keys = readTrustedKeys((options['trusted-key'] ?? []).map(({ text }) => text));
  const mode = SIGNATURE_MODES.find((known) => known === options.signature) ?? (keys.length > 0 ? 'required' : 'off');
  if (mode !== 'off' && keys.length === 0) {
    throw new UsageError('--signature needs a key to trust', 'add --trusted-key FILE');
  }
  return { mode, keys };
}

/** One run: from the start of the agent to the summary. */
class Run {
  readonly #module: RuleModule;
  readonly #options: RunOptions;
  readonly #terminal: Terminal;
  /** Ends the run; with the reason, if it is one to complain about. */
  readonly #end = Promise.withResolvers<EngineError | undefined>();

  constructor(module: RuleModule, options: RunOptions, terminal: Terminal) {
    this.#module = module;
    this.#options = options;
    this.#terminal = terminal;
  }

  /** @returns the exit status */
  async untilStopped(): Promise<number> {
    // Before the start, so that a Ctrl-C during it stops cleanly as well. It may come twice: npm passes on what the terminal has sent.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.on(signal, () => this.#end.resolve(undefined));
    const agent = await startAgent(this.#agentOptions());
    const began = performance.now();
    this.#announce(began);
    const { duration } = this.#options;
    const timer = duration === undefined ? undefined : setTimeout(() => this.#end.resolve(undefined), duration * 1000);
    const failure = await this.#end.promise;
    clearTimeout(timer);
    return this.#finish(agent, began, failure);
  }

  #agentOptions(): AgentOptions {
    const { 'ring-memory': ringMemory, 'rule-matching': ruleMatching, 'iso-time': isoTime } = this.#options;
    return {
      modules: [this.#module],
      outputs: this.#outputs(),
      ...(ringMemory === undefined ? {} : { sizes: { ...DEFAULT_SIZES, ringBudget: ringMemory * MEGABYTE } }),
      // The option's choices are just these.
      ...(ruleMatching === undefined ? {} : { ruleMatching: ruleMatching === 'all' ? 'all' : 'first' }),
      isoTime: isoTime === true,
      onTrouble: (message) => this.#say(message),
      onEnd: (error) => this.#end.resolve(error),
    };
  }

  #outputs(): Output[] {
    const { json, output, 'no-stdout': noStdout, 'iso-time': isoTime } = this.#options;
    const lines = (name: string) => ({
      json: json === true,
      format: { ...DEFAULT_FORMAT, isoTime: isoTime === true },
      onError: (error: NodeJS.ErrnoException) => this.#outputFailed(name, error),
    });
    const outputs: Output[] = noStdout ? [] : [descriptorOutput(lines('standard output'))];
    if (output === undefined) return outputs;
    try {
      return [...outputs, fileOutput(output, lines(output))];
    } catch (error) {
      throw new CommandFailure(`can't write ${output}: ${reasonOf(error)}`);
    }
  }

  #outputFailed(name: string, error: NodeJS.ErrnoException): void {
    // Whoever read the alerts has gone (`| head`); with no other place for them there is nothing left to do.
    if (error.code === 'EPIPE' && this.#options.output === undefined) this.#end.resolve(undefined);
    else this.#say(`alerts can't be written to ${name}: ${reasonOf(error)}`);
  }

  #announce(now: number): void {
    const { rules, eventTypes } = this.#module;
    // performance.now() counts from the start of the process.
    this.#say(
      `watching by ${rules.length} rules on ${eventTypes.length} kinds of events, ${(now / 1000).toFixed(2)} s after the start` +
        (this.#options.duration === undefined ? '; Ctrl-C stops' : ''),
    );
  }

  async #finish(agent: Agent, began: number, failure: EngineError | undefined): Promise<number> {
    const seconds = (performance.now() - began) / 1000;
    const summary = await agent.stop();
    this.#terminal.say(`\n${renderSummary(summary, seconds)}`);
    if (!failure) return EXIT.ok;
    this.#say(`the engine has ended by itself, nothing is watched any more: ${failure.message} [${failure.code}]`);
    return EXIT.failure;
  }

  #say(message: string): void {
    this.#terminal.say(`wasprey: ${message}\n`);
  }
}
