// What is not a derivation: functions of rules-wasm/ with a counterpart of the same name in host/fields/operators.ts. Most have a loop, give an
// address or take a text apart. Ports have no loop, but stand beside their addresses: the ends of a connection are what the kernel enforces by
// (host/compiler/plan/exact/peer-literal.ts), which knows each by its name.

type Result = 'number' | 'boolean' | 'text' | 'address';

/** The records that it takes first, and the values after them. */
export interface Operator {
  readonly records: readonly ('event' | 'image' | 'container')[];
  readonly values: readonly ('number' | 'text')[];
  readonly gives: Result;
}

const OF_EVENT = { records: ['event'], values: [] } as const;
const ADDRESS = { ...OF_EVENT, gives: 'address' } as const;
/** -1 = absent. */
const PORT = { ...OF_EVENT, gives: 'number' } as const;

export const OPERATORS = {
  // rules-wasm/process.ts
  loginShell: { records: ['image'], values: [], gives: 'number' },
  // rules-wasm/list.ts
  itemOf: { records: [], values: ['text', 'number'], gives: 'text' },
  argumentCount: { records: [], values: ['text'], gives: 'number' },
  argumentBytes: { records: [], values: ['text'], gives: 'number' },
  withoutFirst: { records: [], values: ['text'], gives: 'text' },
  // rules-wasm/text.ts
  pathArgument: { records: [], values: ['text', 'text'], gives: 'text' },
  basename: { records: [], values: ['text'], gives: 'text' },
  head: { records: [], values: ['text', 'number'], gives: 'text' },
  // rules-wasm/descriptor.ts
  fdNameraw: { records: ['event'], values: ['number'], gives: 'text' },
  fdDirectory: { ...OF_EVENT, gives: 'text' },
  fdOpenpath: { ...OF_EVENT, gives: 'text' },
  fdCip: ADDRESS,
  fdSip: ADDRESS,
  fdLip: ADDRESS,
  fdRip: ADDRESS,
  fdOtherAddress: ADDRESS,
  fdCport: PORT,
  fdSport: PORT,
  fdLport: PORT,
  fdRport: PORT,
  fdOtherPort: PORT,
} as const satisfies Readonly<Record<string, Operator>>;

export type OperatorName = keyof typeof OPERATORS;

/** Names of the operators whose result is of that kind. */
export type OperatorOf<R extends Result> = {
  [Name in OperatorName]: (typeof OPERATORS)[Name]['gives'] extends R ? Name : never;
}[OperatorName];
