// How a cost grows with its cause: figures at some points, and the power that it grows with.

import type { Figure, Unit } from '../figure.ts';
import { median } from '../statistics.ts';

/** Nothing may grow faster than its cause; what the fit leaves open is allowed for. */
const MOST_POWER = 1.1;

export interface Point {
  /** How much there is of the cause. */
  readonly x: number;
  readonly samples: readonly number[];
  readonly falco?: Figure['falco'];
  readonly note?: string;
}

export interface Curve {
  /** What costs: 'evaluation an event'. */
  readonly what: string;
  /** Of what there is more and more: 'rules'. */
  readonly cause: string;
  readonly unit: Unit;
  readonly points: readonly Point[];
}

/** A row for each point, and one for the power: 0 is a cost that stays, 1 one that doubles when its cause does. */
export function curveFigures({ what, cause, unit, points }: Curve): Figure[] {
  const rows = points.map(
    ({ x, samples, falco, note }): Figure => ({
      what: `${what}, ${x.toLocaleString('en')} ${cause}`,
      unit,
      samples,
      ...(falco !== undefined && { falco }),
      ...(note !== undefined && { note }),
    }),
  );
  return [
    ...rows,
    {
      what: '  grows with the power of at most',
      unit: 'power',
      samples: [powerOf(points)],
      aim: MOST_POWER,
      note: `of ${cause}`,
    },
  ];
}

/**
 * The highest power between two neighbouring points. One line through all of them would hide a cost that begins late, behind what is there in any
 * case. NaN of fewer than two points above 0.
 */
export function powerOf(points: readonly Pick<Point, 'x' | 'samples'>[]): number {
  const logs = points
    .map(({ x, samples }) => ({ x: Math.log(x), y: Math.log(median(samples)) }))
    .filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y))
    .sort((one, other) => one.x - other.x);
  const slopes = logs.slice(1).map(({ x, y }, index) => (y - (logs[index]?.y ?? y)) / (x - (logs[index]?.x ?? 0)));
  return slopes.length === 0 ? Number.NaN : Math.max(...slopes);
}
