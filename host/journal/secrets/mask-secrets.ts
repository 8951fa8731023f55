// Masks secrets on command lines, for what people read: activity, captures and backtests. Rules see the words as they are.
//
// Each word keeps its place, and all that is not taken for a secret stays as it is. Takes linear time, whatever the words are: nothing
// is looked at again after it was masked, and looking ahead is bounded.

import { CommandState, type Expected } from './command-state.ts';
import { pipedSecrets } from './piped-secrets.ts';
import { SecretNames } from './secret-names.ts';
import { AUTH_SCHEMES, DEFAULT_SECRET_NAMES, MASK, type ProgramOptions } from './secret-patterns.ts';
import { type NameTest, scanSecrets } from './secret-scan.ts';
import { closingQuote, isComposed, splitShell } from './shell-words.ts';

/** Command lines within words of command lines, `sh -c "ssh host 'curl ...'"`. */
const DEEPEST = 3;

const NAME = /^[A-Za-z0-9_.-]+$/;
/** Options with blanks in their value, and JSON. */
const NO_COMMANDS = /^[-{[]/;
/** `sh -c`, `bash -lc`, `su -c`. */
const SCRIPT_OPTION = /^-[a-z]{0,4}c$/;
/** `-p`, `/p:` */
const OPTION_BEGIN = /^[-/]/;
const HEADER_OPTIONS: ReadonlySet<string> = new Set(['-H', '--header']);
/** An option of git, also of one server: `http.https://host/.extraHeader`. */
const EXTRA_HEADER = /\.extraheader$/i;
/** `Authorization: Bearer`, up to where the secret begins. */
const HEADER_LEAD = new RegExp(`^\\s*(?:(?:${AUTH_SCHEMES})\\s+)?`, 'i');
const SCHEME_WORD = new RegExp(`^(?:${AUTH_SCHEMES})$`, 'i');
/**
 * `Authorization:`, `http.extraHeader=Authorization:`, `Authorization:Bearer`: the secret is the next word, as it is where the quotes of a
 * command line are gone.
 */
const ANNOUNCEMENT = new RegExp(`(?:^|=)-{0,2}([A-Za-z0-9_.-]+):(?:${AUTH_SCHEMES})?$`, 'i');
const COOKIE = /cookie$/i;
const COOKIE_GAP = /^;\s*$/;
/** `user/SECRET@database` */
const LOGON = /^([^/@]*\/)[^@]+/;
const LONGEST_SQL = 'identified'.length;
/** `kubectl create secret ... --from-literal=KEY=SECRET`. */
const LITERAL = '--from-literal';

export class SecretMask {
  readonly #isSecret: NameTest;

  /** @param names see DEFAULT_SECRET_NAMES */
  constructor(names: readonly string[] = DEFAULT_SECRET_NAMES) {
    const known = new SecretNames(names);
    this.#isSecret = (name) => known.has(name);
  }

  /** The arguments of a program, its name first. */
  words(words: readonly string[]): string[] {
    const state = new CommandState();
    return words.map((word) => this.#word(word, state, 0));
  }

  /** A command line as one text, whose quotes may be gone. */
  text(text: string): string {
    return this.#commands(this.#withoutJson(text), 0);
  }

  /** An alert's message, with command lines in it. */
  message(text: string): string {
    return this.#commands(this.#withoutJson(text), 0, true);
  }

  /** Secrets of JSON are masked before the text is split: JSON would fall apart into words. */
  #withoutJson(text: string): string {
    const brace = text.indexOf('{');
    return brace < 0 ? text : text.slice(0, brace) + scanSecrets(text.slice(brace), this.#isSecret);
  }

  #word(word: string, state: CommandState, depth: number): string {
    const { expected, isScriptNext } = state;
    state.expected = undefined;
    state.isScriptNext = SCRIPT_OPTION.test(word);
    if (expected && (expected.as === 'header' || !isOption(word))) return this.#expected(word, expected, state);
    if (isComposed(word)) {
      // `NAME=a b` is a variable with blanks in its value, but in front of a command in a script.
      const whole =
        this.#header(word) ?? (isScriptNext ? undefined : (this.#ofProgram(word, state) ?? this.#option(word)));
      if (whole !== undefined) return whole;
      if (depth < DEEPEST && !NO_COMMANDS.test(word)) return this.#commands(word, depth + 1);
      return scanSecrets(word, this.#isSecret);
    }
    const place = isOption(word) ? undefined : this.#inPlace(word, state);
    if (place !== undefined) return place;
    state.take(word);
    return (
      this.#ofProgram(word, state) ??
      this.#announcement(word, state) ??
      this.#option(word, state) ??
      scanSecrets(word, this.#isSecret)
    );
  }

  /** A word that is a secret by its place, `vault login SECRET`. */
  #inPlace(word: string, { places }: CommandState): string | undefined {
    for (const place of places) {
      switch (place.take(word, this.#isSecret)) {
        case 'secret':
          return MASK;
        case 'value':
          return masked(word, word.indexOf('='));
        case 'logon':
          return word.replace(LOGON, `$1${MASK}`);
        case undefined:
      }
    }
    return undefined;
  }

  #expected(word: string, expected: NonNullable<Expected>, state: CommandState): string {
    switch (expected.as) {
      case 'secret':
        if (SCHEME_WORD.test(word)) state.expected = expected;
        return word === '' || state.expected ? word : MASK;
      case 'header':
        return this.#announcement(word, state) ?? this.#header(word) ?? scanSecrets(word, this.#isSecret);
      case 'literal':
        return masked(word, word.indexOf('='));
      case 'credentials':
        return masked(word, word.indexOf(expected.separator));
    }
  }

  /** `Authorization:`, of which the secret is the next word. */
  #announcement(word: string, state: CommandState): string | undefined {
    const name = ANNOUNCEMENT.exec(word)?.[1];
    if (name === undefined || !this.#isSecret(name)) return undefined;
    state.expected = { as: 'secret' };
    state.isInCookie = COOKIE.test(name);
    return word;
  }

  /** `Authorization: Bearer SECRET`; undefined if it is not a header of a secret. */
  #header(word: string): string | undefined {
    const colon = word.indexOf(':');
    const name = word.slice(0, Math.max(colon, 0));
    if (!NAME.test(name) || !this.#isSecret(name)) return undefined;
    const [lead = ''] = HEADER_LEAD.exec(word.slice(colon + 1)) ?? [];
    return masked(word, colon + lead.length);
  }

  /** `--name=SECRET`, `NAME=SECRET`; of `--name SECRET`, the next word is expected. */
  #option(word: string, state?: CommandState): string | undefined {
    const equals = word.indexOf('=');
    const end = equals < 0 ? word.length : equals;
    const option = word.slice(0, end);
    if (equals >= 0 && (option === '--header' || EXTRA_HEADER.test(option))) {
      const header = word.slice(equals + 1);
      return word.slice(0, equals + 1) + (this.#header(header) ?? scanSecrets(header, this.#isSecret));
    }
    const name = option.replace(/^-{1,2}/, '');
    if (!NAME.test(name)) return undefined;
    if (equals >= 0) {
      if (option === LITERAL) return masked(word, word.indexOf('=', equals + 1));
      return this.#isSecret(name) ? masked(word, equals) : undefined;
    }
    if (!state || name === option) return undefined;
    if (HEADER_OPTIONS.has(option)) state.expected = { as: 'header' };
    else if (option === LITERAL) state.expected = { as: 'literal' };
    else if (!state.asks && !name.startsWith('no-') && this.#isSecret(name)) state.expected = { as: 'secret' };
    else return undefined;
    return word;
  }

  /** Options of the program whose names say nothing, such as `mysql -pSECRET`. */
  #ofProgram(word: string, state: CommandState): string | undefined {
    const { options } = state;
    if (!options || !OPTION_BEGIN.test(word)) return undefined;
    return (
      (state.awaitsLogin ? undefined : this.#password(word, options, state)) ?? this.#credentials(word, options, state)
    );
  }

  #password(word: string, options: ProgramOptions, state: CommandState): string | undefined {
    if (options.separate?.includes(word)) {
      state.expected = { as: 'secret' };
      return word;
    }
    const attached = options.attached?.find((option) => word.startsWith(option) && word.length > option.length);
    return attached === undefined ? undefined : attached + MASK;
  }

  #credentials(word: string, options: ProgramOptions, state: CommandState): string | undefined {
    if (!options.credentials) return undefined;
    const { separator, options: names } = options.credentials;
    const flags = options.flags === undefined ? 0 : flagsBefore(word, options.flags);
    // `-u`, of `-sSu`
    const own = flags === 0 ? word : `-${word.slice(1 + flags)}`;
    if (names.includes(own)) {
      state.expected = { as: 'credentials', separator };
      return word;
    }
    const name = names.find((option) => own.startsWith(option.startsWith('--') ? `${option}=` : option));
    return name === undefined ? undefined : masked(word, word.indexOf(separator, flags + name.length));
  }

  /** A word that is a text of commands itself, as of `sh -c`. */
  #commands(text: string, depth: number, isMessage = false): string {
    let state = new CommandState(isMessage);
    let result = '';
    const pieces = splitShell(text);
    const piped = pipedSecrets(pieces);
    for (const [index, piece] of pieces.entries()) {
      if (piece.kind === 'gap') {
        if (piece.endsCommand) {
          const isInCookie = state.isInCookie && COOKIE_GAP.test(piece.text);
          state = new CommandState(isMessage);
          state.isInCookie = isInCookie;
        }
        result += piece.text;
        continue;
      }
      const quote = quoteAround(piece.text);
      const inner = quote === '' ? piece.text : piece.text.slice(1, -1);
      if (piped.has(index)) {
        result += quote + (inner === '' ? '' : MASK) + quote;
        continue;
      }
      const own = partOfCookie(inner, state) ?? partOfSql(inner, quote, state);
      result += quote + (own ?? this.#word(inner, state, depth)) + quote;
    }
    return result;
  }
}

/** All after that character is masked; unchanged if there is no such character (-1), or nothing after it. */
function masked(word: string, at: number): string {
  return at < 0 || at + 1 >= word.length ? word : word.slice(0, at + 1) + MASK;
}

function isOption(word: string): boolean {
  return word.length > 1 && word.startsWith('-');
}

/** The quote that encloses the whole word, or ''. */
function quoteAround(word: string): string {
  const quote = word.charAt(0);
  if (word.length < 2 || (quote !== "'" && quote !== '"')) return '';
  return closingQuote(word, 1, quote) === word.length - 1 ? quote : '';
}

/** How many letters of options without a value stand before the first with one. */
function flagsBefore(word: string, flags: string): number {
  let count = 0;
  while (flags.includes(word.charAt(1 + count)) && 1 + count < word.length) count++;
  return count;
}

/** `c=d` of `Cookie: a=b; c=d`; undefined for any other word. */
function partOfCookie(word: string, state: CommandState): string | undefined {
  if (!state.isInCookie || state.expected) return undefined;
  const equals = word.indexOf('=');
  state.isInCookie = equals > 0 && !isOption(word);
  return state.isInCookie ? masked(word, equals) : undefined;
}

/** The secret of `IDENTIFIED BY 'SECRET'` and `PASSWORD 'SECRET'`; undefined for another text. */
function partOfSql(word: string, quote: string, state: CommandState): string | undefined {
  const { sql } = state;
  const name = word.length > LONGEST_SQL ? '' : word.toLowerCase();
  if (name === 'password' || name === 'identified') state.sql = name;
  else if (sql === 'identified' && name === 'by') state.sql = 'password';
  else if (sql === 'password') state.sql = undefined;
  return sql === 'password' && quote !== '' && word !== '' ? MASK : undefined;
}
