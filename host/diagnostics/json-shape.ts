// The shape that JSON from a file must have: what does not have it is refused as a whole, so that readers need no checks of their own.
//
//   const PLACE = object({ path: text, line: optional(number), tags: list(text) });
//   PLACE({ path: '/a', tags: [] })        -> { path: '/a', tags: [] }
//   PLACE({ path: 1 })                     -> undefined

/** The value, or undefined if it has another shape. Members that the shape does not name are left out. */
export type Shape<Value> = (json: unknown) => Value | undefined;

export type ValueOf<Of> = Of extends Shape<infer Value> ? Value : never;

export const text: Shape<string> = (json) => (typeof json === 'string' ? json : undefined);

export const number: Shape<number> = (json) => (typeof json === 'number' && Number.isFinite(json) ? json : undefined);

export const flag: Shape<boolean> = (json) => (typeof json === 'boolean' ? json : undefined);

/** A decimal number of at most 19 digits, as a text: JSON numbers are not exact beyond 2^53. */
export const bigNumber: Shape<bigint> = (json) =>
  typeof json === 'string' && /^\d{1,19}$/.test(json) ? BigInt(json) : undefined;

export function oneOf<const Value extends string>(values: readonly Value[]): Shape<Value> {
  return (json) => values.find((value) => value === json);
}

export function list<Item>(item: Shape<Item>): Shape<readonly Item[]> {
  return (json) => {
    if (!Array.isArray(json)) return undefined;
    const items: Item[] = [];
    for (const each of json) {
      const read = item(each);
      if (read === undefined) return undefined;
      items.push(read);
    }
    return items;
  };
}

/** Texts by name. */
export const texts: Shape<Readonly<Record<string, string>>> = (json) => {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return undefined;
  const entries: [string, string][] = [];
  for (const [name, value] of Object.entries(json)) {
    if (typeof value !== 'string') return undefined;
    entries.push([name, value]);
  }
  return Object.fromEntries(entries);
};

/** A member that may be missing. */
export function optional<Value>(shape: Shape<Value>): OptionalShape<Value> {
  return { optional: shape };
}

interface OptionalShape<Value> {
  readonly optional: Shape<Value>;
}

type Members = Readonly<Record<string, Shape<unknown> | OptionalShape<unknown>>>;

type ObjectOf<Of extends Members> = {
  -readonly [Name in keyof Of as Of[Name] extends OptionalShape<unknown> ? never : Name]: ValueOf<Of[Name]>;
} & {
  -readonly [Name in keyof Of as Of[Name] extends OptionalShape<unknown>
    ? Name
    : never]?: Of[Name] extends OptionalShape<infer Value> ? Value | undefined : never;
};

export function object<const Of extends Members>(members: Of): Shape<ObjectOf<Of>> {
  return (json) => {
    if (typeof json !== 'object' || json === null || Array.isArray(json)) return undefined;
    const entries: [string, unknown][] = [];
    for (const [name, shape] of Object.entries(members)) {
      const stored: unknown = (json as Readonly<Record<string, unknown>>)[name];
      const isOptional = typeof shape !== 'function';
      if (isOptional && stored === undefined) continue;
      const value = isOptional ? shape.optional(stored) : shape(stored);
      if (value === undefined) return undefined;
      entries.push([name, value]);
    }
    // Made of the members, each by its shape: the type follows from them.
    return Object.fromEntries(entries) as ObjectOf<Of>;
  };
}
