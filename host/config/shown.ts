// Values of the configuration as text for display, without secrets.

import { durationText } from '../config-values/duration.ts';
import { sizeText } from '../config-values/size.ts';
import type { Definition } from '../config-values/value-types.ts';

export const HIDDEN = '<hidden>';

/** A value in YAML, of which JSON is a part, on one line; secrets are hidden unless requested. */
export function shownValue(definition: Definition, value: unknown, showsSecrets = false): string {
  if (definition.kind === 'duration') return durationText(Number(value));
  if (definition.kind === 'size') return sizeText(Number(value));
  return valueYaml(withUnits(definition, showsSecrets ? value : withoutSecrets(definition, value)));
}

/** Durations and sizes in lists and sections in their written form. */
function withUnits(definition: Definition, value: unknown): unknown {
  if (definition.kind === 'duration' && typeof value === 'number') return durationText(value);
  if (definition.kind === 'size' && typeof value === 'number') return sizeText(value);
  if (definition.kind === 'list' && Array.isArray(value)) return value.map((item) => withUnits(definition.items, item));
  if (definition.kind === 'map' && value instanceof Map) {
    return new Map([...value].map(([key, inner]) => [key, withUnits(definition.values, inner)]));
  }
  if (definition.kind === 'section' && typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, withUnits(definition.keys[key] ?? definition, inner)]),
    );
  }
  return value;
}

/** Whether some value below it may be secret. */
export function holdsSecrets(definition: Definition): boolean {
  switch (definition.kind) {
    case 'text':
      return definition.secret !== undefined;
    case 'list':
      return holdsSecrets(definition.items);
    case 'map':
      return holdsSecrets(definition.values);
    case 'section':
      return Object.values(definition.keys).some(holdsSecrets);
    default:
      return false;
  }
}

function withoutSecrets(definition: Definition, value: unknown): unknown {
  if (!holdsSecrets(definition)) return value;
  if (definition.kind === 'text' && typeof value === 'string') return hide(value, definition.secret);
  if (definition.kind === 'map' && value instanceof Map) {
    return new Map([...value].map(([key, inner]) => [key, withoutSecrets(definition.values, inner)]));
  }
  // No list has secrets so far; hide any that are added later, to be safe.
  return HIDDEN;
}

function hide(text: string, secret: 'all' | 'address' | undefined): string {
  if (secret === undefined || text === '') return text;
  if (secret === 'all' || !URL.canParse(text)) return HIDDEN;
  // URLs of chat services have the secret in the path.
  const { protocol, host, username, password, pathname, search, hash } = new URL(text);
  const isPlain = username + password + search + hash === '' && (pathname === '/' || pathname === '');
  return isPlain ? text : `${protocol}//${host}/${HIDDEN}`;
}

/** JSON is YAML. */
function valueYaml(value: unknown): string {
  if (
    typeof value === 'string' &&
    /^[A-Za-z/][\w./-]*$/.test(value) &&
    !/^(?:y|n|yes|no|on|off|true|false|null)$/i.test(value)
  )
    return value;
  return escapeControls(
    JSON.stringify(value, (_, inner) => (inner instanceof Map ? Object.fromEntries(inner) : inner)),
  );
}

/** Characters that JSON does not escape but a terminal would interpret. */
export function escapeControls(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}
