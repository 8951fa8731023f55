// pmatch: a path that begins with the components of another one. Empty components don't count, so that `etc`, `/etc` and `/etc/` are
// the same; a component with `*`, `?` or `[` is a glob.

import { globPattern } from './glob.ts';
import { ANYTHING, byte, byteIn, choice, EMPTY, exactly, type Pattern, repeat, sequence } from './pattern.ts';

const SLASH = byte(0x2f);
const NAME = repeat(
  byteIn([
    [0x00, 0x2e],
    [0x30, 0xff],
  ]),
  1,
  Number.POSITIVE_INFINITY,
);
const SLASHES = repeat(SLASH, 1, Number.POSITIVE_INFINITY);

/** The paths that `prefix` is a component prefix of. */
export function pathPrefixPattern(prefix: string): Pattern {
  const components = prefix.split('/').filter((component) => component !== '');
  if (components.length === 0) return ANYTHING;
  const parts: Pattern[] = [repeat(SLASH, 0, Number.POSITIVE_INFINITY)];
  components.forEach((component, index) => {
    if (index > 0) parts.push(SLASHES);
    // A component is never empty, so that `*` alone stands for one byte or more.
    if (/^\*+$/.test(component)) parts.push(NAME);
    else parts.push(/[*?[]/.test(component) ? globPattern(component, { component: true }) : exactly(component));
  });
  return sequence([...parts, choice([EMPTY, sequence([SLASH, ANYTHING])])]);
}
