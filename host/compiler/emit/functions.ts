// The functions of a module that conditions share: each is made once, at its first use. Values become code here too, so that what the code names
// of rules-wasm is known. Rules with `fd.name startswith /etc/` call the first of these, rules with `fd.name startswith etc` the second:
//
//   // "/etc/"
//   function startswith_etc(text: u64): bool { ... }
//
//   // "etc"
//   function startswith_etc_2(text: u64): bool { ... }

import { printValue, printWithin } from '../ir/print-value.ts';
import { type RuntimeName, runtimeNamesIn } from '../ir/runtime-names.ts';
import type { Bytes, Scope } from '../ir/text.ts';
import { EVENT_ADDRESS, IMAGE_ADDRESS, partsOf, type Value } from '../ir/value.ts';

/** The functions have more characters than there may be. */
export class TooMuchCodeError extends Error {
  override readonly name = 'TooMuchCodeError';
}

/** Collects functions by key and gives them readable names. */
export class Functions {
  readonly #most: number;
  readonly #names = new Map<string, string>();
  readonly #taken = new Set<string>();
  /** The number that the last function of each name got. Those below are taken: thousands of functions may have one name. */
  readonly #numbers = new Map<string, number>();
  readonly #texts: string[] = [];
  readonly #runtimeNames = new Set<string>();
  #readsOwnValues = false;
  #characters = 0;

  /** @param most characters of all functions */
  constructor(most = Number.POSITIVE_INFINITY) {
    this.#most = most;
  }

  /**
   * The function of that key; made by `write`, given its name, unless it is there already. Ends up before those that need it.
   * @throws TooMuchCodeError
   */
  define(key: string, name: string, write: (name: string) => string): string {
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const unique = this.#unique(name);
    this.#names.set(key, unique);
    const text = write(unique);
    this.#characters += text.length;
    if (this.#characters > this.#most) throw new TooMuchCodeError();
    this.#texts.push(text);
    return unique;
  }

  /** The code of a value. */
  print(value: Value): string {
    this.#remember(value);
    return printValue(value);
  }

  /** The code of an operand of an operator. */
  printWithin(value: Value, operator: '&&' | '!'): string {
    this.#remember(value);
    return printWithin(value, operator);
  }

  /** States what a text of code names of rules-wasm, other than by values. */
  names(...names: readonly RuntimeName[]): void {
    for (const name of names) this.#runtimeNames.add(name);
  }

  #remember(value: Value): void {
    for (const name of runtimeNamesIn(value)) this.#runtimeNames.add(name);
    if (partsOf(value).some(isOwnValues)) this.#readsOwnValues = true;
  }

  /** What of rules-wasm the code names so far. */
  get runtimeNames(): ReadonlySet<string> {
    return this.#runtimeNames;
  }

  /** Whether the code so far reads values of audit events that are numbered by this module. */
  get readsOwnValues(): boolean {
    return this.#readsOwnValues;
  }

  #unique(name: string): string {
    let number = this.#numbers.get(name) ?? 1;
    let unique = number === 1 ? name : `${name}_${number}`;
    while (this.#taken.has(unique)) unique = `${name}_${++number}`;
    this.#taken.add(unique);
    this.#numbers.set(name, number);
    return unique;
  }

  get texts(): readonly string[] {
    return this.#texts;
  }
}

/** The place of values that this module numbers (emit/module.ts). */
function isOwnValues(value: Value): boolean {
  return value.node === 'variable' && value.name === 'valuesOffset';
}

/** The lines of a text within a block. */
export function indented(text: string): readonly string[] {
  return text.split('\n').map((line) => `  ${line}`);
}

/** Parameters of a function, and the arguments that go with them. */
export interface Parameters {
  readonly declared: string;
  readonly passed: readonly Value[];
}

/** The parameters of a function with these dependencies. */
export function parametersFor(scope: Scope): Parameters {
  return scope === 'image'
    ? { declared: 'image: u32', passed: [IMAGE_ADDRESS] }
    : { declared: 'event: u32, image: u32', passed: [EVENT_ADDRESS, IMAGE_ADDRESS] };
}

/** Constants as a part of a function's name: letters, digits and underscores, about 30 at most. */
export function nameOf(values: readonly Bytes[]): string {
  const [first = '', second] = values;
  const word = (value: Bytes): string =>
    value
      .replace(/[^A-Za-z0-9]+/g, '_')
      .replace(/^_+|_+$/g, '')
      .slice(0, 16) || 'text';
  const more = values.length > 2 ? `_and_${values.length - 2}_more` : '';
  return values.length === 0 ? 'nothing' : word(first) + (second === undefined ? '' : `_${word(second)}`) + more;
}

/** Constants for a comment: quoted, cut short, without anything that ends the comment. */
export function comment(values: readonly Bytes[]): string {
  const shown = values.slice(0, 24).map((value) => {
    const text = Buffer.from(value.slice(0, 80), 'latin1').toString('utf8');
    // JSON leaves DEL and the C1 controls as they are; a comment ends at U+2028 too.
    const safe = JSON.stringify(text).replace(/[\u007f-\u009f\u2028\u2029\ufffd]/g, '.');
    return value.length > 80 ? `${safe}...` : safe;
  });
  return shown.join(', ') + (values.length > shown.length ? `, and ${values.length - shown.length} more` : '');
}

/** Bytes of rule files, on one line of a comment. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ');
}
