// How a cost grows with its cause: figures at some points, and the power that it grows with.

import type { Figure, Unit } from '../figure.ts';
import { median } from '../statistics.ts';

/** Nothing may grow faster than its cause; what the fit leaves open is allowed for. */
const MOST_POWER = 1.1;

export interface Point {
  /** How much there is of the cause. */
  readonly x: number;
  readonly samples: readonly number[];
  readonly falco?: number;
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
    { what: '  grows with the power', unit: 'power', samples: [powerOf(points)], aim: MOST_POWER, note: `of ${cause}` },
  ];
}

/** The slope of the straight line nearest to the medians, both axes logarithmic. NaN of fewer than two points above 0. */
export function powerOf(points: readonly Pick<Point, 'x' | 'samples'>[]): number {
  const logs = points
    .map(({ x, samples }) => ({ x: Math.log(x), y: Math.log(median(samples)) }))
    .filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y));
  const mean = (axis: 'x' | 'y'): number => logs.reduce((sum, each) => sum + each[axis], 0) / logs.length;
  const [meanX, meanY] = [mean('x'), mean('y')];
  const covariance = logs.reduce((sum, { x, y }) => sum + (x - meanX) * (y - meanY), 0);
  return covariance / logs.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0);
}
