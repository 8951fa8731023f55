// How much longer things take than on a machine: above 1 in guests that are emulated (test/kernels), which set it. It widens how long
// tests wait, and how far two clocks that are read one after the other may be apart.

export const TIME_FACTOR = Number(process.env.WASPREY_TIME_FACTOR ?? 1);

/** How far apart two clocks may be that on a machine are no further apart than this. */
export function widened(nanoseconds: bigint): bigint {
  return nanoseconds * BigInt(TIME_FACTOR);
}
