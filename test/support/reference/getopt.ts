// getopt(3) as the rule language has it, by its manual, for tests: long options are skipped, `--` and the first operand end the options.

export interface ReadOption {
  readonly letter: string;
  /** The letter; `?` for an unknown one or, unless the specification begins with a colon, one whose value is missing: else `:`. */
  readonly name: string;
  readonly value?: string;
}

export function readOptions([word, ...rest]: readonly string[], known: string): readonly ReadOption[] {
  if (word?.startsWith('--') && word !== '--') return readOptions(rest, known);
  const letters = /^-([^-].*)$/s.exec(word ?? '')?.[1];
  return letters === undefined ? [] : readLetters(letters, rest, known);
}

function readLetters(letters: string, rest: readonly string[], known: string): readonly ReadOption[] {
  const [letter = '', attached] = [letters.slice(0, 1), letters.slice(1)];
  if (letter === '') return readOptions(rest, known);
  if (letter === ':' || !known.includes(letter)) return [{ letter, name: '?' }, ...readLetters(attached, rest, known)];
  if (!known.includes(`${letter}:`)) return [{ letter, name: letter }, ...readLetters(attached, rest, known)];
  if (attached !== '') return [{ letter, name: letter, value: attached }, ...readOptions(rest, known)];
  const [value, ...others] = rest;
  if (value === undefined) return [{ letter, name: known.startsWith(':') ? ':' : '?' }];
  return [{ letter, name: letter, value }, ...readOptions(others, known)];
}
