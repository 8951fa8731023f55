// Rule files without what is invalid in them, for an agent that is to watch by the rest: an item that has an error is left out, and then
// what can't be without it, until everything that remains is valid.
//
//   - macro: shadow                              - macro: shadow
//     condition: fd.name = /etc/shadow             condition: fd.name = /etc/shadow
//   - rule: Mistaken                     ->      - ~
//     condition: shadow and no.such = 1
//     ...

import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import { SourceFile } from '../../diagnostics/source-file.ts';
import { readYaml, type YamlNode, YamlSyntaxError } from '../../diagnostics/yaml.ts';
import { type LoadOptions, type LoadResult, loadRules, type RuleFile } from './load.ts';

export interface ValidRules {
  /** The given files with the same lines. Null stands for items that are left out; a file without its items is empty. */
  readonly files: readonly RuleFile[];
  /** Why they are left out; at least one for each item. */
  readonly errors: readonly Diagnostic[];
  /** What remains, loaded. */
  readonly result: LoadResult;
}

/** A place in a file: an index into its text. */
export type Place = Pick<Diagnostic, 'file' | 'offset'>;

/** Never throws on any text. */
export function leaveOutInvalid(given: readonly RuleFile[], options: LoadOptions = {}): ValidRules {
  let files = given;
  const errors: Diagnostic[] = [];
  for (;;) {
    const result = loadRules(files, { ...options, everyError: true });
    if (result.successful) return { files, errors, result };
    const invalid = [...result.errors, ...result.following];
    errors.push(...invalid);
    files = withoutItemsAt(files, invalid, given);
  }
}

/**
 * Leaves out the items at these places, and the whole file if a place is in none, or if the item is left out already. Each place makes the
 * files shorter by something.
 * @param given the files with all their items: an item that is left out may have had the anchor of another, which is no YAML without it
 */
export function withoutItemsAt(
  files: readonly RuleFile[],
  places: readonly Place[],
  given: readonly RuleFile[],
): RuleFile[] {
  return files.map((file) => {
    const offsets = places.filter((place) => place.file === file.name).map(({ offset }) => offset);
    const whole = given.find(({ name }) => name === file.name) ?? file;
    return offsets.length === 0 ? file : { name: file.name, text: withoutItems(file.text, whole, offsets) };
  });
}

function withoutItems(current: string, { name, text }: RuleFile, offsets: readonly number[]): string {
  const items = itemsOf(new SourceFile(name, text));
  let remaining = current;
  for (const item of new Set(offsets.map((offset) => items.findLast(({ start }) => start <= offset)))) {
    if (!item || current.startsWith('~', item.start)) return '';
    remaining = blanked(remaining, item.start, item.end);
  }
  return remaining;
}

function itemsOf(file: SourceFile): readonly YamlNode[] {
  try {
    return readYaml(file).flatMap((document) => (document.kind === 'sequence' ? document.items : []));
  } catch (error) {
    if (!(error instanceof YamlSyntaxError)) throw error;
    return [];
  }
}

/** With null at the place of a node. Other places stay where they are. */
function blanked(text: string, start: number, end: number): string {
  const rest = text.slice(start + 1, end).replace(/[^\r\n]/g, ' ');
  return `${text.slice(0, start)}~${rest}${text.slice(end)}`;
}
