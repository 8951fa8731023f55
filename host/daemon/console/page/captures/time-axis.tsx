// The time of a capture: how much happened when, alerts and matches as marks, and a slider that moves through it.

import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ShownCapture, TriedMatch } from '../../captures/messages.ts';
import { offset } from '../parts/parts.tsx';
import { count, priorityClass, Time } from '../parts/text.tsx';

const WIDTH = 1000;
const HEIGHT = 56;
const BARS = 200;
const FRAME_MS = 100;
const SPEEDS = [0.2, 1, 5, 20] as const;

export interface AxisProperties {
  readonly capture: ShownCapture;
  readonly matches: readonly TriedMatch[];
  /** The first alert, from which times are counted. */
  readonly begin: number;
  readonly at: number;
  readonly onMove: (at: number) => void;
}

export function TimeAxis(properties: AxisProperties): VNode {
  const { capture, begin, at, onMove } = properties;
  const { from, to } = capture;
  return (
    <figure class="axis" aria-label="Time of the capture">
      <Marks {...properties} />
      <input
        type="range"
        min={0}
        max={Math.max(1, to - from)}
        step="any"
        value={at - from}
        aria-label="Moment"
        aria-valuetext={`${offset(at - begin)} from the alert`}
        onInput={({ currentTarget }) => onMove(from + Number(currentTarget.value))}
      />
      <figcaption>
        <span>{offset(from - begin)}</span>
        <span class="legend">
          <span class="mark alert" aria-hidden="true" /> alert <span class="mark match" aria-hidden="true" /> match
        </span>
        <span>{offset(to - begin)}</span>
      </figcaption>
      <Controls {...properties} />
    </figure>
  );
}

function Marks({ capture, matches, begin, at }: AxisProperties): VNode {
  const { from, to, alerts, deeds } = capture;
  const span = Math.max(1, to - from);
  const x = (time: number): number => ((time - from) / span) * (WIDTH - 2);
  const bars = new Array<number>(BARS).fill(0);
  for (const { time, times } of deeds) {
    const bar = Math.min(BARS - 1, Math.floor(((time - from) / span) * BARS));
    bars[bar] = (bars[bar] ?? 0) + times;
  }
  // The square root keeps small bars visible beside large ones.
  const most = Math.sqrt(Math.max(1, ...bars));
  const lit = new Set(matches.map(({ time }) => Math.round(x(time))));
  const label = `${count(deeds.length, 'event')} from ${offset(from - begin)} to ${offset(to - begin)}, ${count(alerts.length, 'alert')}${matches.length > 0 ? `, ${count(matches.length, 'matching event')}` : ''}`;
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
      {bars.map((value, index) => {
        if (value === 0) return null;
        const height = Math.max(2, (Math.sqrt(value) / most) * (HEIGHT - 16));
        const width = WIDTH / BARS;
        return (
          <rect key={index} class="column" x={index * width} y={HEIGHT - height} width={width - 1} height={height} />
        );
      })}
      {alerts.map(({ time, priority }, index) => (
        <rect key={index} class={priorityClass(priority)} x={x(time)} y={10} width={3} height={HEIGHT - 10} />
      ))}
      {[...lit].map((place) => (
        <rect key={place} class="match" x={place} y={0} width={4} height={9} />
      ))}
      <rect class="cursor" x={x(at)} y={0} width={2} height={HEIGHT} />
    </svg>
  );
}

function Controls({ capture: { from, to, deeds }, begin, at, onMove }: AxisProperties): VNode {
  const [isPlaying, setPlaying] = useState(false);
  const [speed, setSpeed] = useState(1);
  const moment = useRef(at);
  moment.current = at;
  useEffect(() => {
    if (!isPlaying) return;
    let last = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      const next = moment.current + (now - last) * speed;
      last = now;
      if (next >= to) setPlaying(false);
      onMove(Math.min(next, to));
    }, FRAME_MS);
    return () => clearInterval(timer);
  }, [isPlaying, speed]);
  const play = (): void => {
    if (!isPlaying && at >= to) onMove(from);
    setPlaying(!isPlaying);
  };
  const before = deeds.findLast(({ time }) => time < at);
  const after = deeds.find(({ time }) => time > at);
  return (
    <div class="controls">
      <button type="button" onClick={play}>
        {isPlaying ? 'Stop' : 'Play'}
      </button>
      <label>
        Speed{' '}
        <select value={speed} onChange={({ currentTarget }) => setSpeed(Number(currentTarget.value))}>
          {SPEEDS.map((value) => (
            <option key={value} value={value}>
              {value} ×
            </option>
          ))}
        </select>
      </label>
      <button type="button" disabled={!before} onClick={() => before && onMove(before.time)}>
        Event before
      </button>
      <button type="button" disabled={!after} onClick={() => after && onMove(after.time)}>
        Next event
      </button>
      <button type="button" onClick={() => onMove(begin)}>
        To the alert
      </button>
      <span class="moment">
        {offset(at - begin)}, <Time ms={at} date />
      </span>
    </div>
  );
}
