// fnmatch(3) with flags 0, by plain recursion: an independent reading of the manual for tests.

/** Both are byte strings (characters 0-255). */
export function fnmatch(pattern: string, text: string): boolean {
  if (pattern === '') return text === '';
  const [head = ''] = pattern;
  const rest = pattern.slice(1);
  if (head === '*') return fnmatch(rest, text) || (text !== '' && fnmatch(pattern, text.slice(1)));
  if (head === '\\') return rest !== '' && text[0] === rest[0] && fnmatch(rest.slice(1), text.slice(1));
  if (text === '') return false;
  if (head === '?') return fnmatch(rest, text.slice(1));
  const bracket = head === '[' ? /^\[([!^]?)(\]?(?:\\.|[^\]\\])*)\]/s.exec(pattern) : null;
  if (!bracket) return text[0] === head && fnmatch(rest, text.slice(1));
  const [whole, negated, members = ''] = bracket;
  return isMember(members, text[0] ?? '') !== (negated !== '') && fnmatch(pattern.slice(whole.length), text.slice(1));
}

/** Members without named classes, which the tests that use this don't generate. */
function isMember(members: string, character: string): boolean {
  const tokens = [...members.matchAll(/\\(.)|([^\\])/gs)].map(([, escaped, plain]) => ({ escaped, plain }));
  const at = (index: number): string => tokens[index]?.escaped ?? tokens[index]?.plain ?? '';
  for (let index = 0; index < tokens.length; index++)
    if (tokens[index + 1]?.plain === '-' && index + 2 < tokens.length) {
      if (character >= at(index) && character <= at(index + 2)) return true;
      index += 2;
    } else if (character === at(index)) {
      return true;
    }
  return false;
}
