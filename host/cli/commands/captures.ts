// wasprey captures: what rules have captured, and the report of one capture.

import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { captureFiles, readCaptures } from '../../captures/list-captures.ts';
import { type CaptureNotes, NO_CAPTURE, whyNoAlert } from '../../captures/notes/capture-notes.ts';
import { readNotes } from '../../captures/notes/read-notes.ts';
import { reportHtml } from '../../captures/report/html.ts';
import { reportJson } from '../../captures/report/json.ts';
import { reportOf } from '../../captures/report/report.ts';
import { reportText } from '../../captures/report/text.ts';
import { CONFIG_OPTIONS, configurationOf } from '../../daemon/configuration.ts';
import { UsageError } from '../../diagnostics/arguments.ts';
import { escapeText } from '../../diagnostics/escape.ts';
import { CommandFailure, EXIT } from '../../diagnostics/failure.ts';
import { reasonOf } from '../../diagnostics/system-reason.ts';
import type { Terminal } from '../../diagnostics/terminal.ts';
import { SecretMask } from '../../journal/secrets/mask-secrets.ts';
import { RecordingError } from '../../recording/format.ts';
import { prepare } from '../../setup/prepare.mjs';
import { defineCommand } from '../definition/command.ts';
import { renderCaptures } from '../reports/capture-list.ts';

const SHOW = 'show';
export const CAPTURES = defineCommand({
  name: 'captures',
  usage: '[show FILE] [PLACES...]',
  operands: [
    { values: 'path', words: [SHOW] },
    { values: 'path', repeats: true },
  ],
  description: `
    Lists the captures that alerts started: what happened before and after an alert, and the state of the processes then.
    PLACES are files or folders; the default is the place in the configuration (\`capture.path_prefix\`).

    \`show FILE\` prints a report: what fired, the processes with the branch that fired marked, what they did before and
    after, files, connections, and the state. FILE may be the alert's \`wasprey.capture\` value, for a capture of this machine.
    Secrets on command lines are masked. \`wasprey replay FILE\` evaluates rules on a capture.`,
  status: {
    ok: 'The captures were read.',
    failure: 'A capture is damaged, is cut off before its alert, or can not be read.',
  },
  options: {
    ...CONFIG_OPTIONS,
    json: {
      kind: 'flag',
      short: 'j',
      description: 'Print each capture as a JSON object, one per line. With show: print the report as JSON.',
    },
    html: { kind: 'flag', description: 'With show: print the report as one HTML file, which needs no network.' },
  },
  examples: [
    { command: 'wasprey captures', effect: 'Lists the captures of this machine.' },
    { command: 'wasprey captures show capture_1795...wsp', effect: 'Shows what happened before and after the alert.' },
    { command: 'wasprey captures show FILE --html > report.html', effect: 'The same, for a browser or a ticket.' },
  ],
  async run({ options, operands }, terminal) {
    const json = options.json === true;
    const { config, option } = options;
    const { configuration } = await configurationOf({ config, option, usual: true }, terminal);
    if (operands[0] !== SHOW) {
      if (options.html) throw new UsageError('--html is for one capture', `wasprey captures ${SHOW} FILE --html`);
      return list(operands, dirname(configuration.capture.path_prefix), json, terminal);
    }
    const [, path, ...more] = operands;
    if (path === undefined) throw new UsageError('missing capture', `wasprey captures ${SHOW} FILE`);
    if (more.length > 0) throw new UsageError(`unexpected argument ${more[0]}`, 'one capture is shown at a time');
    if (json && options.html) throw new UsageError('--json and --html exclude each other');
    await prepare('native');
    const mask = new SecretMask(configuration.journal.secret_names);
    return show(
      fileNamed(path, dirname(configuration.capture.path_prefix)),
      json ? 'json' : options.html ? 'html' : 'text',
      mask,
      terminal,
    );
  },
});

/** Alerts have the name alone (wasprey.capture): such a file is in the folder of captures, unless it is here. */
function fileNamed(path: string, folder: string): string {
  return path.includes('/') || existsSync(path) ? path : join(folder, path);
}

/** @returns the exit status */
function show(path: string, how: 'text' | 'json' | 'html', mask: SecretMask, terminal: Terminal): number {
  const notes = notesOf(path);
  const isNone = whyNoAlert(notes) === NO_CAPTURE;
  if (isNone) throw new CommandFailure(`can't show ${path}: ${NO_CAPTURE}`, 'evaluate it: wasprey replay FILE');
  const report = reportOf(path, notes);
  const { width, bold } = terminal;
  switch (how) {
    case 'text':
      terminal.print(reportText(report, { width, bold: (text) => bold(text), mask }));
      break;
    case 'json':
      terminal.print(reportJson(report, mask));
      break;
    case 'html':
      terminal.print(reportHtml(report, mask));
      break;
  }
  // One that is being made is in order, as soon as it has its alert.
  const isInOrder = notes.alerts.length > 0 && report.damage.every(({ isCutOff }) => isCutOff);
  return isInOrder ? EXIT.ok : EXIT.failure;
}

/** @throws {CommandFailure} */
function notesOf(path: string): CaptureNotes {
  try {
    return readNotes(path);
  } catch (error) {
    if (error instanceof RecordingError) throw new CommandFailure(`can't read ${path}: ${error.message}`);
    throw new CommandFailure(`can't read ${path}: ${reasonOf(error)}`);
  }
}

/**
 * @param places default: `usual`
 * @returns the exit status
 */
function list(places: readonly string[], usual: string, json: boolean, terminal: Terminal): number {
  let damaged = 0;
  const captures = readCaptures(places.length > 0 ? places.flatMap(filesAt) : filesOf(usual), (path, reason) => {
    damaged++;
    terminal.say(`wasprey: ${escapeText(`${path} is left out: ${reason}`)}\n`);
  });
  if (captures.length === 0) terminal.say(`wasprey: no captures in ${places.join(', ') || usual}\n`);
  terminal.print(renderCaptures(captures, json, terminal));
  return damaged > 0 ? EXIT.failure : EXIT.ok;
}

function filesAt(place: string): string[] {
  try {
    return statSync(place).isDirectory() ? captureFiles(place) : [place];
  } catch (error) {
    throw new CommandFailure(`can't read ${place}: ${reasonOf(error)}`);
  }
}

/** Files of captures on this machine. */
function filesOf(folder: string): string[] {
  try {
    return captureFiles(folder);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) {
      throw new CommandFailure(`can't read ${folder}: ${reasonOf(error)}`);
    }
    const help = 'turn them on with capture.enabled: true, and give a rule `capture: true`';
    throw new CommandFailure(`this machine has no captures in ${folder}`, help);
  }
}
