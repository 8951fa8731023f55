// The calls that a clause of a module's manifest is about. Clauses of the kernel filter (stored-filter.ts) and of exact rules (stored-exact.ts) have the
// same members for them.

import { isTexts } from '../../diagnostics/json-value.ts';
import { findEventType } from '../../schema/events/index.ts';
import { familyOf, OPEN_COMBINATIONS, SOCKET_KINDS, type SocketKind } from '../../schema/kernel-filter.ts';

export type Stored = Readonly<Record<string, unknown>>;

export interface StoredCalls {
  readonly types: readonly string[];
  readonly result?: 'succeeded' | 'failed';
  readonly opens?: string;
  readonly sockets?: readonly SocketKind[];
}

const OPENS = new RegExp(`^[\\da-f]{${OPEN_COMBINATIONS / 4}}$`);

/** Undefined if a member is invalid, a type is unknown, the types are of two families, or a member is about another family than theirs. */
export function readCalls({ types, result, opens, sockets }: Stored): StoredCalls | undefined {
  if (!isTexts(types)) return undefined;
  const [family, ...others] = new Set(types.map(familyOfType));
  if (others.length > 0 || (types.length > 0 && family === undefined)) return undefined;
  if (result !== undefined && result !== 'succeeded' && result !== 'failed') return undefined;
  if (opens !== undefined && !(family === 'open' && typeof opens === 'string' && OPENS.test(opens))) return undefined;
  if (sockets !== undefined && !(family === 'network' && areSocketKinds(sockets))) return undefined;
  return {
    types,
    ...(result && { result }),
    ...(opens !== undefined && { opens }),
    ...(sockets !== undefined && { sockets }),
  };
}

/** Texts of bytes, as characters 0 to 255. */
export function areBytes(value: unknown): value is readonly string[] {
  return isTexts(value) && value.every((text) => !/[^\0-\xff]/.test(text));
}

function familyOfType(name: string): ReturnType<typeof familyOf> | undefined {
  const type = findEventType(name);
  return type && familyOf(type.shape);
}

function areSocketKinds(value: unknown): value is readonly SocketKind[] {
  const known: readonly string[] = SOCKET_KINDS;
  return isTexts(value) && value.every((kind) => known.includes(kind));
}
