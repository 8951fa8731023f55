// Options of a command line after getopt(3): the order of options and operands does not matter, `--` ends the options.

export interface FoundOption {
  /** The letter, or `?` for one that is not known or lacks its value. */
  readonly name: string;
  readonly value?: string;
}

/** `specification` as getopt(3) takes it: letters, a colon after one that has a value, two after one that may have one. */
export function options(words: readonly string[], specification: string): FoundOption[] {
  const found: FoundOption[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? '';
    if (word === '--') break;
    if (!word.startsWith('-') || word === '-') continue;
    for (let at = 1; at < word.length; at++) {
      const letter = word.charAt(at);
      const kind = valueKind(specification, letter);
      if (kind === 'unknown') {
        found.push({ name: '?' });
        continue;
      }
      if (kind === 'none') {
        found.push({ name: letter });
        continue;
      }
      const rest = word.slice(at + 1);
      const value = rest !== '' || kind === 'optional' ? rest : words[++index];
      found.push(value === undefined ? { name: '?' } : { name: letter, value });
      break;
    }
  }
  return found;
}

function valueKind(specification: string, letter: string): 'unknown' | 'none' | 'required' | 'optional' {
  const at = letter === ':' || letter === ';' ? -1 : specification.indexOf(letter);
  if (at < 0) return 'unknown';
  if (specification[at + 1] !== ':') return 'none';
  return specification[at + 2] === ':' ? 'optional' : 'required';
}
