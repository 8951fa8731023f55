// The journal: what happens on the node, kept on disk.

import { applies, choice, duration, flag, list, section, size, text } from '../../config-values/value-types.ts';
import { MEGABYTE } from '../../diagnostics/numbers.ts';
import { DEFAULT_SECRET_NAMES } from '../../journal/secrets/secret-patterns.ts';
import { describeKind, JOURNAL_KINDS, type JournalKind } from '../../journal/wants.ts';

const MINUTE_MS = 60_000;

export const JOURNAL_KEYS = {
  journal: applies(
    'now',
    section(
      'The journal: what happens on this machine is kept on disk, whatever the rules, as recordings that can be replayed.',
      {
        enabled: flag(false, 'Write the journal. The package and the chart turn it on.'),
        folder: text('/var/lib/wasprey/journal', 'Folder of the files. Only their owner can read them.'),
        keep: duration('7d', MINUTE_MS, 'How long events are kept. A file is removed once its last event is older.'),
        max_size: size(
          '2GiB',
          4 * MEGABYTE,
          'Maximum size of all files; the oldest are removed to stay below it. If audit events are received, a quarter is reserved for them.',
        ),
        events: list(
          choice(JOURNAL_KINDS, 'processes', 'A kind of events.'),
          `What is kept: ${JOURNAL_KINDS.map((kind) => `\`${kind}\` (${describeKind(kind)})`).join(', ')}. Default: all of them.`,
          JOURNAL_KINDS as readonly JournalKind[],
        ),
        secret_names: list(
          text('', 'A name; `*` stands for any text, and `-`, `_` and `.` are the same.'),
          'Names of options, variables, headers and keys whose values on command lines are masked by `wasprey activity`, `captures` and `backtest`; rules see them. Secrets that are known by their form are masked as well. Default: passwords, tokens, keys and the like.',
          DEFAULT_SECRET_NAMES,
        ),
      },
    ),
  ),
} as const;
