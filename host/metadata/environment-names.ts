// Names of a container's environment variables. Values may be secrets, and are dropped here.

import { asArray, asText } from '../diagnostics/json-value.ts';

const MOST_NAMES = 512;
const LONGEST_NAME = 256;

/** From `NAME=value` texts; undefined if not a list. */
export function environmentNames(list: unknown): readonly string[] | undefined {
  if (!Array.isArray(list)) return undefined;
  return asArray(list)
    .slice(0, MOST_NAMES)
    .map((item) => asText(item)?.split('=', 1)[0]?.slice(0, LONGEST_NAME) ?? '')
    .filter((name) => name !== '');
}
