// wasprey activity: who was on this machine and in its containers, and what they did.

import { statSync } from 'node:fs';
import { configurationOf } from '../../daemon/configuration.ts';
import { type OptionValues, UsageError } from '../../diagnostics/arguments.ts';
import { CommandFailure, EXIT } from '../../diagnostics/failure.ts';
import { compareBigints, count, sum } from '../../diagnostics/numbers.ts';
import { reasonOf } from '../../diagnostics/system-reason.ts';
import type { Terminal } from '../../diagnostics/terminal.ts';
import { NANOSECONDS_PER_MS } from '../../fields/time.ts';
import { ActivityLog } from '../../journal/activity/activity-log.ts';
import { noteText } from '../../journal/activity/note-text.ts';
import { type Note, readFiles } from '../../journal/activity/read-activity.ts';
import { applyRequests, type FurtherRequests } from '../../journal/activity/requests.ts';
import { isSelected, isSelectedRequest, type Selection } from '../../journal/activity/select.ts';
import type { Session } from '../../journal/activity/session.ts';
import { requestJson, sessionJson } from '../../journal/activity/session-json.ts';
import { requestLine } from '../../journal/activity/session-text.ts';
import { podRequestFiles } from '../../journal/pod-request-log.ts';
import { SecretMask } from '../../journal/secrets/mask-secrets.ts';
import { coverageIn } from '../../journal/stream-state-file.ts';
import { commonCoverage, type RequestCoverage } from '../../sessions/coverage.ts';
import type { PodRequest } from '../../sessions/pod-request.ts';
import { prepare } from '../../setup/prepare.mjs';
import { readRequests } from '../activity/audit-logs.ts';
import { followActivity } from '../activity/follow.ts';
import { defineCommand } from '../definition/command.ts';
import { type GivenHistory, givenHistory, HISTORY_OPTIONS } from '../options/history-options.ts';
import { ProgressBar } from '../reports/progress-bar.ts';
import { renderSession } from '../reports/session-report.ts';

const SHOW = 'show';
/** How far back the journal is read by default. */
const USUAL_SPAN = '1h';

const OPTIONS = {
  ...HISTORY_OPTIONS,
  on: {
    ...HISTORY_OPTIONS.on,
    description: 'The same as FILES; may be given several times. Default: the journal of this machine, journal.folder.',
  },
  since: {
    ...HISTORY_OPTIONS.since,
    description: `How far back: 30m, 12h, 7d. Default: ${USUAL_SPAN} of the journal, and all of FILES.`,
  },
  container: { kind: 'text', value: 'NAME', description: 'Only sessions in this container, by name or id.' },
  pod: { kind: 'text', value: 'NAME', description: 'Only sessions in this pod.' },
  namespace: { kind: 'text', short: 'n', value: 'NAME', description: 'Only sessions in pods of this namespace.' },
  user: {
    kind: 'text',
    short: 'u',
    value: 'NAME',
    description:
      'Only sessions in which this user worked, logged in, or ran a command (by sudo, for example), by name or number; also those of this Kubernetes user, where requests are known.',
  },
  'audit-log': {
    kind: 'list',
    value: 'FILE',
    description: `
      An audit log of the cluster's API server; may be given several times. Sessions by kubectl exec get their Kubernetes user
      from it, and other requests to enter a pod are listed. An agent that receives audit events keeps them in its journal.`,
  },
  command: { kind: 'text', value: 'TEXT', description: 'Only sessions with a command line that has this text.' },
  follow: {
    kind: 'flag',
    short: 'f',
    description: 'Print what happens from now on, or since --since, until Ctrl-C.',
  },
  json: { kind: 'flag', short: 'j', description: 'Print each session as a JSON object, one per line.' },
} as const;

type ActivityOptions = OptionValues<typeof OPTIONS>;

export const ACTIVITY = defineCommand({
  name: 'activity',
  usage: '[show SESSION] [FILES...]',
  operands: [{ values: 'path', repeats: true }],
  description: `
    Shows who was on this machine and in its containers, and what they did. A session is one entry from outside: an ssh
    login, a console, su or sudo, an exec into a container or pod, a job of cron, a systemd unit. It is printed with its
    user, its place, and its commands as a tree, with their exit status, the files they wrote and their connections.
    \`show SESSION\` prints one of them in full.

    It reads the journal of this machine, or FILES: recordings of \`wasprey capture\`, or folders of them. Secrets on command
    lines are masked. Spans without a record are reported. No privilege is needed beyond reading the files.`,
  status: {
    ok: 'The record was read.',
    failure: 'There is no record, it has no such session, or parts of it are damaged.',
  },
  options: OPTIONS,
  examples: [
    { command: 'wasprey activity --since 1d --user alice', effect: "Shows alice's sessions of the last day." },
    { command: 'wasprey activity -n shop --pod web-0', effect: 'Shows who was in a pod during the last hour.' },
    { command: 'wasprey activity show 8f5df31d', effect: 'Shows all of one session.' },
    { command: "wasprey activity --json node.wsp | jq '.user.name'", effect: 'Reads a recording, for other programs.' },
  ],
  async run({ options, operands }, terminal) {
    const isShow = operands[0] === SHOW;
    const wanted = isShow ? wantedId(operands[1]) : undefined;
    if (isShow && options.follow) throw new UsageError(`${SHOW} and --follow exclude each other`);
    if (options['audit-log'] && options.follow) throw new UsageError('--audit-log and --follow exclude each other');
    const places = [...(options.on ?? []).map(({ text }) => text), ...operands.slice(isShow ? 2 : 0)];
    const { journal } = (await configurationOf({ ...options, usual: true }, terminal)).configuration;
    const history = givenHistory(
      {
        ...(places.length > 0 && { on: places.map((text, place) => ({ text, place })) }),
        ...sinceOf(options, places.length > 0 || isShow),
      },
      terminal,
      journal.folder,
    );
    const mask = new SecretMask(journal.secret_names);
    await prepare('native');
    if (options.follow) {
      const request = {
        history,
        places: places.length > 0 ? places : [journal.folder],
        selection: selectionOf(options),
        mask,
      };
      return followActivity(request, options.json === true, terminal);
    }
    const log = new ActivityLog({ mask, ...floorOf(history) });
    const notes = readAll(history, log, places.length === 0);
    const { sessions } = log;
    const logs = (options['audit-log'] ?? []).map(({ text }) => text);
    const folders = (places.length > 0 ? places : [journal.folder]).filter(isFolder);
    const kept = folders.flatMap(podRequestFiles);
    // A log that is given counts as all of it.
    const coverage = logs.length > 0 ? undefined : await coverageOf(folders);
    const further = applyRequests(sessions, { requests: requestsOf(logs, kept, terminal), coverage }, history);
    const selection = selectionOf(options);
    const shown = wanted === undefined ? chosen(sessions, selection) : [sessionWith(wanted, sessions)];
    const requests =
      wanted === undefined ? further.requests.filter((request) => isSelectedRequest(request, selection)) : [];
    print(
      { sessions: shown, requests, targets: further.targets },
      options.json === true,
      wanted !== undefined,
      terminal,
    );
    if (log.sessionsLeftOut > 0) terminal.say(`wasprey: ${count(log.sessionsLeftOut, 'older session')} left out\n`);
    for (const note of notes) terminal.say(`wasprey: ${noteText(note)}\n`);
    return notes.some(({ kind }) => kind === 'damaged') ? EXIT.failure : EXIT.ok;
  },
});

function wantedId(text: string | undefined): string {
  if (text === undefined) throw new UsageError('missing session', `wasprey activity ${SHOW} SESSION`);
  if (!/^[0-9a-f]{2,8}$/.test(text)) {
    throw new UsageError(`${text} is not the id of a session`, '`wasprey activity` prints ids, such as 8f5df31d');
  }
  return text;
}

function sinceOf({ since, follow }: ActivityOptions, isAll: boolean): { readonly since?: string } {
  if (since !== undefined) return { since };
  // What is followed is read from where it was begun to be written, but shown from now on: see floorOf() in follow.ts.
  return isAll || follow ? {} : { since: USUAL_SPAN };
}

function selectionOf({ container, pod, namespace, user, command }: ActivityOptions): Selection {
  return { container, pod, namespace, user, command };
}

function floorOf({ since }: GivenHistory): { readonly since?: bigint } {
  return since === undefined ? {} : { since: BigInt(Math.round(since)) * NANOSECONDS_PER_MS };
}

function readAll(history: GivenHistory, log: ActivityLog, isJournal: boolean): readonly Note[] {
  const all = sum(history.files.map(({ bytes }) => bytes));
  using bar = new ProgressBar();
  return readFiles(history, log, {
    now: isJournal ? Date.now() : undefined,
    onProgress: (bytes, events) => bar.update(bytes / all, events),
  });
}

/** Oldest first, by when something was done last: what is recent stands at the end, above the prompt. */
function chosen(sessions: readonly Session[], selection: Selection): readonly Session[] {
  const found = sessions.filter((session) => isSelected(session, selection));
  return found.sort((one, other) => compareBigints(one.last, other.last));
}

function sessionWith(id: string, sessions: readonly Session[]): Session {
  const found = sessions.filter((session) => session.id.startsWith(id));
  const [session] = found;
  if (!session) throw new CommandFailure(`there is no session ${id} in the record`, 'it may be older: see --since');
  if (found.length > 1)
    throw new CommandFailure(`${count(found.length, 'session')} begin with ${id}`, 'write more of it');
  return session;
}

/** A file that was read may be gone. */
function isFolder(place: string): boolean {
  return statSync(place, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** @param kept files of journals, which may be missing */
function requestsOf(logs: readonly string[], kept: readonly string[], terminal: Terminal): readonly PodRequest[] {
  try {
    const { requests, unreadable } = readRequests(logs, kept);
    if (unreadable > 0) terminal.say(`wasprey: ${count(unreadable, 'line')} of the audit log left out\n`);
    return requests;
  } catch (error) {
    throw new CommandFailure(`can't read ${[...logs, ...kept].join(', ')}: ${reasonOf(error)}`);
  }
}

/** Coverage of all journals: which one a session is of is not known here. */
async function coverageOf(folders: readonly string[]): Promise<RequestCoverage | undefined> {
  const found = (await Promise.all(folders.map(coverageIn))).filter((coverage) => coverage !== undefined);
  const [first, ...others] = found;
  return first && others.reduce(commonCoverage, first);
}

interface Shown extends FurtherRequests {
  readonly sessions: readonly Session[];
}

function print({ sessions, requests, targets }: Shown, isJson: boolean, full: boolean, terminal: Terminal): void {
  for (const [index, session] of sessions.entries()) {
    if (isJson) terminal.print(`${sessionJson(session)}\n`);
    else terminal.print(`${index > 0 ? '\n' : ''}${renderSession(session, { terminal, full })}`);
  }
  if (requests.length > 0 && !isJson)
    terminal.print(`${sessions.length > 0 ? '\n' : ''}requests without a session of the record\n`);
  for (const request of requests) {
    const target = targets.get(request);
    terminal.print(isJson ? `${requestJson(request, target)}\n` : `  ${requestLine(request, target)}\n`);
  }
  if (sessions.length === 0 && !isJson) terminal.say('wasprey: no session\n');
}
