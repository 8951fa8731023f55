// Parts of derivations that depend on which call an event is.

import { EVENT_STRUCTS } from '../event-structs.ts';
import type { Struct } from '../layout.ts';
import { ABSENT, type Derivation, type EventKind, type TextDerivation, type TextMember } from './derivation.ts';
import { compare, derived, HEADER, not } from './derive.ts';
import type { FieldSource } from './field.ts';

/** The call returned an error. */
export const FAILED = compare(HEADER.number('result'), '<', 0);
export const NOT_FAILED = not(FAILED);

/** A text of the event's record; undefined where its shape has none of that name. */
export function textMember({ shape }: EventKind, member: TextMember): TextDerivation | undefined {
  const struct: Struct = EVENT_STRUCTS[shape];
  const found = struct.members.some(({ name, type }) => name === member && type === 'string');
  return found ? { node: 'textOf', of: shape, member } : undefined;
}

export function textOrAbsent(type: EventKind, member: TextMember): Derivation {
  return textMember(type, member) ?? ABSENT;
}

/** A text of the shapes that have a member of that name; absent elsewhere. */
export function textWhereThere(member: TextMember): FieldSource {
  return derived((type) => textOrAbsent(type, member));
}
