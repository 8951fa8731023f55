// fnmatch(3) without flags, as container.mount takes its key: `*` and `?` match slashes too.

/** Whether the whole of `text` matches. Linear in both for patterns of one star; never exponential. */
export function matchesGlob(pattern: string, text: string): boolean {
  let at = 0;
  let position = 0;
  let star = -1;
  let starText = 0;
  while (position < text.length) {
    const step = at < pattern.length ? matchOne(pattern, at, text.charAt(position)) : undefined;
    if (pattern[at] === '*') {
      star = at++;
      starText = position;
    } else if (step !== undefined) {
      at = step;
      position++;
    } else if (star >= 0) {
      // Let the last star take one more character.
      at = star + 1;
      position = ++starText;
    } else {
      return false;
    }
  }
  while (pattern[at] === '*') at++;
  return at === pattern.length;
}

/** Where the pattern goes on after matching one character, or undefined if it does not match. */
function matchOne(pattern: string, at: number, character: string): number | undefined {
  switch (pattern[at]) {
    case '?':
      return at + 1;
    case '[':
      return matchClass(pattern, at, character);
    case '\\':
      return pattern[at + 1] === character ? at + 2 : undefined;
    default:
      return pattern[at] === character ? at + 1 : undefined;
  }
}

/** `[a-z]`, `[!a]`; a bracket that is never closed stands for itself. */
function matchClass(pattern: string, at: number, character: string): number | undefined {
  const negated = pattern[at + 1] === '!' || pattern[at + 1] === '^';
  const first = at + (negated ? 2 : 1);
  // A bracket right at the start is an ordinary member of the class.
  const end = pattern.indexOf(']', first + 1);
  if (end < 0) return character === '[' ? at + 1 : undefined;
  let found = false;
  for (let index = first; index < end; index++) {
    const low = pattern.charAt(index);
    if (pattern[index + 1] === '-' && index + 2 < end) {
      found ||= low <= character && character <= pattern.charAt(index + 2);
      index += 2;
    } else {
      found ||= low === character;
    }
  }
  return found === negated ? undefined : end + 1;
}
