// Labels and annotations within limits: the creator of a container chooses them.

/** Limit for all keys and values of an object together. */
const LONGEST_TOTAL = 16 * 1024;
/** Annotations sometimes contain whole documents. */
const LONGEST_VALUE = 1024;

/** In their order, without too long ones, up to the limit. */
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
