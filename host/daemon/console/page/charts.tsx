// Small charts of counts over time, as SVG.

import type { VNode } from 'preact';
import { STEP_MS, STEPS } from '../messages.ts';
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
      {values.map((value, index) => {
        if (value === 0) return null;
        const height = Math.max(2, (value / most) * HEIGHT);
        return <rect key={index} x={(empty + index) * BAR} y={HEIGHT - height} width={BAR - 1} height={height} />;
      })}
    </svg>
  );
}

export interface Series {
  /** Of text.tsx. */
  readonly priority: string;
  /** By step, the last one at the end. */
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
  const parts = series.map(({ priority, values }) => `${priority} ${values.reduce((all, value) => all + value, 0)}`);
  const label = `${count(sum, 'alert')} within ${minutes} minutes: ${parts.join(', ') || 'none'}`;
  return (
    <figure class="timeline">
      <svg viewBox={`0 0 ${STEPS * 10} ${CHART_HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
        {totals.map((_, step) => {
          let base = CHART_HEIGHT;
          return series.map(({ priority, values }) => {
            const height = ((values[step] ?? 0) / most) * (CHART_HEIGHT - 2);
            if (height === 0) return null;
            base -= height;
            const key = `${priority} ${step}`;
            return <rect key={key} class={priority} x={step * 10} y={base} width={9} height={height} />;
          });
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
