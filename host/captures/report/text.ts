// The report of a capture as text, which a person reads in a minute: the alert first, then the processes, then the rest, each in few lines.

import { escapeText } from '../../diagnostics/escape.ts';
import { wrap } from '../../diagnostics/layout.ts';
import { count, number } from '../../diagnostics/numbers.ts';
import { damageText } from '../../journal/damage-text.ts';
import type { SecretMask } from '../../journal/secrets/mask-secrets.ts';
import type { Damage } from '../../recording/source.ts';
import type { CapturedAlert } from '../notes/capture-notes.ts';
import type { ChangedFile, ProcessState, State } from '../state/state.ts';
import { commandLineOf, deedText } from './command-line.ts';
import type { TreeProcess } from './process-tree.ts';
import type { Connection, Report, TimelineEntry, TouchedFile } from './report.ts';

/** How the report is printed. */
export interface TextOptions {
  readonly width: number;
  readonly bold: (text: string) => string;
  /** Hides secrets on command lines. */
  readonly mask: SecretMask;
}

/** Lines of a part; what has more says how many are left out, and `--json` has all. */
const MOST_LINES = 40;

export function reportText(report: Report, { width, bold, mask }: TextOptions): string {
  return textParts(report, { mask, safe: escapeText })
    .map(({ title, lines, isOfSentences }) => {
      const fitted = cut(lines).flatMap((line) =>
        isOfSentences ? wrap(line, width - 2).split('\n') : clip(line, width - 2),
      );
      const shown = fitted.map((line) => `  ${line}\n`);
      return `${bold(title)}\n${shown.join('')}`;
    })
    .join('\n');
}

export interface TextPart {
  readonly title: string;
  readonly lines: readonly string[];
  /** None of it may be cut. */
  readonly isOfSentences?: true;
}

/** How texts of traced processes get into lines. */
export interface Wording {
  /** Hides secrets on command lines. */
  readonly mask: SecretMask;
  /** What makes line breaks and control characters harmless where the lines are shown. */
  readonly safe: (text: string) => string;
}

/** The parts that have something to show, complete. */
export function textParts(report: Report, wording: Wording): TextPart[] {
  const missing = [...report.damage.map(damageLine), ...report.missing];
  const parts: TextPart[] = [
    { title: 'What fired', lines: alertLines(report, wording) },
    { title: 'Processes', lines: treeLines(report, wording) },
    { title: 'Timeline', lines: timelineLines(report, wording) },
    { title: 'Files', lines: fileLines(report, wording) },
    { title: 'Connections', lines: report.connections.map((connection) => connectionLine(connection, wording)) },
    { title: 'State at the alert', lines: stateLines(report, wording) },
    { title: 'Missing', lines: missing.map(wording.safe), isOfSentences: true },
  ];
  return parts.filter(({ lines }) => lines.length > 0);
}

function damageLine(damage: Damage): string {
  return `${damage.isCutOff ? 'Cut off' : 'Damaged'} ${damageText(damage)}.`;
}

/** For the reader who looks at nothing else. Undefined if the file is whole. */
function incompleteLine(damage: readonly Damage[]): string | undefined {
  const end = damage.find(({ isCutOff }) => isCutOff);
  const places = damage.length - (end ? 1 : 0);
  const facts = [
    ...(places > 0 ? [`damaged at ${count(places, 'place')}`] : []),
    ...(end ? [`without an end (it is being written, or was cut off)`] : []),
  ];
  return facts.length === 0 ? undefined : `The file is ${facts.join(', and ')}: see "Missing"`;
}

function cut(lines: readonly string[]): readonly string[] {
  if (lines.length <= MOST_LINES) return lines;
  return [...lines.slice(0, MOST_LINES - 1), `... and ${lines.length - MOST_LINES + 1} more: --json has all`];
}

function counted(value: number, one: string, many: string): string {
  return `${number(value)} ${value === 1 ? one : many}`;
}

function clip(line: string, width: number): string {
  return line.length <= width ? line : `${line.slice(0, width - 3)}...`;
}

function alertLines({ alerts, place, hostname, kernel, terms, damage }: Report, { mask, safe }: Wording): string[] {
  const { pod, namespace, name, container, image, tag } = place;
  const where = [
    pod !== undefined && `pod ${namespace ?? ''}/${pod}`,
    container !== undefined && container !== 'host' && `container ${[name, container].filter(Boolean).join(' ')}`,
    image !== undefined && `image ${[image, tag].filter(Boolean).join(':')}`,
    `node ${hostname} (Linux ${kernel})`,
  ].filter((part) => part !== false);
  const spans = terms && `${terms.scope}, ${terms.beforeMs / 1000} s before and ${terms.afterMs / 1000} s after`;
  const incomplete = incompleteLine(damage);
  return [
    ...(alerts.length === 0 ? ['(no alert can be read)'] : []),
    ...alerts.map((alert) => `${clock(alert.time)}  ${safe(alert.priority)}  ${safe(alert.rule)}`),
    ...alerts.slice(0, 1).map((alert: CapturedAlert) => safe(mask.message(alert.message))),
    safe(where.join(', ')),
    ...(spans === undefined ? [] : [`Captured: ${spans}`]),
    ...(incomplete === undefined ? [] : [incomplete]),
  ];
}

/** `12:34:56.789`, local time. */
function clock(time: bigint): string {
  const date = new Date(Number(time / 1_000_000n));
  const two = (value: number): string => String(value).padStart(2, '0');
  const fraction = String(date.getMilliseconds()).padStart(3, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${fraction}`;
}

/** All processes if they are few; else those that have to do with the alert. */
function treeLines({ roots, shown, branch, fired, related }: Report, wording: Wording): string[] {
  const told = shown.size <= MOST_LINES ? shown : related;
  const lines: string[] = [];
  const waiting = roots.map((process) => ({ process, depth: 0 })).reverse();
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { process, depth } = next;
    const mark = fired.has(process) ? '>' : branch.has(process) ? '|' : ' ';
    if (told.has(process)) lines.push(`${mark} ${'  '.repeat(Math.min(depth, 20))}${describe(process, wording)}`);
    for (const child of process.children.toReversed()) {
      if (shown.has(child)) waiting.push({ process: child, depth: told.has(process) ? depth + 1 : depth });
    }
  }
  const others = [...shown].filter((process) => !told.has(process)).length;
  return others === 0 ? lines : [...lines, `(${counted(others, 'other process is', 'other processes are')} left out)`];
}

function describe(process: TreeProcess, { mask, safe }: Wording): string {
  const [first, ...later] = process.programs.filter(({ commandLine }) => commandLine !== '');
  const programs = process.programs.length > 1 && process.began !== undefined && later.length > 0 ? later : [first];
  const commands = programs.flatMap((program) => (program ? [safe(commandLineOf(program, mask))] : []));
  const user = process.programs.at(-1)?.user;
  const end = process.ended && `, ${endOf(process.ended.status)}`;
  return `${process.pid} ${commands.join(' -> ') || '(unknown)'}${user ? ` [${safe(user)}]` : ''}${end ?? ''}`;
}

/** How a process ended, by its wait status: wait(2). */
export function endOf(status: number): string {
  const signal = status & 0x7f;
  return signal === 0 ? `exit ${(status >> 8) & 0xff}` : `killed by signal ${signal}`;
}

/** What is nearest to the alert: all of it if that is little; else by processes that have to do with it, and without reads. */
function timelineLines({ timeline, alerts, related }: Report, wording: Wording): string[] {
  const begin = alerts[0]?.time ?? timeline[0]?.time ?? 0n;
  const told =
    timeline.length <= MOST_LINES
      ? timeline
      : timeline.filter(
          ({ process, deed }) => process && related.has(process) && !['read', 'plumbing'].includes(deed.kind),
        );
  const lines = nearest(told, begin).map((entry) => entryLine(entry, begin, wording));
  const left = timeline.length - lines.length;
  return left === 0
    ? lines
    : [...lines, `(${counted(left, 'more entry is', 'more entries are')} left out: --json has all)`];
}

/** Half of the lines before the time, half after it, and more where the other half has fewer. */
function nearest(entries: readonly TimelineEntry[], begin: bigint): readonly TimelineEntry[] {
  const most = MOST_LINES - 1;
  const split = entries.findIndex(({ time }) => time >= begin);
  const before = split < 0 ? entries.length : split;
  const from = Math.max(0, Math.min(before - Math.floor(most / 2), entries.length - most));
  return entries.slice(from, from + most);
}

function entryLine({ time, process, deed, times }: TimelineEntry, begin: bigint, { mask, safe }: Wording): string {
  const seconds = Number(time - begin) / 1e9;
  const sign = seconds < 0 ? '-' : '+';
  const who = process ? `${process.pid} ${safe(programAt(process, time))}` : '(unknown)';
  const text = safe(deedText(deed, mask));
  return `${sign}${Math.abs(seconds).toFixed(3).padStart(7)} s  ${who}: ${text}${times > 1 ? ` (${times} times)` : ''}`;
}

function programAt({ programs }: TreeProcess, time: bigint): string {
  return (programs.findLast((program) => program.time <= time) ?? programs[0])?.name ?? '';
}

/** Changed files, those of related processes first. */
function fileLines({ files, related }: Report, wording: Wording): string[] {
  const changed = files.filter(
    ({ verbs, layer, path }) =>
      !path.startsWith('/dev/') && (layer || [...verbs].some((verb) => verb !== 'reads' && verb !== 'runs')),
  );
  const isRelated = ({ processes }: TouchedFile): boolean => [...processes].some((process) => related.has(process));
  const lines = [...changed.filter(isRelated), ...changed.filter((file) => !isRelated(file))].flatMap((file) =>
    linesOfFile(file, wording),
  );
  const read = files.length - changed.length;
  return read === 0 ? lines : [...lines, `(${counted(read, 'file was', 'files were')} only read or run)`];
}

function linesOfFile({ path, verbs, processes, layer }: TouchedFile, { safe }: Wording): string[] {
  const who = pidsOf(processes);
  const size = layer?.kind === 'file' ? `, ${layer.size} bytes, mode ${layer.mode.toString(8)}` : '';
  const hash = layer?.sha256 === undefined ? [] : [hashLine(layer.sha256)];
  return [`${safe(path)}: ${[...verbs].join(', ')} (${who})${size}`, ...hash];
}

function pidsOf(processes: ReadonlySet<TreeProcess>): string {
  return [...processes]
    .map(({ pid }) => pid)
    .toSorted((one, other) => one - other)
    .join(', ');
}

const SHA256 = /^[0-9a-f]{64}$/;

/** A line of its own: it is never cut. */
function hashLine(hash: string): string {
  return `  sha256 ${SHA256.test(hash) ? hash : '(invalid)'}`;
}

function connectionLine({ verb, peer, processes, times, failures }: Connection, { safe }: Wording): string {
  const who = pidsOf(processes);
  const failed = failures === 0 ? '' : failures === times ? ', failed' : `, ${failures} failed`;
  return `${verb} ${safe(peer)} (${who})${times > 1 ? `, ${times} times` : ''}${failed}`;
}

function stateLines({ state }: Report, wording: Wording): string[] {
  if (!state) return [];
  const { processes, listening, mounts, changed } = state;
  return [
    `${counted(processes.length, 'process', 'processes')}, ${takenWhen(state)}`,
    ...processes.filter(isNotable).map((process) => notableLine(process, wording)),
    ...listening.map(({ protocol, address, pids }) =>
      wording.safe(`listens: ${protocol} ${address} (${pids.join(', ')})`),
    ),
    count(mounts.length, 'mount'),
    ...(changed
      ? [
          count(changed.length, 'changed file'),
          ...changed.filter(isProgram).flatMap((file) => programLines(file, wording)),
        ]
      : []),
  ];
}

function takenWhen({ milliseconds, times }: State): string {
  if (!times) return `taken in ${milliseconds} ms`;
  return `taken from ${times.begun} to ${times.details} ms after the alert, hashes by ${times.hashes} ms`;
}

/** Runs a file that was removed or has no name, or is connected to another machine. */
function isNotable({ executable, details }: ProcessState): boolean {
  return executable?.deleted === true || (details?.descriptors.some(({ socket }) => isRemote(socket)) ?? false);
}

function isRemote(socket: { readonly protocol: string; readonly peer?: string | undefined } | undefined): boolean {
  return socket?.peer !== undefined && socket.protocol !== 'unix' && !/^(127\.|\[::1\])/.test(socket.peer);
}

function notableLine({ pid, name, executable, details }: ProcessState, { safe }: Wording): string {
  const peers = (details?.descriptors ?? []).flatMap(({ socket }) => (isRemote(socket) ? [socket?.peer ?? ''] : []));
  const facts = [
    ...(executable?.deleted ? [`runs a file that is gone: ${executable.path}`] : []),
    ...(peers.length > 0 ? [`connected to ${[...new Set(peers)].join(', ')}`] : []),
  ];
  return safe(`${pid} ${name}: ${facts.join('; ')}`);
}

function isProgram({ kind, mode }: ChangedFile): boolean {
  return kind === 'file' && (mode & 0o111) !== 0;
}

function programLines({ path, size, sha256 }: ChangedFile, { safe }: Wording): string[] {
  const hash = sha256 === undefined ? [] : [hashLine(sha256)];
  return [`changed program: ${safe(path)}, ${size} bytes`, ...hash];
}
