// Options of a command line after POSIX getopt(3), as Falco's transformer reads them: `--` and the first operand end the
// options; long options are skipped.

export interface FoundOption {
  readonly letter: string;
  /** `?` for a letter that is not known or lacks its value (`:` for the latter when the specification begins with a colon). */
  readonly name: string;
  readonly value?: string;
}

/** `specification` as getopt(3) takes it: letters, a colon after one that has a value. */
export function options(words: readonly string[], specification: string): FoundOption[] {
  const missing = specification.startsWith(':') ? ':' : '?';
  const found: FoundOption[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? '';
    if (word === '--' || word === '-' || !word.startsWith('-')) break;
    if (word.startsWith('--')) continue;
    for (let at = 1; at < word.length; at++) {
      const letter = word.charAt(at);
      const kind = letterKind(specification, letter);
      if (kind !== 'with-value') {
        found.push({ letter, name: kind === 'known' ? letter : '?' });
        continue;
      }
      const rest = word.slice(at + 1);
      const value = rest === '' ? words[++index] : rest;
      found.push(value === undefined ? { letter, name: missing } : { letter, name: letter, value });
      break;
    }
  }
  return found;
}

/** The value of an option: that of its last occurrence, or its name if it has no value. Undefined: it does not occur. */
export function optionValue(found: readonly FoundOption[], wanted: string): string | undefined {
  const last = found.findLast(({ letter }) => letter === wanted);
  return last && (last.value ?? last.name);
}

/** Names and values of all, in order. */
export function optionTexts(found: readonly FoundOption[]): string[] {
  return found.flatMap(({ name, value }) => (value === undefined ? [name] : [name, value]));
}

/** What a specification says about a letter. */
export function letterKind(specification: string, letter: string): 'unknown' | 'known' | 'with-value' {
  const at = letter === ':' ? -1 : specification.indexOf(letter);
  if (at < 0) return 'unknown';
  return specification[at + 1] === ':' ? 'with-value' : 'known';
}
