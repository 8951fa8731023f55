// Keys that stand twice in an item, of which Falco's loader takes the first without a word. A dash that is missing before
// the next item shows like that.

import { type Context, type Diagnostic, warning } from '../../diagnostics/diagnostic.ts';
import { lookUp, type YamlMapping, type YamlNode } from '../../diagnostics/yaml.ts';

/** The keys that an item begins with. */
export const NAMING_KEYS: readonly string[] = [
  'rule',
  'macro',
  'list',
  'required_engine_version',
  'required_plugin_versions',
];

/** Repeated keys of the item and its exceptions; of an override each key counts. */
export function repeatedKeys(item: YamlMapping, context: Context): Diagnostic[] {
  const exceptions = lookUp(item, 'exceptions');
  const inner = exceptions?.kind === 'sequence' ? exceptions.items : [];
  return [item, ...inner].flatMap((node) => (node.kind === 'mapping' ? repeatedIn(node, context) : []));
}

function repeatedIn({ entries }: YamlMapping, context: Context): Diagnostic[] {
  const seen = new Set<string>();
  const found: Diagnostic[] = [];
  for (const { key } of entries) {
    const name = textOf(key);
    if (!seen.has(name)) {
      seen.add(name);
      continue;
    }
    const place = { ...context, start: key.start, end: key.end };
    const message = `'${name}' stands twice here; the first one counts`;
    const names = NAMING_KEYS.includes(name);
    const help = names ? dashHelp(name) : 'remove one of them';
    found.push(warning('WASPREY_KEY_IGNORED', message, place, { help }));
    // What follows belongs to the item that was meant.
    if (names) break;
  }
  return found;
}

export function dashHelp(name: string): string {
  return `every item begins with a dash: \`- ${name}: ...\``;
}

function textOf(key: YamlNode): string {
  return key.kind === 'scalar' ? key.text : '';
}
