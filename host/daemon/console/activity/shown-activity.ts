// Sessions of the journal, as the page lists and shows them: what `wasprey activity` prints, within bounds.

import { NANOSECONDS_PER_MS } from '../../../fields/time.ts';
import { ActivityLog } from '../../../journal/activity/activity-log.ts';
import { noteText } from '../../../journal/activity/note-text.ts';
import { type Note, readFiles } from '../../../journal/activity/read-activity.ts';
import { applyRequests, type FurtherRequests } from '../../../journal/activity/requests.ts';
import { commandsOf, type Session } from '../../../journal/activity/session.ts';
import { commandLine, factsOf, placeOf, requestLine, titleOf, who } from '../../../journal/activity/session-text.ts';
import { findHistory } from '../../../journal/history.ts';
import { readPodRequests } from '../../../journal/pod-request-log.ts';
import { SecretMask } from '../../../journal/secrets/mask-secrets.ts';
import { coverageIn } from '../../../journal/stream-state-file.ts';
import { RequestLog } from '../../../sessions/request-log.ts';
import { TextBudget } from '../texts/text-budget.ts';
import type { SessionRow, ShownActivity, ShownSession } from './messages.ts';
import { shownCommands } from './shown-commands.ts';

const MOST_SESSIONS = 1_000;
const MOST_LINES = 100;
const FIRST_COMMANDS = 3;
const LONGEST_LINE = 300;
/** Characters of the whole answer. */
const MOST_TEXT = 4_000_000;

export interface ActivityQuestion {
  readonly kind: 'activity';
  readonly folder: string;
  /** ms since the epoch: what was before is read to know who is who, and not shown. */
  readonly since: number;
  readonly secretNames: readonly string[];
  /** One of them is asked for, in full. */
  readonly session?: string;
}

interface Read extends FurtherRequests {
  readonly sessions: readonly Session[];
  readonly leftOut: number;
  readonly notes: readonly Note[];
}

/** Undefined: there is no such session. Throws RecordingError, and the errors of open(). */
export async function shownActivity(question: ActivityQuestion): Promise<ShownActivity | ShownSession | undefined> {
  const read = await readActivity(question);
  const texts = new TextBudget(MOST_TEXT);
  if (question.session !== undefined) {
    const session = read.sessions.find(({ id }) => id === question.session);
    return session && { kind: 'session', row: rowOf(session, texts), ...shownCommands(session, texts) };
  }
  const sorted = read.sessions.toSorted((one, other) => (one.last < other.last ? 1 : one.last > other.last ? -1 : 0));
  return {
    kind: 'activity',
    sessions: sorted.slice(0, MOST_SESSIONS).map((session) => rowOf(session, texts)),
    leftOut: read.leftOut + Math.max(0, sorted.length - MOST_SESSIONS),
    requests: read.requests
      .slice(-MOST_LINES)
      .map((request) => texts.take(requestLine(request, read.targets.get(request)), LONGEST_LINE)),
    notes: read.notes.slice(0, MOST_LINES).map((note) =>
      texts.take(
        noteText(note, (text) => text),
        LONGEST_LINE,
      ),
    ),
  };
}

export async function readActivity({
  folder,
  since,
  secretNames,
}: Pick<ActivityQuestion, 'folder' | 'since' | 'secretNames'>): Promise<Read> {
  const history = { ...findHistory([folder], { since }), since };
  const log = new ActivityLog({
    mask: new SecretMask(secretNames),
    since: BigInt(Math.floor(since)) * NANOSECONDS_PER_MS,
  });
  const notes = readFiles(history, log, { now: Date.now() });
  const { sessions, sessionsLeftOut: leftOut } = log;
  const requests = new RequestLog();
  for (const event of await readPodRequests(folder)) requests.take(event);
  const known = { requests: requests.requests, coverage: await coverageIn(folder) };
  return { sessions, leftOut, notes, ...applyRequests(sessions, known, history) };
}

function rowOf(session: Session, texts: TextBudget): SessionRow {
  const { id, kind, user, container, began, last, isOver, commandCount } = session;
  const begins: string[] = [];
  for (const command of commandsOf(session)) {
    begins.push(texts.take(commandLine(command), LONGEST_LINE));
    if (begins.length === FIRST_COMMANDS) break;
  }
  return {
    ...{ id, kind, isOver, begins },
    user: texts.take(who(user), LONGEST_LINE),
    place: texts.take(placeOf(session), LONGEST_LINE),
    title: texts.take(titleOf(session), LONGEST_LINE),
    facts: texts.take(factsOf(session).join(', '), LONGEST_LINE),
    ...(container?.namespace !== undefined && { namespace: texts.take(container.namespace, LONGEST_LINE) }),
    ...(container?.pod !== undefined && { pod: texts.take(container.pod, LONGEST_LINE) }),
    began: Number(began) / 1e6,
    last: Number(last) / 1e6,
    commands: commandCount,
  };
}
