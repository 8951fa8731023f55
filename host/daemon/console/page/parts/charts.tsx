// Small charts of counts over time, as SVG. All bars of a kind are one path: there are thousands of bars where there are many groups.

import type { VNode } from 'preact';
import { STEP_MS, STEPS } from '../../messages.ts';
import { count } from './text.tsx';

const BAR = 4;
const HEIGHT = 20;

/** Bars of the latest counts, the last one at the right. */
export function Sparkline({ values, label }: { readonly values: readonly number[]; readonly label: string }): VNode {
  const most = Math.max(1, ...values);
  const empty = STEPS - values.length;
  return (
    <svg
      class="spark"
      viewBox={`0 0 ${STEPS * BAR} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <path d={values.map((value, index) => sparkBar(value / most, (empty + index) * BAR)).join('')} />
    </svg>
  );
}

/** @param share of the highest bar */
function sparkBar(share: number, x: number): string {
  return share === 0 ? '' : bar({ x, base: HEIGHT, width: BAR - 1, height: Math.max(2, share * HEIGHT) });
}

interface Bar {
  readonly x: number;
  /** Height of its lower end. */
  readonly base: number;
  readonly width: number;
  readonly height: number;
}

/** A part of a path. */
function bar({ x, base, width, height }: Bar): string {
  return `M${x} ${base}v${-height}h${width}v${height}z`;
}

export interface Series {
  /** Class of the priority, as priorityClass() of text.tsx gives it. */
  readonly priority: string;
  /** Values by step, the last one at the end. */
  readonly values: readonly number[];
}

const CHART_HEIGHT = 64;

/** Stacked bars, the most severe at the bottom. */
export function Timeline({ series }: { readonly series: readonly Series[] }): VNode {
  const totals = Array.from({ length: STEPS }, (_, step) =>
    series.reduce((sum, { values }) => sum + (values[step] ?? 0), 0),
  );
  const most = Math.max(1, ...totals);
  const sum = totals.reduce((all, value) => all + value, 0);
  const minutes = (STEPS * STEP_MS) / 60_000;
  const bases = new Array<number>(STEPS).fill(CHART_HEIGHT);
  const parts = series.map(({ priority, values }) => `${priority} ${values.reduce((all, value) => all + value, 0)}`);
  const label = `${count(sum, 'alert')} within ${minutes} minutes: ${parts.join(', ') || 'none'}`;
  return (
    <figure class="timeline">
      <svg viewBox={`0 0 ${STEPS * 10} ${CHART_HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
        {series.map(({ priority, values }) => {
          const path = values.map((value, step) => {
            const height = (value / most) * (CHART_HEIGHT - 2);
            const base = bases[step] ?? CHART_HEIGHT;
            bases[step] = base - height;
            return height === 0 ? '' : bar({ x: step * 10, base, width: 9, height });
          });
          return <path key={priority} class={priority} d={path.join('')} />;
        })}
      </svg>
      <figcaption>
        <span>{minutes} minutes ago</span>
        <span>
          at most {count(most, 'alert')} within {STEP_MS / 1000} s
        </span>
        <span>now</span>
      </figcaption>
    </figure>
  );
}
