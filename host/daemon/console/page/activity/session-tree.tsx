// The whole session of an alert's process, as a tree: read from the journal when that is asked for.

import type { VNode } from 'preact';
import type { ShownTree, TreeRow } from '../../activity/messages.ts';
import type { NoAnswer } from '../../messages.ts';
import { Failed, Indent, offset } from '../parts/parts.tsx';
import { Scroll } from '../parts/scroll.tsx';
import { count, Note, Text } from '../parts/text.tsx';
import { ask, type Reply } from '../state/api.ts';
import { useAskedAnswer } from '../state/use-answer.ts';
import { activityAddress } from './activity.tsx';

/** @param id of the alert, and its time */
export function SessionTree({ id, time }: { readonly id: number; readonly time: number }): VNode {
  const asked = useAskedAnswer<ShownTree | NoAnswer>();
  return (
    <>
      <button
        type="button"
        class="more"
        aria-disabled={asked.state === 'asking'}
        onClick={() => void asked.ask(() => ask(`alerts/${id}/session`))}
      >
        Show the whole session
      </button>
      <div role="status">
        {asked.state === 'asking' && <Note>Reading the journal</Note>}
        {typeof asked.state === 'object' && <Result reply={asked.state} time={time} />}
      </div>
    </>
  );
}

function Result({ reply, time }: { readonly reply: Reply<ShownTree | NoAnswer>; readonly time: number }): VNode {
  if (reply.kind !== 'done') return <Failed reply={reply} />;
  const { body } = reply;
  if (body.kind === 'none') {
    return (
      <Note>
        It can't be shown: <Text value={body.reason} most={600} />.
      </Note>
    );
  }
  const { session, rows, leftOut } = body;
  return (
    <>
      <p class="facts">
        {count(rows.length, 'command')} of{' '}
        <a href={activityAddress('1h', session.id)}>
          {session.kind} {session.id}
        </a>
        , by the time from the alert
      </p>
      <Scroll label="Commands of the session">
        <ul class="living">
          {rows.map((row, index) => (
            <Row key={index} row={row} time={time} />
          ))}
        </ul>
      </Scroll>
      {leftOut > 0 && <Note>{count(leftOut, 'further command')} not shown.</Note>}
    </>
  );
}

function Row({
  row: { depth, pid, command, user, began, status, place },
  time,
}: {
  readonly row: TreeRow;
  readonly time: number;
}): VNode {
  return (
    <li class={place ?? ''}>
      <Indent depth={depth} />
      <div>
        <span class="pid">{pid}</span> <Text value={command} most={300} />
        {user !== undefined && (
          <span class="macro">
            {' '}
            as <Text value={user} />
          </span>
        )}{' '}
        <span class="macro" title={new Date(began).toISOString()}>
          {offset(began - time)}
        </span>
        {place === 'fired' && <span class="tag">fired</span>}
        {status !== undefined && <span class="tag warning">{status}</span>}
      </div>
    </li>
  );
}
