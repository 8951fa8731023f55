// Lists: lists inside lists, and their text in conditions. Substitution works on text before parsing, as in Falco: a
// list's name is replaced wherever it stands between delimiters, in a condition as well as in another list's items.

import type { Collection } from './collection.ts';
import { MappedText } from './mapped-text.ts';

/** Lists that double in each step would fill the memory; conditions that mean something stay far below this. */
const LONGEST_TEXT = 8 << 20;

/** A condition that gets too long by its lists. */
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

function substituteList(condition: MappedText, name: string, items: readonly string[]): MappedText {
  const inserted = items.map(quoteBlanks).join(', ');
  let result = condition;
  for (let at = result.text.indexOf(name); at >= 0; at = result.text.indexOf(name, at + 1)) {
    const { text } = result;
    let start = at;
    let end = at + name.length;
    if (!delimits(text[start - 1]) || !delimits(text[end])) continue;
    // The blanks around it go too, and of an empty list one comma.
    while (start > 0 && BLANKS.includes(text[start - 1] ?? '')) start--;
    while (end < text.length && BLANKS.includes(text[end] ?? '')) end++;
    if (items.length === 0) {
      if (text[start - 1] === ',') start--;
      else if (text[end] === ',') end++;
    }
    const before = start > 0 ? ' ' : '';
    const replaced = result.slice(at, at + name.length).substitute(0, name.length, inserted, name);
    result = MappedText.join([result.slice(0, start), before, replaced, ' ', result.slice(end, text.length)]);
    if (result.text.length > LONGEST_TEXT) {
      throw new TooLongError(`condition has more than ${LONGEST_TEXT} characters with the items of list ${name}`);
    }
    // Goes on behind what was inserted: a list that contains its own name is not replaced again.
    at = start + inserted.length + 1;
  }
  return result;
}

function delimits(character: string | undefined): boolean {
  return character === undefined || DELIMITERS.includes(character);
}

function quoteBlanks(item: string): string {
  return item.includes(' ') && !/^["']/.test(item) ? `"${item}"` : item;
}
