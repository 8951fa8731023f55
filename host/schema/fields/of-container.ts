// Members of the container table's entry as fields.

import type { TextMember } from './derivation.ts';
import { CONTAINER, ofContainer } from './derive.ts';
import type { FieldSource, KnownFrom } from './field.ts';

export function member(name: TextMember<'container'>, knownFrom: KnownFrom): FieldSource {
  return ofContainer(() => CONTAINER.text(name), knownFrom);
}

/** The value of the key that the field's argument names, in a list such as labels. */
export function keyOf(list: TextMember<'container'>, separator: '=' | ':', knownFrom: KnownFrom): FieldSource {
  return ofContainer((key) => ({ node: 'valueOf', list: CONTAINER.text(list), key, separator }), knownFrom);
}

/** The items of a list, each ended by a NUL in the entry. */
export function itemsOf(list: TextMember<'container'>, knownFrom: KnownFrom): FieldSource {
  return ofContainer(() => ({ node: 'items', of: CONTAINER.text(list) }), knownFrom);
}
