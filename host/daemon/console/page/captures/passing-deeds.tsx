// What the processes of a capture did around a moment: what has happened by then, and what comes next.

import type { VNode } from 'preact';
import type { CapturedDeed } from '../../captures/messages.ts';
import { offset } from '../parts/parts.tsx';
import { Scroll } from '../parts/scroll.tsx';
import { count, Note, number, Text } from '../parts/text.tsx';
import type { AxisProperties } from './time-axis.tsx';

const BEFORE = 25;
const AFTER = 15;

export function PassingDeeds({ capture, matches, begin, at, onMove }: AxisProperties): VNode {
  const { deeds, processes } = capture;
  if (deeds.length === 0) return <Note>The capture has no event.</Note>;
  const found = deeds.findIndex(({ time }) => time > at);
  const next = found < 0 ? deeds.length : found;
  const from = Math.max(0, next - BEFORE);
  const lit = new Set(matches.map(({ time, pid }) => `${pid} ${time}`));
  return (
    <>
      <p class="facts">
        {number(next)} of {count(deeds.length, 'event')} by then
      </p>
      <Scroll label="Events around that moment">
        <ol class="journal passing">
          {deeds.slice(from, next + AFTER).map((deed, index) => {
            const process = deed.process === undefined ? undefined : processes[deed.process];
            const program = process?.programs.findLast(({ time }) => time <= deed.time) ?? process?.programs[0];
            return (
              <DeedRow
                key={from + index}
                deed={deed}
                pid={process?.pid}
                command={program?.command ?? ''}
                isLater={from + index >= next}
                isLit={lit.has(`${process?.pid} ${deed.time}`)}
                begin={begin}
                onMove={onMove}
              />
            );
          })}
        </ol>
      </Scroll>
    </>
  );
}

function DeedRow({
  deed: { time, text, times },
  pid,
  command,
  isLater,
  isLit,
  begin,
  onMove,
}: {
  readonly deed: CapturedDeed;
  readonly pid: number | undefined;
  readonly command: string;
  readonly isLater: boolean;
  readonly isLit: boolean;
  readonly begin: number;
  readonly onMove: (at: number) => void;
}): VNode {
  return (
    <li class={`${isLater ? 'later' : ''} ${isLit ? 'lit' : ''}`}>
      <button type="button" class="offset" onClick={() => onMove(time)}>
        {offset(time - begin)}
      </button>
      <span class="who">
        <Text value={command.split(' ', 1)[0] ?? ''} most={40} /> <span class="pid">{pid ?? ''}</span>
      </span>
      <span>
        <Text value={text} most={500} />
        {times > 1 && <span class="macro"> {number(times)} times</span>}
        {isLit && <span class="tag">matches</span>}
      </span>
    </li>
  );
}
