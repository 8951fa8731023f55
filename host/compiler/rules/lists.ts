// Lists: lists inside lists, and their text in conditions. Substitution works on text before parsing, as in Falco: a
// list's name is replaced at every place between delimiters, in a condition as well as in another list's items.

import { number } from '../../diagnostics/numbers.ts';
import type { Collection } from './collection.ts';
import { MappedText } from './mapped-text.ts';

/** Lists that double in each step would fill the memory; sensible conditions stay far below this. */
const LONGEST_TEXT = 1 << 20;

/** A condition whose lists make it too long. */
export class TooLongError extends Error {}

const BLANKS = ' \t\r\n';
const DELIMITERS = `${BLANKS}(),=`;

/** A list as conditions see it, lists among its items replaced. */
export interface CompiledList {
  readonly name: string;
  readonly items: readonly string[];
  readonly used: boolean;
}

export class ListTable {
  readonly #items = new Map<string, readonly string[]>();
  readonly #used = new Set<string>();

  /** Replaces items that name an earlier list by that list's own items: one level deep, as Falco does. */
  constructor(lists: Collection['lists']) {
    for (const list of lists.all) {
      const items = list.items.flatMap((item) => {
        const inner = lists.find(item);
        if (!inner || inner.index >= list.visibility) return [item];
        this.#used.add(inner.name);
        return inner.items;
      });
      this.#items.set(list.name, items);
    }
  }

  get all(): CompiledList[] {
    return [...this.#items].map(([name, items]) => ({ name, items, used: this.#used.has(name) }));
  }

  /** Replaces each list's name in a condition, list by list: an item may name a list that comes later. */
  substitute(condition: MappedText): MappedText {
    let text = condition;
    for (const [name, items] of this.#items) {
      if (!text.text.includes(name)) continue;
      const substituted = substituteList(text, name, items);
      if (substituted !== text) this.#used.add(name);
      text = substituted;
    }
    return text;
  }
}

/** Whether one of the lists would be replaced in the text: its name stands there between delimiters. */
export function holdsListName(text: string, names: Iterable<string>): boolean {
  for (const name of names) {
    if (name === '') continue;
    for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
      if (delimits(text[at - 1]) && delimits(text[at + name.length])) return true;
    }
  }
  return false;
}

function substituteList(condition: MappedText, name: string, items: readonly string[]): MappedText {
  const { text } = condition;
  const inserted = joinItems(items);
  const result = new Output();
  let copied = 0;
  for (let at = text.indexOf(name); at >= 0; ) {
    let end = at + name.length;
    const before = at > copied ? text[at - 1] : result.last;
    if (!delimits(before) || !delimits(text[end])) {
      at = text.indexOf(name, at + 1);
      continue;
    }
    // The blanks around it go too, and one comma of a list that is empty.
    result.add(condition.slice(copied, at));
    result.dropBlanks();
    while (end < text.length && BLANKS.includes(text[end] ?? '')) end++;
    if (inserted === '' && !result.dropComma() && text[end] === ',') end++;
    if (result.last !== undefined) result.add(SPACE);
    result.add(condition.replacement(at, at + name.length, inserted, name));
    result.add(SPACE);
    if (result.length > LONGEST_TEXT) {
      throw new TooLongError(
        `condition has more than ${number(LONGEST_TEXT)} characters with the items of list ${name}`,
      );
    }
    // Goes on behind it: a list that contains its own name is not replaced again.
    copied = end;
    at = text.indexOf(name, end);
  }
  if (copied === 0) return condition;
  result.add(condition.slice(copied, text.length));
  return result.joined();
}

const SPACE = MappedText.made(' ');

/** The condition so far; its end may still be removed. */
class Output {
  readonly #parts: MappedText[] = [];
  length = 0;

  get last(): string | undefined {
    return this.#parts.at(-1)?.text.at(-1);
  }

  add(part: MappedText): void {
    if (part.text === '') return;
    this.#parts.push(part);
    this.length += part.text.length;
  }

  dropBlanks(): void {
    while (this.last !== undefined && BLANKS.includes(this.last)) this.#dropLast();
  }

  dropComma(): boolean {
    if (this.last !== ',') return false;
    this.#dropLast();
    return true;
  }

  joined(): MappedText {
    return MappedText.join(this.#parts);
  }

  #dropLast(): void {
    const part = this.#parts.pop();
    if (!part) return;
    this.length -= part.text.length;
    this.add(part.slice(0, part.text.length - 1));
  }
}

function delimits(character: string | undefined): boolean {
  return character === undefined || DELIMITERS.includes(character);
}

/** Joined by commas; no comma before the first non-empty item. */
function joinItems(items: readonly string[]): string {
  return items.reduce((text, item) => (text === '' ? quoteBlanks(item) : `${text}, ${quoteBlanks(item)}`), '');
}

function quoteBlanks(item: string): string {
  return item.includes(' ') && !/^["']/.test(item) ? `"${item}"` : item;
}
