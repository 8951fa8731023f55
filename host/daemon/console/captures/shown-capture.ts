// One capture as the page plays it back: its processes with when each lived and what it ran, what they did, and the state at the alert. It is the
// report of `wasprey captures show`, within bounds.

import { basename } from 'node:path';
import { whyNoAlert } from '../../../captures/notes/capture-notes.ts';
import { readNotes } from '../../../captures/notes/read-notes.ts';
import { commandLineOf, deedText } from '../../../captures/report/command-line.ts';
import type { Program, TreeProcess } from '../../../captures/report/process-tree.ts';
import { type Report, reportOf, type TimelineEntry } from '../../../captures/report/report.ts';
import { endOf, textParts } from '../../../captures/report/text.ts';
import type { ProcessState } from '../../../captures/state/state.ts';
import { CommandFailure } from '../../../diagnostics/failure.ts';
import { SecretMask } from '../../../journal/secrets/mask-secrets.ts';
import { TextBudget } from '../texts/text-budget.ts';
import type { CapturedDeed, CapturedProcess, ShownCapture, ShownProgram, StateProcess } from './messages.ts';

const MOST_PROCESSES = 3_000;
/** Programs of one process. */
const MOST_PROGRAMS = 50;
/** Events that are shown at most: those nearest to the first alert. */
const MOST_DEEDS = 6_000;
const MOST_STATES = 200;
const MOST_OPEN = 200;
const MOST_LINES = 300;
const MOST_ALERTS = 100;
const LONGEST_TEXT = 2_000;
const LONGEST_LINE = 500;
/** Characters of the whole answer. */
const MOST_TEXT = 4_000_000;

export interface CaptureQuestion {
  readonly kind: 'capture';
  readonly path: string;
  readonly secretNames: readonly string[];
}

/** @throws {CommandFailure} for one without an alert, which the page begins with; and RecordingError */
export function shownCapture({ path, secretNames }: CaptureQuestion): ShownCapture {
  const notes = readNotes(path);
  const lack = whyNoAlert(notes);
  if (lack !== undefined) throw new CommandFailure(lack);
  const mask = new SecretMask(secretNames);
  const report = reportOf(path, notes);
  const texts = new TextBudget(MOST_TEXT);
  const cuts: string[] = [];
  const processes = chosenProcesses(report, cuts);
  const places = new Map(processes.map((process, index) => [process, index]));
  const entries = nearestEntries(report, cuts);
  const shown = {
    // What a reader looks at first has its texts first.
    alerts: report.alerts.slice(0, MOST_ALERTS).map(({ time, rule, priority, message }) => ({
      time: milliseconds(time),
      rule: texts.take(rule, LONGEST_LINE),
      priority: texts.take(priority, LONGEST_LINE),
      message: texts.take(mask.message(message), LONGEST_TEXT),
    })),
    processes: processes.map((process) => processOf(process, places, report, mask, texts)),
    deeds: entries.map((entry) => deedShown(entry, places, mask, texts)),
    state: statesOf(report, mask, texts),
    // The page shows by their code points what others escape.
    parts: textParts(report, { mask, safe: (text) => text })
      .filter(({ title }) => PARTS.includes(title))
      .map(({ title, lines }) => ({ title, lines: linesOf(lines, texts) })),
  };
  if (texts.isUsedUp) cuts.push('Its texts are too long: some are cut.');
  return {
    kind: 'capture',
    name: basename(path),
    hostname: report.hostname,
    kernel: report.kernel,
    ...(report.terms && { scope: report.terms.scope }),
    ...spanOf([...shown.deeds, ...shown.alerts], shown.processes),
    events: report.events,
    ...shown,
    cuts,
  };
}

const PARTS: readonly string[] = ['Files', 'Connections', 'State at the alert', 'Missing'];

function milliseconds(time: bigint): number {
  return Number(time) / 1e6;
}

/** From the first event to the last, and to the end of whatever ended after it. Processes are often older, and live on. */
function spanOf(
  timed: readonly { readonly time: number }[],
  processes: readonly CapturedProcess[],
): { readonly from: number; readonly to: number } {
  let [from, to] = [Number.POSITIVE_INFINITY, 0];
  for (const { time } of timed) {
    from = Math.min(from, time);
    to = Math.max(to, time);
  }
  for (const { ended } of processes) if (ended) to = Math.max(to, ended.time);
  return { from, to };
}

/** The branch that fired first, then what has to do with it, then the others. */
function chosenProcesses({ branch, related, shown }: Report, cuts: string[]): TreeProcess[] {
  const all = [...new Set([...branch, ...[...related].filter((process) => shown.has(process)), ...shown])];
  if (all.length > MOST_PROCESSES) cuts.push(`${all.length - MOST_PROCESSES} further processes are left out.`);
  return all.slice(0, MOST_PROCESSES);
}

function nearestEntries({ timeline, alerts }: Report, cuts: string[]): readonly TimelineEntry[] {
  if (timeline.length <= MOST_DEEDS) return timeline;
  cuts.push(`${timeline.length - MOST_DEEDS} events that are further from the alert are left out.`);
  const at = alerts[0]?.time ?? 0n;
  const next = timeline.findIndex(({ time }) => time >= at);
  const middle = next < 0 ? timeline.length : next;
  const from = Math.max(0, Math.min(middle - MOST_DEEDS / 2, timeline.length - MOST_DEEDS));
  return timeline.slice(from, from + MOST_DEEDS);
}

function processOf(
  process: TreeProcess,
  places: ReadonlyMap<TreeProcess, number>,
  { fired, branch }: Report,
  mask: SecretMask,
  texts: TextBudget,
): CapturedProcess {
  const { pid, parent, began, ended, programs } = process;
  const place = parent && places.get(parent);
  return {
    pid,
    ...(place !== undefined && { parent: place }),
    ...(began !== undefined && { began: milliseconds(began) }),
    ...(ended && { ended: { time: milliseconds(ended.time), text: endOf(ended.status) } }),
    hasFired: fired.has(process),
    isOnBranch: branch.has(process),
    programs: programs.slice(-MOST_PROGRAMS).map((program) => programOf(program, mask, texts)),
  };
}

function programOf(program: Program, mask: SecretMask, texts: TextBudget): ShownProgram {
  return {
    time: milliseconds(program.time),
    command: texts.take(commandLineOf(program, mask), LONGEST_TEXT),
    executable: texts.take(program.executable, LONGEST_LINE),
    user: texts.take(program.user, 100),
  };
}

function deedShown(
  { time, process, deed, times }: TimelineEntry,
  places: ReadonlyMap<TreeProcess, number>,
  mask: SecretMask,
  texts: TextBudget,
): CapturedDeed {
  const place = process && places.get(process);
  return {
    time: milliseconds(time),
    ...(place !== undefined && { process: place }),
    text: texts.take(deedText(deed, mask), LONGEST_LINE),
    times,
  };
}

function linesOf(lines: readonly string[], texts: TextBudget): string[] {
  const shown = lines.slice(0, MOST_LINES).map((line) => texts.take(line, LONGEST_LINE));
  const more = lines.length - shown.length;
  return more === 0 ? shown : [...shown, `... and ${more} more: \`wasprey captures show --json\` has all`];
}

/** States of processes: those that fired and their ancestors first. */
function statesOf({ state, branch }: Report, mask: SecretMask, texts: TextBudget): StateProcess[] {
  if (!state) return [];
  const pids = new Set([...branch].map(({ pid }) => pid));
  const [first, others] = [true, false].map((isFirst) =>
    state.processes.filter(({ pid }) => pids.has(pid) === isFirst),
  );
  return [...(first ?? []), ...(others ?? [])].slice(0, MOST_STATES).map((process) => stateOf(process, mask, texts));
}

function stateOf(process: ProcessState, mask: SecretMask, texts: TextBudget): StateProcess {
  const { pid, vpid, parent, session, name, status, directory, root, executable, users, groups, capabilities } =
    process;
  const facts = {
    Executable: executable && `${executable.path}${executable.deleted ? ' (the file is gone)' : ''}`,
    'SHA-256': executable?.sha256,
    Directory: directory,
    'Root directory': root === '/' ? undefined : root,
    'Process in its own namespace': vpid === pid ? undefined : String(vpid),
    'Parent, session': `${parent}, ${session}`,
    'Users (real, effective, saved, of files)': users.join(', '),
    Groups: groups.join(', '),
    'Effective capabilities': capabilities.effective,
    'No new privileges': process.noNewPrivileges ? 'yes' : 'no',
    Seccomp: ['off', 'strict', 'filter'][process.seccomp] ?? String(process.seccomp),
    Status: status,
    'Names of variables': process.environment.join(' '),
    'Executable memory': process.details?.executableMaps.map(({ path }) => path).join(' '),
  };
  return {
    pid,
    name: texts.take(name, 100),
    command: texts.take(mask.words(process.arguments).join(' '), LONGEST_TEXT),
    facts: Object.entries(facts).flatMap(([key, text]) =>
      text === undefined || text === '' ? [] : [{ key, text: texts.take(text, LONGEST_TEXT) }],
    ),
    open: (process.details?.descriptors ?? []).slice(0, MOST_OPEN).map(({ number, target, access, socket }) => {
      const peer = socket?.peer === undefined ? '' : ` to ${socket.peer}`;
      const what = socket ? `${socket.protocol} ${socket.local}${peer} ${socket.status ?? ''}` : target;
      return texts.take(`${number}${access === undefined ? '' : ` ${access}`}  ${what}`, LONGEST_LINE);
    }),
  };
}
