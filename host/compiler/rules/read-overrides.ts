// The `override` of an item: which of its keys add to, and which replace, what was defined before.

import { type Context, RuleLoadError } from '../../diagnostics/diagnostic.ts';
import { nearest } from '../../diagnostics/suggest.ts';
import { lookUp, type YamlMapping, type YamlNode } from '../../diagnostics/yaml.ts';
import { contextAt, invalid } from '../../diagnostics/yaml-values.ts';

export class Overrides {
  readonly append = new Set<string>();
  readonly replace = new Set<string>();

  get any(): boolean {
    return this.append.size > 0 || this.replace.size > 0;
  }

  /** `append: true` and `override` in one item contradict each other. */
  forbidWith(append: boolean, context: Context): void {
    if (!append || !this.any) return;
    invalid(
      "Keys 'override' and 'append: true' cannot be used together. Add an 'append' entry (e.g. 'condition: append') under 'override' instead.",
      context,
    );
  }
}

/** @throws RuleLoadError */
export function readOverrides(
  item: YamlMapping,
  allowed: { readonly append: readonly string[]; readonly replace: readonly string[] },
  context: Context,
): Overrides {
  const overrides = new Overrides();
  const node = lookUp(item, 'override');
  if (!node || node.kind === 'null' || node.kind === 'scalar') return overrides;
  if (node.kind === 'sequence') {
    if (node.items.length === 0) return overrides;
    throw new RuleLoadError('LOAD_ERR_VALIDATE', 'override must be a mapping', outermost(context, node), {
      help: 'write `override: {condition: append}`',
    });
  }
  const overrideContext = contextAt('overrides', '', node, context);
  for (const entry of node.entries) {
    const key = requireText(entry.key, context);
    const operation = textOf(entry.value);
    if (operation === undefined) {
      throw new RuleLoadError(
        'LOAD_ERR_VALIDATE',
        'an override must be a single word',
        outermost(context, entry.value),
        {
          help: `write \`override: {${key}: append}\` or \`replace\``,
        },
      );
    }
    const keyContext = contextAt('overrides', key, entry.key, overrideContext);
    const mayAppend = allowed.append.includes(key);
    const mayReplace = allowed.replace.includes(key);
    const help = mayReplace ? undefined : keyHelp(key, allowed.replace);
    if (operation === 'append') {
      if (!mayAppend) invalid(`Key '${key}' cannot be appended to, use 'replace' instead`, keyContext, help);
      overrides.append.add(key);
    } else if (operation === 'replace') {
      if (!mayReplace) invalid(`Key '${key}' cannot be replaced`, keyContext, help);
      overrides.replace.add(key);
    } else {
      const values = [...(mayAppend ? ['append'] : []), ...(mayReplace ? ['replace'] : [])].join(' ');
      invalid(
        `Invalid override operation for key '${key}': '${operation}'. Allowed values are: ${values}`,
        contextAt('value for', key, entry.value, overrideContext),
      );
    }
  }
  return overrides;
}

function keyHelp(key: string, keys: readonly string[]): string {
  const near = nearest(key, keys);
  return near === undefined ? `it is one of ${keys.join(', ')}` : `did you mean \`${near}\`?`;
}

/** Text of a key. Falco's YAML library gives up on anything else, and names no item. */
export function requireText(node: YamlNode, context: Context): string {
  const text = textOf(node);
  if (text !== undefined) return text;
  throw new RuleLoadError('LOAD_ERR_YAML_PARSE', 'a key must be a string or a number', outermost(context, node));
}

function textOf(node: YamlNode): string | undefined {
  if (node.kind === 'scalar') return node.text;
  return node.kind === 'null' ? 'null' : undefined;
}

function outermost(context: Context, node: YamlNode): Context {
  return { type: 'rules content', name: '', file: context.file, start: node.start, end: node.end };
}
