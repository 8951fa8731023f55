// The constants of a check, as bytes and as ports: read here by themselves, for tests.

import type { Check, Literal } from '../../../host/compiler/conditions/ast.ts';

/** The services that conditions of tests name. */
const SERVICES: Readonly<Record<string, bigint>> = { ssh: 22n, http: 80n };

/** A byte that is written as \xff is a lone surrogate there: U+DC00 and the byte. All else is UTF-8. */
export function literal({ text }: Literal): string {
  const bytes = Array.from(text, (character) =>
    /^[\udc80-\udcff]$/.test(character) ? Buffer.of(character.charCodeAt(0) & 0xff) : Buffer.from(character),
  );
  return Buffer.concat(bytes).toString('latin1');
}

export function literals({ right }: Check): readonly string[] {
  if (right.kind === 'value') return [literal(right.value)];
  return right.kind === 'values' ? right.values.map(literal) : [];
}

/** A number or a service. */
export function portOf(constant: string): bigint {
  if (/^-?\d+$/.test(constant)) return BigInt(constant);
  const port = SERVICES[constant];
  if (port === undefined) throw new Error(`tests know no port of ${constant}`);
  return port;
}
