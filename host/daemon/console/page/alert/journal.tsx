// What the journal has around an alert.

import type { VNode } from 'preact';
import type { JournalLine, ShownJournal } from '../../messages.ts';
import { Scroll } from '../parts/scroll.tsx';
import { count, Note, Text } from '../parts/text.tsx';
import { useRepeatedAnswer } from '../state/use-answer.ts';

export function Journal({ id, time }: { readonly id: number; readonly time: number }): VNode {
  const { reply, again } = useRepeatedAnswer<ShownJournal>(`alerts/${id}/journal`);
  if (!reply) return <Note role="status">Reading the journal</Note>;
  if (reply.kind !== 'done') return <Note>It can't be loaded.</Note>;
  const { body } = reply;
  if (body.kind === 'none') return <Note>Nothing: {body.reason}.</Note>;
  const { lines, isCut, seconds } = body;
  return (
    <>
      <p class="facts">
        {lines.length === 0
          ? `Nothing of its session or container within ${seconds} s`
          : `${isCut ? 'The nearest ' : ''}${count(lines.length, 'event')} of its session or container`}{' '}
        <button type="button" class="more" onClick={again}>
          Read again
        </button>
      </p>
      <Scroll label="Events around the alert">
        <ol class="journal">
          {lines.map((line, index) => (
            <JournalRow key={index} line={line} at={time} />
          ))}
        </ol>
      </Scroll>
    </>
  );
}

function JournalRow({
  line: { time, pid, name, text, isOwn },
  at,
}: {
  readonly line: JournalLine;
  readonly at: number;
}): VNode {
  const seconds = (time - at) / 1000;
  return (
    <li class={isOwn ? 'own' : ''}>
      <span class="offset" title={new Date(time).toISOString()}>
        {seconds > 0 ? '+' : ''}
        {seconds.toFixed(2)} s
      </span>
      <span class="who">
        <Text value={name} most={40} /> <span class="pid">{pid}</span>
      </span>
      <Text value={text} most={500} />
    </li>
  );
}
