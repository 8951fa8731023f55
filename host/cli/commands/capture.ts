// wasprey capture: records what happens on this machine, until a signal stops it or the file is full.

import { type RecordEnd, type RecordSummary, startRecording } from '../../agent/record.ts';
import { describeMissingHook } from '../../capture/missing-hooks.ts';
import { machineSizes } from '../../capture/sizes.ts';
import { RING_OPTIONS } from '../../daemon/ring-options.ts';
import { loadCompiledRules, prepareRules } from '../../daemon/rules/compile.ts';
import { type OptionValues, UsageError } from '../../diagnostics/arguments.ts';
import { escapeText } from '../../diagnostics/escape.ts';
import { CommandFailure, EXIT } from '../../diagnostics/failure.ts';
import { count, MEGABYTE } from '../../diagnostics/numbers.ts';
import { reasonOf } from '../../diagnostics/system-reason.ts';
import type { Terminal } from '../../diagnostics/terminal.ts';
import { startTimer } from '../../outputs/long-timer.ts';
import { RecordingError } from '../../recording/format.ts';
import { EVENT_TYPES } from '../../schema/events/index.ts';
import { prepare } from '../../setup/prepare.mjs';
import { defineCommand } from '../definition/command.ts';
import { renderRecorded } from '../reports/recording-summary.ts';

const OPTIONS = {
  output: {
    kind: 'text',
    short: 'o',
    value: 'FILE',
    description: 'File to write the recording to; it is replaced once events are recorded.',
  },
  rules: {
    kind: 'list',
    short: 'r',
    value: 'RULES',
    description: 'Record only the event types that these rules need. May be repeated.',
  },
  module: {
    kind: 'text',
    short: 'm',
    value: 'FILE',
    description: 'Record only the event types that this module of `wasprey compile` needs.',
  },
  duration: { kind: 'number', value: 'SECONDS', least: 0, fraction: true, description: 'Stop after this time.' },
  'max-size': { kind: 'number', value: 'MB', least: 1, description: 'Stop before the file gets larger than this.' },
  ...RING_OPTIONS,
} as const;

type CaptureOptions = OptionValues<typeof OPTIONS>;

export const CAPTURE = defineCommand({
  name: 'capture',
  usage: '-o FILE [-r RULES...]',
  operands: [{ values: 'path', repeats: true }],
  description: `
    Records what the processes of this machine do, until Ctrl-C: events, processes, containers and user names.
    \`wasprey replay\` then evaluates rules on the recording, anywhere and repeatedly. Without rules, all event types are
    recorded. Rules are not evaluated. Only the owner can read the file: arguments and environments of programs contain
    secrets.

    It needs root, or CAP_BPF and CAP_PERFMON, and a kernel of 6.1 or newer with BTF; \`wasprey doctor\` checks.`,
  status: {
    ok: 'The recording was stopped, or the file has reached its maximum size.',
    failure: "The recording could not start, or ended early. The file's content can be replayed.",
  },
  options: OPTIONS,
  examples: [
    { command: 'wasprey capture -o node.wsp --duration 60', effect: 'Records all events for a minute.' },
    {
      command: 'wasprey capture -o node.wsp -r rules/ --max-size 500',
      effect: 'Records the events that the rules need, up to 500 MB.',
    },
  ],
  async run({ options, operands }, terminal) {
    const { output } = options;
    if (output === undefined) throw new UsageError('missing file for the recording', 'add --output FILE');
    const rules = [...(options.rules ?? []).map(({ text }) => text), ...operands];
    if (options.module !== undefined && rules.length > 0) {
      throw new UsageError('--module and RULES exclude each other');
    }
    if (operands.length > 0 && options.rules === undefined) {
      throw new UsageError(`unexpected argument ${operands[0]}`, 'name rules with --rules');
    }
    await prepare('capture');
    const eventTypes = await typesOf(rules, options.module, terminal);
    return capture(output, eventTypes, options, terminal);
  },
});

async function typesOf(
  rules: readonly string[],
  module: string | undefined,
  terminal: Terminal,
): Promise<readonly string[]> {
  if (module !== undefined) return loadCompiledRules(module).eventTypes;
  if (rules.length > 0) return (await prepareRules(rules, terminal)).eventTypes;
  return EVENT_TYPES.map(({ name }) => name);
}

/** @returns the exit status */
async function capture(
  path: string,
  eventTypes: readonly string[],
  options: CaptureOptions,
  terminal: Terminal,
): Promise<number> {
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  // Before the start, so that a Ctrl-C during it stops cleanly as well.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => end());
  const { duration, 'max-size': maxSize, 'ring-memory': ringMemory } = options;
  const session = await startRecording({
    path,
    eventTypes,
    ...(maxSize !== undefined && { mostBytes: maxSize * MEGABYTE }),
    sizes: machineSizes(ringMemory),
    onEnd: () => end(),
  }).catch((error: unknown) => {
    const isOfFile = isFileError(error) || error instanceof RecordingError;
    throw isOfFile ? new CommandFailure(`can't write ${path}: ${reasonOf(error)}`) : error;
  });
  for (const hook of session.missing) terminal.say(`wasprey: ${escapeText(describeMissingHook(hook))}\n`);
  const limits = duration === undefined ? '; Ctrl-C stops' : '';
  terminal.say(`wasprey: recording ${count(eventTypes.length, 'event type')} to ${path}${limits}\n`);
  const giveUp = duration === undefined ? undefined : startTimer(end, duration * 1000);
  await ended;
  giveUp?.();
  const summary: RecordSummary = await session.stop();
  terminal.say(`\n${renderRecorded(summary)}`);
  return explain(summary.reason, path, terminal);
}

/** @returns the exit status */
function explain(reason: RecordEnd | undefined, path: string, terminal: Terminal): number {
  switch (reason?.kind) {
    case undefined:
      return EXIT.ok;
    case 'full':
      terminal.say('wasprey: the file has reached its maximum size\n');
      return EXIT.ok;
    case 'not-writable':
      terminal.say(`wasprey: can't write ${path} any more: ${reasonOf(reason.error)}; what is in it can be replayed\n`);
      return EXIT.failure;
    case 'removed':
      terminal.say(`wasprey: ${path} was removed or replaced meanwhile: what was recorded is lost\n`);
      return EXIT.failure;
    case 'engine':
      terminal.say(`wasprey: the capture has ended by itself: ${reason.error.message} [${reason.error.code}]\n`);
      return EXIT.failure;
  }
}

function isFileError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}
