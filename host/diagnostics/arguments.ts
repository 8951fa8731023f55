// Command-line arguments: each command says which options it has, as data; what doesn't fit is refused by name.

import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';

/** What a value or an operand may be, as far as a shell can complete it: a file or folder, certain words, or anything. */
export type Completion = 'path' | 'anything' | readonly string[];

/** What help calls values that are files or folders. */
const PATH_VALUES: readonly string[] = ['FILE', 'PATH', 'RULES', 'OUT.wasm'];

interface OptionBase {
  readonly short?: string;
  readonly description: string;
}

/** An option without a value. */
export interface FlagOption extends OptionBase {
  readonly kind: 'flag';
}

/** An option with a value, given as `--name value`, `--name=value`, `-n value` or `-nvalue`. */
export interface TextOption extends OptionBase {
  readonly kind: 'text';
  /** What help calls the value, e.g. `FILE`. */
  readonly value: string;
  readonly choices?: readonly string[];
  /** Values that a shell offers where others, or other spellings, are taken too. */
  readonly offers?: readonly string[];
}

/** A number of `unit`, from `least` up; fractions are allowed only with `fraction`. */
export interface NumberOption extends OptionBase {
  readonly kind: 'number';
  readonly value: string;
  readonly least: number;
  readonly fraction?: true;
}

/** A text option that may be given any number of times. */
export interface ListOption extends OptionBase {
  readonly kind: 'list';
  readonly value: string;
}

/** One value of a list option, and where among all arguments it stood: the order over several options may matter. */
export interface ListValue {
  readonly text: string;
  readonly place: number;
}

export type Option = FlagOption | TextOption | NumberOption | ListOption;

/** What the value of an option may be; undefined if it takes none. */
export function completionOf(option: Option): Completion | undefined {
  if (option.kind === 'flag') return undefined;
  const words = option.kind === 'text' ? (option.choices ?? option.offers) : undefined;
  return words ?? (PATH_VALUES.includes(option.value) ? 'path' : 'anything');
}

export type OptionTable = Readonly<Record<string, Option>>;

interface OptionToken {
  readonly name: string;
  /** The option as it was written: `--name` or `-n`. */
  readonly rawName: string;
}

/** What options were given; those that weren't are absent. */
export type OptionValues<Table extends OptionTable> = {
  readonly [Name in keyof Table]?: Table[Name] extends FlagOption
    ? true
    : Table[Name] extends NumberOption
      ? number
      : Table[Name] extends ListOption
        ? readonly ListValue[]
        : string;
};

export interface ParsedArguments<Table extends OptionTable> {
  readonly options: OptionValues<Table>;
  readonly operands: readonly string[];
}

/** A word that is not one of the known ones, which were `prefix` and a name. */
export interface UnknownWord {
  readonly word: string;
  readonly known: readonly string[];
  readonly prefix: string;
}

/** Arguments that don't fit; the message is one clause, the hint says what would, or is found by what the unknown word resembles. */
export class UsageError extends Error {
  readonly hint: string | UnknownWord | undefined;

  constructor(message: string, hint?: string | UnknownWord) {
    super(message);
    this.name = 'UsageError';
    this.hint = hint;
  }
}

/**
 * Options and operands may be mixed; after `--` everything is an operand.
 * @throws {UsageError}
 */
export function parseArguments<const Table extends OptionTable>(
  table: Table,
  words: readonly string[],
): ParsedArguments<Table> {
  // Node splits the words; this reports which are wrong, with suggestions.
  const { tokens } = parseArgs({ args: words, options: nodeOptions(table), strict: false, tokens: true });
  const given = new Map<string, true | string | number | ListValue[]>();
  const operands: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value);
    if (token.kind !== 'option') continue;
    const { name, value, index } = token;
    const option = knownOption(table, token, words[index] ?? '');
    const before = given.get(name);
    if (before !== undefined && option.kind !== 'list') throw new UsageError(`--${name} is given twice`);
    if (option.kind === 'flag') {
      if (value !== undefined) throw new UsageError(`--${name} takes no value`);
      given.set(name, true);
      continue;
    }
    if (value === undefined) throw new UsageError(`--${name} needs a value`, `--${name} ${option.value}`);
    if (option.kind === 'list') {
      given.set(name, [...(Array.isArray(before) ? before : []), { text: value, place: index }]);
    } else given.set(name, readValue(name, option, value));
  }
  // The map was filled by the table's kinds, which TypeScript can't follow.
  return { options: Object.fromEntries(given) as OptionValues<Table>, operands };
}

/** The table as `util.parseArgs` takes it. */
function nodeOptions(table: OptionTable): ParseArgsOptionsConfig {
  return Object.fromEntries(
    Object.entries(table).map(([name, { kind, short }]) => [
      name,
      { type: kind === 'flag' ? 'boolean' : 'string', ...(short !== undefined && { short }) },
    ]),
  );
}

/** @param word that holds the option: several, where options of one letter are put together */
function knownOption(table: OptionTable, { name, rawName }: OptionToken, word: string): Option {
  const isLong = rawName.startsWith('--');
  const option = Object.hasOwn(table, name) ? table[name] : undefined;
  if (!option) throw new UsageError(`unknown option ${rawName}`, unknownOption(isLong ? name : word.slice(1), table));
  if (!isLong && option.kind === 'flag' && word !== rawName) {
    const [letter, rest] = [word.slice(1, 2), word.slice(2)];
    throw new UsageError(`${word}: give single-letter options separately`, `-${letter} -${rest}`);
  }
  return option;
}

function unknownOption(word: string, table: OptionTable): UnknownWord {
  return { word, known: Object.keys(table), prefix: '--' };
}

function readValue(name: string, option: TextOption | NumberOption, text: string): string | number {
  if (option.kind === 'text') {
    if (option.choices && !option.choices.includes(text)) {
      throw new UsageError(`--${name} can't be '${text}'`, `it is one of ${option.choices.join(', ')}`);
    }
    return text;
  }
  const pattern = option.fraction ? /^\d+(\.\d+)?$/ : /^\d+$/;
  const number = Number(text);
  if (!pattern.test(text) || !(number >= option.least)) {
    const kind = option.fraction ? 'a number' : 'a whole number';
    throw new UsageError(`--${name} can't be '${text}'`, `it is ${kind} from ${option.least} up`);
  }
  return number;
}
