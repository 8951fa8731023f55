// wasprey export: writes recordings as a capture of Falco.

import { statSync } from 'node:fs';
import { UsageError } from '../../diagnostics/arguments.ts';
import { escapeText } from '../../diagnostics/escape.ts';
import { CommandFailure, EXIT } from '../../diagnostics/failure.ts';
import { count, MEGABYTE } from '../../diagnostics/numbers.ts';
import { reasonOf } from '../../diagnostics/system-reason.ts';
import { History } from '../../journal/event-views.ts';
import { REMOVED } from '../../recording/byte-source.ts';
import { RecordingError } from '../../recording/format.ts';
import { ReplacedFile } from '../../recording/replaced-file.ts';
import type { Damage } from '../../recording/source.ts';
import { type ExportedHistory, exportFiles } from '../../scap/write/export-files.ts';
import { prepare } from '../../setup/prepare.mjs';
import { defineCommand } from '../definition/command.ts';
import { givenHistory, HISTORY_OPTIONS, journalFolder } from '../options/history-options.ts';
import { ProgressBar } from '../reports/progress-bar.ts';

export const EXPORT = defineCommand({
  name: 'export',
  usage: '[FILE...] -o FILE.scap',
  operands: [{ values: 'path', repeats: true }],
  description: `
    Writes recordings of \`wasprey capture\`, or the journal, as a capture that Falco, sysdig and Stratoshark read (.scap,
    packed by gzip): machine, users, processes with descriptors, then the events. Falco raises the same alerts on it as
    \`wasprey replay\` on the recording, by rules that use only Falco's fields and events: \`falco -o engine.kind=replay -o
    engine.replay.capture_file=node.scap\`. Without FILE, it exports the journal of this machine: journal.folder of the
    configuration. From a file still being written, it exports what exists.

    A .scap file has one path for each open. If a link led to another file, a second event follows, with the path of that
    file. Only the owner can read the .scap file: arguments and environments of programs contain secrets.`,
  status: {
    ok: 'All events were written.',
    failure: "A recording can't be read, the file can't be written, or parts of a recording were damaged and left out.",
  },
  options: {
    config: HISTORY_OPTIONS.config,
    output: {
      kind: 'text',
      short: 'o',
      value: 'FILE',
      description: 'File to write the capture to; it, or a link, is replaced when all is written.',
    },
    since: {
      kind: 'text',
      value: 'TIME',
      description: 'Leave out recordings that end before this: 30m, 12h, 7d ago.',
    },
  },
  examples: [
    { command: 'wasprey export node.wsp -o node.scap', effect: 'Writes a recording for Falco.' },
    { command: 'wasprey export --since 2h -o node.scap', effect: 'Writes the last hours of the journal.' },
  ],
  async run({ options, operands }, terminal) {
    const { config, output, since } = options;
    if (output === undefined) throw new UsageError('missing file for the capture', 'add --output FILE');
    const given = {
      ...(operands.length > 0 && { on: operands.map((text, place) => ({ text, place })) }),
      ...(config !== undefined && { config }),
      ...(since !== undefined && { since }),
    };
    const { files } = givenHistory(given, terminal, await journalFolder(given, terminal));
    await prepare('native');
    const [damaged, notes]: [string[], string[]] = [[], []];
    const stop = new AbortController();
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort());
    using bar = new ProgressBar();
    const paths = files.map(({ path }) => path);
    if (paths.some((path) => isSameFile(path, output))) throw new UsageError('the capture would replace its recording');
    let events: number;
    let file: ReplacedFile | undefined;
    try {
      file = new ReplacedFile(output);
      const { path: target, how } = file.target;
      events = await exportFiles(paths, target, {
        how,
        open: (path) =>
          openHistory(path, ({ at, reason, isCutOff }) => {
            if (isCutOff) notes.push(`${path} has no end yet, or was cut off: what is in it was exported`);
            else damaged.push(`${path} is damaged at byte ${at}: ${reason}`);
          }),
        onRemoved: (path) => damaged.push(`${path}: ${REMOVED}`),
        onProgress: (share, done) => bar.update(share, done),
        signal: stop.signal,
      });
      file.moveIntoPlace();
    } catch (error) {
      if (stop.signal.aborted) throw new CommandFailure('stopped before the end: nothing was written');
      if (error instanceof CommandFailure) throw error;
      throw new CommandFailure(`can't write ${output}: ${reasonOf(error)}`);
    } finally {
      file?.close();
    }
    bar[Symbol.dispose]();
    for (const text of [...damaged, ...notes]) terminal.say(`wasprey: ${escapeText(text)}\n`);
    const size = (statSync(output).size / MEGABYTE).toFixed(2);
    terminal.say(
      `Exported ${count(events, 'event')} of ${count(paths.length, 'recording')}: ${size} MB in ${output}.\n`,
    );
    return damaged.length > 0 ? EXIT.failure : EXIT.ok;
  },
});

function isSameFile(one: string, other: string): boolean {
  const [first, second] = [one, other].map((path) => statSync(path, { throwIfNoEntry: false }));
  return first !== undefined && first.ino === second?.ino && first.dev === second.dev;
}

/** @param onDamage called for each part that could not be read */
function openHistory(path: string, onDamage: (damage: Damage) => void): ExportedHistory {
  const history = opened(path);
  return {
    facts: history.facts,
    get progress() {
      return history.progress;
    },
    *items() {
      const report = yield* history.items({ processes: true });
      report.damage.forEach(onDamage);
    },
    [Symbol.dispose]: () => history[Symbol.dispose](),
  };
}

function opened(path: string): History {
  try {
    return new History(path);
  } catch (error) {
    throw error instanceof RecordingError ? new CommandFailure(`can't read ${path}: ${error.message}`) : error;
  }
}
