// Picks values out of JSON that another program wrote: a member that is missing or of another type is undefined.

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

export function asObject(value: unknown): JsonObject | undefined {
  return isObject(value) ? value : undefined;
}

export function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The value at the end of a path of member names. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  let current = value;
  for (const name of path) current = asObject(current)?.[name];
  return current;
}

/** The texts of an object of texts. */
export function asTexts(value: unknown): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const [key, text] of Object.entries(asObject(value) ?? {})) if (typeof text === 'string') texts.set(key, text);
  return texts;
}

/** ns since the epoch of an RFC 3339 time in UTC or with an offset, fraction of up to nine digits; undefined for another text. */
export function asNanoseconds(value: unknown): bigint | undefined {
  const [, seconds, fraction = '', zone = ''] =
    /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?\d*(Z|[+-]\d\d:\d\d)$/.exec(asText(value) ?? '') ?? [];
  if (seconds === undefined) return undefined;
  const milliseconds = Date.parse(seconds + zone);
  // Docker writes the year 1 for a container that never started.
  return milliseconds > 0 ? BigInt(milliseconds) * 1_000_000n + BigInt(fraction.padEnd(9, '0')) : undefined;
}
