// Activity: who was on this machine and in its containers, by user and by pod.

import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { isSpan, type SessionRow, type ShownActivity, type Span } from '../../activity/messages.ts';
import type { NoAnswer } from '../../messages.ts';
import { LineList, ReadAgain, Unanswered } from '../parts/parts.tsx';
import { Scroll } from '../parts/scroll.tsx';
import { count, Note, number, Text, Time } from '../parts/text.tsx';
import { Title } from '../parts/title.tsx';
import { hasWords, WordsInput, wordsOf } from '../parts/words.tsx';
import { replaceAddress } from '../state/route.ts';
import { useRepeatedAnswer } from '../state/use-answer.ts';

const SPAN_NAMES = { '15m': '15 minutes', '1h': 'an hour', '6h': '6 hours', '1d': 'a day' } as const;
export const USUAL_SPAN: Span = '1h';

/** @param session absent: of all of that time */
export function activityAddress(span: Span, session?: string): string {
  return `#/activity/${span}${session === undefined ? '' : `/${session}`}`;
}

const GROUPS = { time: 'Time', user: 'User', place: 'Pod or machine' } as const;
type Grouping = keyof typeof GROUPS;

export function ActivityView({ span }: { readonly span: Span }): VNode {
  const [words, setWords] = useState('');
  const [grouping, setGrouping] = useState<Grouping>('time');
  const { reply, again } = useRepeatedAnswer<ShownActivity | NoAnswer>(`activity/${span}`);
  const body = reply?.kind === 'done' ? reply.body : undefined;
  return (
    <>
      <div class="head">
        <Title>Activity</Title>
        {body?.kind === 'activity' && <p class="facts">{count(body.sessions.length, 'session')}</p>}
        {reply && <ReadAgain onClick={again} />}
      </div>
      <search class="filters">
        <label>
          Of the last
          <select
            value={span}
            onChange={({ currentTarget }) =>
              isSpan(currentTarget.value) && replaceAddress(activityAddress(currentTarget.value))
            }
          >
            {Object.entries(SPAN_NAMES).map(([value, name]) => (
              <option key={value} value={value}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <WordsInput value={words} onChange={setWords} />
        <label>
          Group by
          <select
            value={grouping}
            onChange={({ currentTarget }) => {
              if (isGrouping(currentTarget.value)) setGrouping(currentTarget.value);
            }}
          >
            {Object.entries(GROUPS).map(([value, name]) => (
              <option key={value} value={value}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </search>
      <Unanswered reply={reply} doing="Reading the journal" none="Nothing" />
      {body?.kind === 'activity' && <Sessions activity={body} span={span} words={words} grouping={grouping} />}
    </>
  );
}

function isGrouping(text: string): text is Grouping {
  return Object.hasOwn(GROUPS, text);
}

/** The pod, or where it was instead. */
function placeOf({ namespace, pod, place }: SessionRow): string {
  return pod === undefined ? place : `${namespace ?? '?'}/${pod}`;
}

function Sessions({
  activity: { sessions, leftOut, requests, notes },
  span,
  words,
  grouping,
}: {
  readonly activity: ShownActivity;
  readonly span: Span;
  readonly words: string;
  readonly grouping: Grouping;
}): VNode {
  const wanted = wordsOf(words);
  const shown = sessions.filter(({ title, facts, begins }) => hasWords(wanted, title, facts, ...begins));
  const groups = Map.groupBy(shown, (row) =>
    grouping === 'user' ? row.user : grouping === 'place' ? placeOf(row) : '',
  );
  return (
    <>
      {sessions.length === 0 && <Note>Nobody did anything in that time.</Note>}
      {sessions.length > 0 && shown.length === 0 && <Note>No session matches the filter.</Note>}
      {[...groups].map(([name, rows]) => (
        <section key={name}>
          {name !== '' && (
            <h2>
              <Text value={name} />
            </h2>
          )}
          <SessionTable rows={rows} span={span} label={name === '' ? 'Sessions' : `Sessions: ${name}`} />
        </section>
      ))}
      {leftOut > 0 && <Note>{count(leftOut, 'older session')} left out.</Note>}
      <TitledLines title="Requests to enter a pod, without a session here" lines={requests} />
      <TitledLines title="What the record lacks" lines={notes} />
    </>
  );
}

function TitledLines({ title, lines }: { readonly title: string; readonly lines: readonly string[] }): VNode | null {
  if (lines.length === 0) return null;
  return (
    <>
      <h2>{title}</h2>
      <LineList lines={lines} />
    </>
  );
}

function SessionTable({
  rows,
  span,
  label,
}: {
  readonly rows: readonly SessionRow[];
  readonly span: Span;
  readonly label: string;
}): VNode {
  return (
    <Scroll label={label}>
      <table class="sessions">
        <thead>
          <tr>
            <th scope="col">Session</th>
            <th scope="col">Entered by</th>
            <th scope="col">User</th>
            <th scope="col">Where</th>
            <th scope="col">From</th>
            <th scope="col">To</th>
            <th scope="col" class="number">
              Commands
            </th>
            <th scope="col">Begins with</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ id, kind, user, place, began, last, isOver, commands, begins }) => (
            <tr key={id}>
              <th scope="row">
                <a href={activityAddress(span, id)}>{id}</a>
              </th>
              <td>{kind}</td>
              <td>
                <Text value={user} most={60} />
              </td>
              <td>
                <Text value={place} most={120} />
              </td>
              <td>
                <Time ms={began} date />
              </td>
              <td>{isOver ? <Time ms={last} /> : 'goes on'}</td>
              <td class="number">{number(commands)}</td>
              <td>
                <code>
                  <Text value={begins.join('; ')} most={100} />
                </code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
