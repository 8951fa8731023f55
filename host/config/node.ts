// The configuration as written, each part with its place: it may come from several files and the command line.

import { SourceFile } from '../diagnostics/source-file.ts';
import { readYaml, type YamlNode, YamlSyntaxError } from '../diagnostics/yaml.ts';
import { yamlHelp } from '../diagnostics/yaml-help.ts';
import { configError, type Origin } from './error.ts';

export interface ConfigScalar {
  readonly kind: 'scalar';
  readonly text: string;
  readonly origin: Origin;
}

/** The key has no value. */
export interface ConfigNull {
  readonly kind: 'null';
  readonly origin: Origin;
}

export interface ConfigSequence {
  readonly kind: 'sequence';
  readonly items: readonly ConfigNode[];
  readonly origin: Origin;
}

export interface ConfigMapping {
  readonly kind: 'mapping';
  readonly entries: ReadonlyMap<string, ConfigEntry>;
  readonly origin: Origin;
}

export interface ConfigEntry {
  /** Origin of the key. */
  readonly origin: Origin;
  readonly value: ConfigNode;
}

export type ConfigNode = ConfigScalar | ConfigNull | ConfigSequence | ConfigMapping;

/** Most levels of nesting; aliases could make YAML nest endlessly. */
const DEEPEST = 32;
/** Most nodes of one file; aliases could turn a few lines into millions. */
const MOST_NODES = 100_000;

/**
 * Reads a file's text.
 * @throws {ConfigError}
 */
export function readConfigNode(file: SourceFile): ConfigMapping {
  const document = readDocument(file);
  const whole = { file, start: 0, end: 0 };
  if (!document || document.kind === 'null') return { kind: 'mapping', entries: new Map(), origin: whole };
  const node = new Reader(file).node(document, 0);
  if (node.kind === 'mapping') return node;
  throw configError('CONFIG_TYPE', 'a configuration needs keys and values', node.origin, {
    help: 'write for instance: json_output: true',
  });
}

/**
 * Reads a value that is preceded by other text in a file.
 * @param text the file's text, with blanks in place of the preceding text
 * @throws {ConfigError}
 */
export function readConfigValue(text: string, file: SourceFile): ConfigNode {
  const document = readDocument(new SourceFile(file.name, text));
  return document ? new Reader(file).node(document, 0) : { kind: 'null', origin: { file, start: 0, end: text.length } };
}

function readDocument(file: SourceFile): YamlNode | undefined {
  let documents: YamlNode[];
  try {
    documents = readYaml(file);
  } catch (error) {
    if (error instanceof YamlSyntaxError) {
      const origin = { file, start: error.index, end: error.index + 1 };
      const help = yamlHelp(file.lineText(file.position(error.index).line));
      throw configError('CONFIG_YAML', `invalid YAML: ${error.message}`, origin, { help });
    }
    if (!(error instanceof RangeError)) throw error;
    // js-yaml recurses for each level.
    throw configError('CONFIG_YAML', 'nested too deeply', { file, start: 0, end: 0 });
  }
  const [first, second] = documents;
  if (!second) return first;
  throw configError(
    'CONFIG_YAML',
    'unexpected second document',
    { file, start: second.start, end: second.end },
    {
      help: 'a configuration file is one document: remove the line ---',
    },
  );
}

class Reader {
  readonly #file: SourceFile;
  #nodes = 0;

  constructor(file: SourceFile) {
    this.#file = file;
  }

  node(yaml: YamlNode, depth: number): ConfigNode {
    const origin = { file: this.#file, start: yaml.start, end: yaml.end };
    if (depth > DEEPEST || ++this.#nodes > MOST_NODES) {
      throw configError('CONFIG_YAML', 'the configuration has too many values', origin);
    }
    switch (yaml.kind) {
      case 'scalar':
        return { kind: 'scalar', text: yaml.text, origin };
      case 'null':
        return { kind: 'null', origin };
      case 'sequence':
        return { kind: 'sequence', items: yaml.items.map((item) => this.node(item, depth + 1)), origin };
      case 'mapping': {
        const entries = new Map<string, ConfigEntry>();
        for (const { key, value } of yaml.entries) this.#entry(entries, key, value, depth);
        return { kind: 'mapping', entries, origin };
      }
    }
  }

  #entry(entries: Map<string, ConfigEntry>, key: YamlNode, value: YamlNode, depth: number): void {
    const origin = { file: this.#file, start: key.start, end: key.end };
    if (key.kind !== 'scalar') throw configError('CONFIG_TYPE', 'a key must be text', origin);
    const before = entries.get(key.text);
    if (before) {
      const { line } = this.#file.position(before.origin.start);
      const message = `${key.text} is given twice`;
      throw configError('CONFIG_DUPLICATE_KEY', message, origin, { notes: [`first in line ${line}`] });
    }
    entries.set(key.text, { origin, value: this.node(value, depth + 1) });
  }
}
