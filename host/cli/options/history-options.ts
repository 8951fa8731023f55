// Options of the commands that read what happened: where it is recorded, and from when on.

import { parseDuration } from '../../config-values/duration.ts';
import { CONFIG_OPTIONS, configurationOf, USUAL_CONFIG } from '../../daemon/configuration.ts';
import { type OptionValues, UsageError } from '../../diagnostics/arguments.ts';
import { escapeText } from '../../diagnostics/escape.ts';
import { CommandFailure } from '../../diagnostics/failure.ts';
import { reasonOf } from '../../diagnostics/system-reason.ts';
import type { Terminal } from '../../diagnostics/terminal.ts';
import { findAuditFiles, isAuditFile } from '../../journal/audit/audit-files.ts';
import { findHistory, type HistoryFile } from '../../journal/history.ts';
import { RecordingError } from '../../recording/format.ts';

export const HISTORY_OPTIONS = {
  config: {
    ...CONFIG_OPTIONS.config,
    description: `Configuration of the agent whose journal is read. Default: ${USUAL_CONFIG}, if it exists.`,
  },
  option: CONFIG_OPTIONS.option,
  on: {
    kind: 'list',
    value: 'FILE',
    description:
      'A recording, or a folder of them; may be given several times. Default: the journal of this machine, journal.folder.',
  },
  since: {
    kind: 'text',
    value: 'TIME',
    description: 'How far back: 30m, 12h, 7d. Default: everything that is recorded.',
  },
} as const;

type HistoryOptions = OptionValues<typeof HISTORY_OPTIONS>;

export interface GivenHistory {
  /** At least one, in order of time. */
  readonly files: readonly HistoryFile[];
  /** ms since the epoch; undefined: from the beginning. */
  readonly since: number | undefined;
}

/**
 * Folder of the journal, from the configuration. Where other places are given, the usual file does not count: they can be read even if it is
 * invalid, or only root may read it.
 * @throws {CommandFailure}
 */
export async function journalFolder({ config, option, on }: HistoryOptions, terminal: Terminal): Promise<string> {
  const { configuration } = await configurationOf({ config, option, usual: on === undefined }, terminal);
  return configuration.journal.folder;
}

/** What is recorded, with the audit events that are kept beside it; of one of them there may be nothing. */
export interface HistoryWithAudit extends GivenHistory {
  /** Paths of files of audit events, in order of time. */
  readonly audit: readonly string[];
}

/**
 * @param journal its folder, which is read if no other place is given
 * @throws {UsageError | CommandFailure}
 */
export function givenHistory(
  options: Pick<HistoryOptions, 'on' | 'since'>,
  terminal: Terminal,
  journal: string,
): GivenHistory {
  return read(options, terminal, journal, false);
}

/** The history, with files of audit events. */
export function historyWithAudit(
  options: Pick<HistoryOptions, 'on' | 'since'>,
  terminal: Terminal,
  journal: string,
): HistoryWithAudit {
  return read(options, terminal, journal, true);
}

function read(
  options: Pick<HistoryOptions, 'on' | 'since'>,
  terminal: Terminal,
  journal: string,
  hasAudit: boolean,
): HistoryWithAudit {
  const places = options.on?.map(({ text }) => text) ?? [journal];
  const since = sinceOf(options.since);
  const recorded = hasAudit ? places.filter((place) => !isAuditFile(place)) : places;
  const byDefault = options.on === undefined;
  const { files, unreadable } = find(places, byDefault, () =>
    findHistory(recorded, since === undefined ? {} : { since }),
  );
  const audit = hasAudit ? find(places, byDefault, () => findAuditFiles(places, since)) : [];
  for (const { path, reason } of unreadable) {
    terminal.say(`wasprey: ${escapeText(`${path} is left out: ${reason}`)}\n`);
  }
  if (files.length === 0 && audit.length === 0) {
    const when = options.since === undefined ? '' : ` of the last ${options.since}`;
    if (unreadable.length > 0) throw new CommandFailure(`nothing${when} can be read in ${places.join(', ')}`);
    throw new CommandFailure(`nothing${when} is recorded in ${places.join(', ')}`, RECORD_HELP);
  }
  return { files, since, audit };
}

export const RECORD_HELP =
  'an agent keeps a journal with journal.enabled: true; or record something with `wasprey capture -o FILE`, and name that file';

function sinceOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const duration = parseDuration(text);
  if (duration === undefined || duration === 0)
    throw new UsageError(`--since can't be '${text}'`, 'write 30m, 12h, 7d');
  return Date.now() - duration;
}

function find<Found>(places: readonly string[], byDefault: boolean, look: () => Found): Found {
  try {
    return look();
  } catch (error) {
    if (error instanceof RecordingError) throw new CommandFailure(`can't read ${places.join(', ')}: ${error.message}`);
    if (byDefault && error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw new CommandFailure(`this machine has no journal in ${places.join(', ')}`, RECORD_HELP);
    }
    throw new CommandFailure(`can't read ${places.join(', ')}: ${reasonOf(error)}`);
  }
}
