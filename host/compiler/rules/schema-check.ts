// The JSON schema of rules files, as Falco has one. It is stricter than the loader and never decides whether a file
// loads; `validate` reports it, and editors use it.

import { RuleLoadError } from '../../diagnostics/diagnostic.ts';
import type { Position, SourceFile } from '../../diagnostics/source-file.ts';
import type { YamlMapping, YamlNode } from '../../diagnostics/yaml.ts';
import { fileContext } from '../../diagnostics/yaml-values.ts';

export interface SchemaProblem extends Position {
  readonly message: string;
}

type Shape =
  | { readonly type: 'text' | 'boolean' | 'integer' | 'anything' }
  | { readonly type: 'one of'; readonly values: readonly string[] }
  | { readonly type: 'list'; readonly items: Shape }
  | {
      readonly type: 'object';
      readonly keys: Readonly<Record<string, Shape>>;
      readonly required?: readonly string[];
      readonly atLeast?: number;
    };

const TEXT: Shape = { type: 'text' };
const BOOLEAN: Shape = { type: 'boolean' };
const ANYTHING: Shape = { type: 'anything' };
const OPERATION: Shape = { type: 'one of', values: ['append', 'replace'] };
const PLUGIN: Readonly<Record<string, Shape>> = { name: TEXT, version: TEXT };

const ITEM: Shape = {
  type: 'object',
  keys: {
    required_engine_version: TEXT,
    required_plugin_versions: {
      type: 'list',
      items: {
        type: 'object',
        keys: {
          ...PLUGIN,
          alternatives: { type: 'list', items: { type: 'object', keys: PLUGIN, required: ['name', 'version'] } },
        },
        required: ['name', 'version'],
      },
    },
    list: TEXT,
    items: { type: 'list', items: TEXT },
    macro: TEXT,
    rule: TEXT,
    desc: TEXT,
    condition: TEXT,
    output: TEXT,
    priority: {
      type: 'one of',
      values: ['EMERGENCY', 'ALERT', 'CRITICAL', 'ERROR', 'WARNING', 'NOTICE', 'INFO', 'INFORMATIONAL', 'DEBUG'],
    },
    source: TEXT,
    enabled: BOOLEAN,
    append: BOOLEAN,
    warn_evttypes: BOOLEAN,
    'skip-if-unknown-filter': BOOLEAN,
    capture: BOOLEAN,
    capture_duration: { type: 'integer' },
    tags: { type: 'list', items: TEXT },
    exceptions: {
      type: 'list',
      items: {
        type: 'object',
        keys: { name: TEXT, fields: ANYTHING, comps: ANYTHING, values: ANYTHING },
        required: ['name'],
      },
    },
    override: {
      type: 'object',
      keys: {
        items: OPERATION,
        condition: OPERATION,
        output: OPERATION,
        desc: OPERATION,
        tags: OPERATION,
        exceptions: OPERATION,
        priority: OPERATION,
        enabled: OPERATION,
        warn_evttypes: OPERATION,
        'skip-if-unknown-filter': OPERATION,
        capture: OPERATION,
        capture_duration: OPERATION,
      },
      atLeast: 1,
    },
  },
};

const FILE: Shape = { type: 'list', items: ITEM };

/**
 * The schema's findings in the first document of a file; other documents are not checked.
 * @throws RuleLoadError on a key that is not text: Falco's loader gives up on the file there
 */
export function checkSchema(file: SourceFile, document: YamlNode): SchemaProblem[] {
  const checker = new SchemaChecker(file);
  checker.check(document, FILE, '<root>');
  return checker.problems;
}

/** A decimal number of 64 bits, with blanks and a sign before it if there are any. */
function isInteger(text: string): boolean {
  if (!/^\s*[+-]?\d+$/.test(text)) return false;
  const value = BigInt(text.trim().replace('+', ''));
  return BigInt.asIntN(64, value) === value;
}

class SchemaChecker {
  readonly problems: SchemaProblem[] = [];
  readonly #file: SourceFile;

  constructor(file: SourceFile) {
    this.#file = file;
  }

  check(node: YamlNode, shape: Shape, path: string): void {
    switch (shape.type) {
      case 'anything':
        return;
      case 'text':
        if (node.kind !== 'scalar') this.#problem(node, path, 'must be a string');
        return;
      case 'boolean':
        if (node.kind !== 'scalar' || !/^(?:true|false)$/.test(node.text)) {
          this.#problem(node, path, 'must be true or false');
        }
        return;
      case 'integer':
        if (node.kind !== 'scalar' || !isInteger(node.text)) this.#problem(node, path, 'must be a whole number');
        return;
      case 'one of':
        if (node.kind !== 'scalar' || !shape.values.includes(node.text)) {
          this.#problem(node, path, `must be one of ${shape.values.join(', ')}`);
        }
        return;
      case 'list':
        if (node.kind !== 'sequence') this.#problem(node, path, 'must be a list');
        else for (const [index, item] of node.items.entries()) this.check(item, shape.items, `${path}[${index}]`);
        return;
      case 'object':
        if (node.kind !== 'mapping') this.#problem(node, path, 'must be a mapping');
        else this.#object(node, shape, path);
    }
  }

  #object(node: YamlMapping, shape: Shape & { type: 'object' }, path: string): void {
    const seen = new Set<string>();
    for (const { key, value } of node.entries) {
      const name = this.#keyText(key);
      const inner = Object.hasOwn(shape.keys, name) ? shape.keys[name] : undefined;
      if (seen.has(name)) this.#problem(key, path, `has the key ${name} more than once`);
      else if (!inner) this.#problem(key, path, `has an unknown key ${name}`);
      else this.check(value, inner, `${path}.${name}`);
      seen.add(name);
    }
    for (const name of shape.required ?? []) {
      if (!seen.has(name)) this.#problem(node, path, `is missing the key ${name}`);
    }
    if (seen.size < (shape.atLeast ?? 0)) this.#problem(node, path, 'is empty');
  }

  #keyText(key: YamlNode): string {
    if (key.kind === 'scalar') return key.text;
    if (key.kind === 'null') return 'null';
    const place = { ...fileContext(this.#file), start: key.start, end: key.end };
    throw new RuleLoadError('LOAD_ERR_YAML_PARSE', 'a key must be a string or a number', place);
  }

  #problem(node: YamlNode, path: string, message: string): void {
    this.problems.push({ message: `${path} ${message}`, ...this.#file.position(node.start) });
  }
}
