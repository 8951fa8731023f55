// What a list of measurements comes to.

/** The value below which that part (0 to 1) of the samples lies, between two samples by straight line. NaN of none. */
export function quantile(samples: readonly number[], part: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * part;
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}

export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}

/**
 * What was measured between two measurements of the same without the agent, against their mean: a machine that gets steadily slower
 * or faster meets both alike. `without` has one sample more than `with`.
 */
export function interleavedPairs(
  without: readonly number[],
  withAgent: readonly number[],
): { without: number; with: number }[] {
  return withAgent.map((value, index) => ({
    without: ((without[index] ?? Number.NaN) + (without[index + 1] ?? Number.NaN)) / 2,
    with: value,
  }));
}
