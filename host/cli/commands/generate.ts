// wasprey generate: performs what rules detect, and verifies that an agent reports it.

import { setTimeout as delay } from 'node:timers/promises';
import { SELECTION_OPTIONS } from '../../daemon/rules/rule-selection.ts';
import { UsageError } from '../../diagnostics/arguments.ts';
import { EXIT } from '../../diagnostics/failure.ts';
import type { Terminal } from '../../diagnostics/terminal.ts';
import type { Action } from '../../generate/actions/action.ts';
import { ACTIONS } from '../../generate/actions/index.ts';
import { thisPlace } from '../../generate/place.ts';
import { selectActions, UnknownActionError } from '../../generate/select.ts';
import { type ActionResult, performActions } from '../../generate/session.ts';
import { prepare } from '../../setup/prepare.mjs';
import { defineCommand } from '../definition/command.ts';
import { DEFAULT_INTERVAL_S, GENERATE_OPTIONS, type GenerateOptions } from '../generate/options.ts';
import { actionJson, actionTable, resultJson, resultLine, Tally } from '../generate/report.ts';
import type { OpenVerification } from '../generate/verification.ts';

export const GENERATE = defineCommand({
  name: 'generate',
  usage: '[ACTION...]',
  operands: [{ values: ACTIONS.map(({ name }) => name), repeats: true }],
  description: `
    Performs actions that rules detect, on this machine or in the container that it runs in, to check an installation.
    It does no harm: programs are often only imitated, connections stay within the machine where that is permitted, and
    all files are removed again, also after Ctrl-C. ACTION is a name; * matches any text. Without ACTION, all possible
    actions are performed.

    With --verify, an alert counts if an expected rule raised it and it contains the marker of the action, a text that occurs
    nowhere else. Actions that can't be performed here, or whose rules are not evaluated, are skipped, with the reason.`,
  status: {
    ok: 'All actions that are possible here were performed; with --verify, with all alerts.',
    failure:
      'An action failed, the command was stopped early, or, with --verify, an alert is missing or its rule was disabled.',
  },
  options: GENERATE_OPTIONS,
  examples: [
    { command: 'wasprey generate --list', effect: 'Lists the actions, with the rules that detect them.' },
    { command: "wasprey generate 'read-*'", effect: 'Performs the actions whose names match.' },
    {
      command: 'wasprey generate --verify -r rules/ -r site/',
      effect: 'Starts an agent with these rules, and verifies all.',
    },
    {
      command: 'wasprey generate --verify --alerts /var/log/falco.json -r falco_rules.yaml',
      effect: 'Verifies by the alerts of another agent with these rules.',
    },
  ],
  async run({ options, operands }, terminal) {
    const actions = select(operands);
    checkOptions(options);
    if (options.list) return list(actions, options, terminal);
    await prepare('native');
    const { signal, release } = untilSignal();
    const verification = options.verify ? await verify(options, terminal) : undefined;
    try {
      return await generate(actions, options, terminal, signal, verification);
    } finally {
      await verification?.close();
      release();
    }
  },
});

/** Loaded only here: it brings the engine and the compiler along. */
async function verify(options: GenerateOptions, terminal: Terminal): Promise<OpenVerification> {
  const { openVerification } = await import('../generate/verification.ts');
  return openVerification(options, terminal);
}

/** @throws {UsageError} */
function select(patterns: readonly string[]): readonly Action[] {
  try {
    return selectActions(patterns);
  } catch (error) {
    if (!(error instanceof UnknownActionError)) throw error;
    throw new UsageError(error.message, { word: error.word, known: ACTIONS.map(({ name }) => name), prefix: '' });
  }
}

/** @throws {UsageError} */
function checkOptions(options: GenerateOptions): void {
  const verifying = ['alerts', 'listen', 'timeout', 'rules', ...Object.keys(SELECTION_OPTIONS)] as const;
  const given = verifying.find((name) => name in options);
  if (given !== undefined && !options.verify) throw new UsageError(`--${given} is for --verify`);
  if (options.alerts !== undefined && options.listen !== undefined) {
    throw new UsageError('--alerts and --listen exclude each other');
  }
  if (options.interval !== undefined && !options.loop) throw new UsageError('--interval is for --loop');
}

function list(actions: readonly Action[], { json }: GenerateOptions, terminal: Terminal): number {
  const width = terminal.interactive ? terminal.width : Number.POSITIVE_INFINITY;
  terminal.print(json ? actions.map((action) => `${actionJson(action)}\n`).join('') : actionTable(actions, width));
  return EXIT.ok;
}

/** Aborted by Ctrl-C and the like, until `release`. */
function untilSignal(): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const stop = () => controller.abort();
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of names) process.on(name, stop);
  return {
    signal: controller.signal,
    release() {
      for (const name of names) process.off(name, stop);
    },
  };
}

/** @returns the exit status */
async function generate(
  actions: readonly Action[],
  options: GenerateOptions,
  terminal: Terminal,
  signal: AbortSignal,
  verification: OpenVerification | undefined,
): Promise<number> {
  const place = thisPlace(placeGiven(options));
  const tally = new Tally();
  const line = options.json ? resultJson : resultLine;
  const show = (action: Action, result: ActionResult) => {
    tally.add(result);
    terminal.print(`${line(action, result)}\n`);
  };
  const round = () =>
    performActions(actions, {
      place,
      signal,
      ...(verification && { verification }),
      onBegin: ({ name, description }) => terminal.say(`wasprey: ${name}: ${description}\n`),
      onAgain: ({ name }) =>
        terminal.say(`wasprey: ${name}: performed again, because rules were not evaluated before\n`),
      onResult: show,
    });
  await round();
  while (options.loop && !signal.aborted) {
    await delay((options.interval ?? DEFAULT_INTERVAL_S) * 1000, undefined, { signal }).catch(() => {});
    await round();
  }
  terminal.say(`wasprey: ${tally}\n`);
  verification?.complain(tally);
  const stopped = signal.aborted && !options.loop;
  const unverified = verification !== undefined && tally.count('verified') === 0;
  const unknown = tally.count('missing') + tally.count('not evaluated');
  return stopped || unverified || unknown + tally.count('failed') > 0 ? EXIT.failure : EXIT.ok;
}

function placeGiven({ place }: GenerateOptions): 'host' | 'container' | undefined {
  return place === 'host' || place === 'container' ? place : undefined;
}
