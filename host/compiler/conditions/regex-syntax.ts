// Whether a text is a regular expression as RE2 reads them in its POSIX mode: no Perl classes (\d), no (?...).

/** Most repetitions, also of nested ones together; RE2's limit. */
const MOST_REPETITIONS = 1000;
const MOST_DEPTH = 1000;
const CLASS_NAMES: ReadonlySet<string> = new Set([
  'alnum',
  'alpha',
  'ascii',
  'blank',
  'cntrl',
  'digit',
  'graph',
  'lower',
  'print',
  'punct',
  'space',
  'upper',
  'word',
  'xdigit',
]);

class RegexError extends Error {}

/** The error of a pattern; undefined if it is valid. */
export function regexError(pattern: string): string | undefined {
  try {
    new RegexChecker([...pattern]).check();
    return undefined;
  } catch (error) {
    if (error instanceof RegexError) return error.message;
    throw error;
  }
}

class RegexChecker {
  readonly #characters: readonly string[];
  #at = 0;

  constructor(characters: readonly string[]) {
    this.#characters = characters;
  }

  check(): void {
    this.#alternatives(0);
    if (this.#at < this.#characters.length) throw new RegexError('unexpected )');
  }

  /** Reads up to the end or a closing parenthesis; returns how often its innermost repetition repeats. */
  #alternatives(depth: number): number {
    if (depth > MOST_DEPTH) throw new RegexError('expression nests too deeply');
    let most = 1;
    let repeatable: number | undefined;
    for (let character = this.#next(); character !== undefined; character = this.#next()) {
      switch (character) {
        case ')':
          this.#at--;
          return most;
        case '|':
          repeatable = undefined;
          continue;
        case '(':
          repeatable = this.#alternatives(depth + 1);
          if (this.#next() !== ')') throw new RegexError('missing )');
          break;
        case '*':
        case '+':
        case '?':
          if (repeatable === undefined) throw new RegexError(`no argument for repetition operator: ${character}`);
          break;
        case '{':
          repeatable = this.#repetition(repeatable);
          break;
        case '[':
          this.#class();
          repeatable = 1;
          break;
        case '\\':
          this.#escape();
          repeatable = 1;
          break;
        default:
          repeatable = 1;
      }
      most = Math.max(most, repeatable);
    }
    return most;
  }

  /** `{n}`, `{n,}`, `{n,m}`; anything else is a plain brace. */
  #repetition(repeatable: number | undefined): number {
    const rest = this.#characters.slice(this.#at, this.#at + 24).join('');
    const match = /^(\d+)(,(\d*))?\}/.exec(rest);
    if (!match) return 1;
    this.#at += match[0].length;
    const least = Number(match[1]);
    const most = match[2] === undefined ? least : match[3] ? Number(match[3]) : undefined;
    const size = `invalid repetition size: {${match[0]}`;
    if (Math.max(least, most ?? 0) > MOST_REPETITIONS || (most !== undefined && most < least))
      throw new RegexError(size);
    if (repeatable === undefined) throw new RegexError(`no argument for repetition operator: {${match[0]}`);
    const total = repeatable * Math.max(1, most ?? least);
    if (total > MOST_REPETITIONS) throw new RegexError(size);
    return total;
  }

  #class(): void {
    if (this.#peek() === '^') this.#at++;
    for (let first = true; ; first = false) {
      const character = this.#peek();
      if (character === undefined) throw new RegexError('missing ]: [');
      if (character === ']' && !first) {
        this.#at++;
        return;
      }
      if (character === '-' && !first && this.#peek(1) !== ']')
        throw new RegexError('invalid character class range: -');
      if (character === '[' && this.#peek(1) === ':' && this.#named()) continue;
      const low = this.#classCharacter();
      if (this.#peek() !== '-' || this.#peek(1) === ']' || this.#peek(1) === undefined) continue;
      this.#at++;
      const high = this.#classCharacter();
      if (high < low) throw new RegexError('invalid character class range');
    }
  }

  /** `[:alpha:]`; false if it never ends, and so is not a name. */
  #named(): boolean {
    const end = this.#characters.findIndex(
      (_, at) => at >= this.#at + 2 && this.#peekAt(at) === ':' && this.#peekAt(at + 1) === ']',
    );
    if (end < 0) return false;
    const name = this.#characters
      .slice(this.#at + 2, end)
      .join('')
      .replace(/^\^/, '');
    if (!CLASS_NAMES.has(name)) throw new RegexError(`invalid character class range: [:${name}:]`);
    this.#at = end + 2;
    return true;
  }

  #classCharacter(): number {
    const character = this.#next();
    if (character === undefined) throw new RegexError('missing ]: [');
    return character === '\\' ? this.#escape() : (character.codePointAt(0) ?? 0);
  }

  /** Code point of an escaped character. */
  #escape(): number {
    const character = this.#next();
    if (character === undefined) throw new RegexError('trailing \\');
    if (/[!-/:-@[-^`{-~]/.test(character)) return character.charCodeAt(0);
    const control = 'afnrtv'.indexOf(character);
    if (control >= 0) return [7, 12, 10, 13, 9, 11][control] ?? 0;
    const rest = this.#characters.slice(this.#at, this.#at + 10).join('');
    if (character === 'x') {
      const match = /^(?:([0-9a-fA-F]{2})|\{([0-9a-fA-F]+)\})/.exec(rest);
      const code = match && Number.parseInt(match[1] ?? match[2] ?? '', 16);
      if (match && code !== null && code <= 0x10ffff) {
        this.#at += match[0].length;
        return code;
      }
    }
    const octal =
      character === '0' ? /^[0-7]{0,2}/.exec(rest) : /^[1-7]/.test(character) ? /^[0-7]{1,2}/.exec(rest) : null;
    if (octal) {
      this.#at += octal[0].length;
      return Number.parseInt(character + octal[0], 8);
    }
    throw new RegexError(`invalid escape sequence: \\${character}`);
  }

  #next(): string | undefined {
    return this.#characters[this.#at++];
  }

  #peek(ahead = 0): string | undefined {
    return this.#characters[this.#at + ahead];
  }

  #peekAt(index: number): string | undefined {
    return this.#characters[index];
  }
}
