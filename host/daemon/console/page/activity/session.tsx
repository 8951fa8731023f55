// A session: its commands as a tree, each with its place on the session's time axis, and what it wrote and connected to beside it.

import type { VNode } from 'preact';
import type { SessionRow, ShownCommand, ShownSession, Span } from '../../activity/messages.ts';
import type { NoAnswer } from '../../messages.ts';
import { Indent, LineList, offset, ReadAgain, Unanswered } from '../parts/parts.tsx';
import { Scroll } from '../parts/scroll.tsx';
import { count, Note, Text, Time } from '../parts/text.tsx';
import { Title } from '../parts/title.tsx';
import { useRepeatedAnswer } from '../state/use-answer.ts';
import { activityAddress } from './activity.tsx';

const WIDTH = 1000;
const HEIGHT = 12;

export function SessionView({ span, id }: { readonly span: Span; readonly id: string }): VNode {
  const { reply, again } = useRepeatedAnswer<ShownSession | NoAnswer>(`activity/${span}/${encodeURIComponent(id)}`);
  const body = reply?.kind === 'done' ? reply.body : undefined;
  return (
    <>
      <div class="head">
        <Title>
          {body?.kind === 'session' ? (
            <>
              {body.row.kind}: <Text value={`${body.row.user} ${body.row.place}`} />
            </>
          ) : (
            'A session'
          )}
        </Title>
        {reply && <ReadAgain onClick={again} />}
      </div>
      <Unanswered reply={reply} doing="Reading the journal" none="It can't be shown" />
      {body?.kind === 'session' && <Shown session={body} span={span} />}
      <p>
        <a href={activityAddress(span)}>Activity</a>
      </p>
    </>
  );
}

function Shown({ session, span }: { readonly session: ShownSession; readonly span: Span }): VNode {
  const { row, commands, leftOut } = session;
  return (
    <>
      <p class="facts">
        <Text value={row.title} />
      </p>
      <p class="facts">
        <Time ms={row.began} date /> to <Time ms={row.last} date />
        {!row.isOver && ', goes on'}
        {row.facts !== '' && (
          <>
            , <Text value={row.facts} />
          </>
        )}
      </p>
      <Scroll label="Commands of the session">
        <ol class="commands">
          {commands.map((command, index) => (
            <CommandRow key={index} command={command} row={row} span={span} />
          ))}
        </ol>
      </Scroll>
      {leftOut > 0 && <Note>{count(leftOut, 'further command')} not shown.</Note>}
    </>
  );
}

function CommandRow({
  command: {
    depth,
    pid,
    command,
    user,
    directory,
    began,
    ranBefore,
    ended,
    status,
    hasFailed,
    files,
    connections,
    opened,
  },
  row,
  span,
}: {
  readonly command: ShownCommand;
  readonly row: SessionRow;
  readonly span: Span;
}): VNode {
  const details = [...connections, ...files];
  return (
    <li>
      <span class="offset" title={new Date(began).toISOString()}>
        {ranBefore ? 'before' : offset(began - row.began)}
      </span>
      <div class="command">
        <Indent depth={depth} />
        <div>
          <span class="pid">{pid}</span> <Text value={command} most={500} />
          {user !== undefined && (
            <span class="macro">
              {' '}
              as <Text value={user} />
            </span>
          )}
          {status !== undefined && hasFailed && <span class="tag warning">{status}</span>}
          {opened.map((one) => (
            <a key={one.id} class="tag" href={activityAddress(span, one.id)}>
              {one.kind} {one.id}
            </a>
          ))}
          {directory !== undefined && (
            <div class="path">
              in <Text value={directory} most={200} />
            </div>
          )}
        </div>
      </div>
      <LifeTime began={began} ended={ended} row={row} />
      <LineList lines={details} most={300} />
    </li>
  );
}

/** From when to when it ran, on the session's time. */
function LifeTime({
  began,
  ended,
  row: { began: from, last: to },
}: {
  readonly began: number;
  readonly ended: number | undefined;
  readonly row: SessionRow;
}): VNode {
  const length = Math.max(1, to - from);
  const x = (time: number): number => Math.min(1, Math.max(0, (time - from) / length)) * (WIDTH - 6);
  const label =
    ended === undefined ? 'it goes on, or became the next' : `it took ${((ended - began) / 1000).toFixed(3)} s`;
  return (
    <svg class="life" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
      <rect x={x(began)} y={2} width={Math.max(6, x(ended ?? to) - x(began))} height={HEIGHT - 4} />
    </svg>
  );
}
