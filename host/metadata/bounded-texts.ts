// Labels and annotations, as many as are worth keeping: whoever makes a container writes them.

/** All keys and values of an object together. */
const LONGEST_TOTAL = 16 * 1024;
/** Annotations hold whole documents at times. */
const LONGEST_VALUE = 1024;

/** In their order, without those that are too long, as far as they fit. */
export function boundedTexts(texts: Iterable<readonly [string, string]>): ReadonlyMap<string, string> {
  const kept = new Map<string, string>();
  let left = LONGEST_TOTAL;
  for (const [key, value] of texts) {
    const length = key.length + value.length;
    if (value.length > LONGEST_VALUE || length > left) continue;
    left -= length;
    kept.set(key, value);
  }
  return kept;
}
