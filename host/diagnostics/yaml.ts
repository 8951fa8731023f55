// YAML documents with the place of every node. js-yaml does the parsing; its listener reports the begin and end of
// each node, from which this tree is built. Scalars stay text (the reader decides about numbers and
// booleans), and mappings keep duplicate keys, as Falco's YAML library does.

import yaml from 'js-yaml';
import type { SourceFile } from './source-file.ts';

interface Place {
  /** Index into the file's text, [start, end). */
  readonly start: number;
  readonly end: number;
}

export interface YamlScalar extends Place {
  readonly kind: 'scalar';
  readonly text: string;
}

/** `~`, `null`, or nothing at all. */
export interface YamlNull extends Place {
  readonly kind: 'null';
}

export interface YamlSequence extends Place {
  readonly kind: 'sequence';
  readonly items: readonly YamlNode[];
}

export interface YamlMapping extends Place {
  readonly kind: 'mapping';
  readonly entries: readonly { readonly key: YamlNode; readonly value: YamlNode }[];
}

export type YamlNode = YamlScalar | YamlNull | YamlSequence | YamlMapping;

/** Invalid YAML. */
export class YamlSyntaxError extends Error {
  readonly index: number;

  constructor(reason: string, index: number) {
    super(reason);
    this.name = 'YamlSyntaxError';
    this.index = index;
  }
}

/**
 * Reads all documents of a file.
 * @throws YamlSyntaxError
 */
export function readYaml(file: SourceFile): YamlNode[] {
  // js-yaml makes a document from a file with only comments; skip it.
  if (pastComments(file.text, file.text.startsWith('\ufeff') ? 1 : 0) === file.text.length) return [];
  const builder = new TreeBuilder(file.text);
  try {
    yaml.loadAll(file.text, () => {}, {
      schema: TEXT_ONLY,
      // Duplicate keys are not an error; the tree keeps all of them.
      json: true,
      listener: (event, state) => {
        // js-yaml's types leave out the anchor of the node that ends.
        const { anchor } = state as unknown as { anchor?: string | null };
        if (event === 'open') builder.open(state.position);
        else builder.close(state.position, state.kind as string | null, state.result, anchor ?? undefined);
      },
    });
  } catch (error) {
    if (!(error instanceof yaml.YAMLException)) throw error;
    // js-yaml reports such a character at the end of its scalar.
    const unprintable = /non-printable|null byte/.test(error.reason) ? file.text.search(UNPRINTABLE) : -1;
    const index = unprintable < 0 ? (error.mark?.position ?? 0) + builder.shift : unprintable;
    // It counts the end of the text as a character of its own.
    throw new YamlSyntaxError(error.reason, Math.min(index, file.text.length));
  }
  return builder.documents;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what YAML forbids
const UNPRINTABLE = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]/;

/** The value under a key; the first one if there are several. */
export function lookUp(mapping: YamlMapping, key: string): YamlNode | undefined {
  return mapping.entries.find((entry) => entry.key.kind === 'scalar' && entry.key.text === key)?.value;
}

/** Any tag is accepted and has no effect. */
const TEXT_ONLY = yaml.FAILSAFE_SCHEMA.extend({
  explicit: (['scalar', 'sequence', 'mapping'] as const).flatMap((kind) =>
    ['!', 'tag:'].map((tag) => new yaml.Type(tag, { kind, multi: true, construct: (data: unknown) => data })),
  ),
});

/** Plain scalars that mean null. */
const NULLS: ReadonlySet<string> = new Set(['', '~', 'null', 'Null', 'NULL']);

/** The index of the first character from `index` on outside of blanks and comments. */
function pastComments(text: string, index: number): number {
  let at = index;
  for (;;) {
    while (at < text.length && /[ \t\r\n]/.test(text.charAt(at))) at++;
    if (text[at] !== '#') return at;
    const end = text.indexOf('\n', at);
    at = end < 0 ? text.length : end;
  }
}

interface Frame {
  readonly position: number;
  readonly children: Built[];
}

interface Built {
  readonly node: YamlNode;
  /** js-yaml's value, to detect a node that is reported twice. */
  readonly result: unknown;
}

class TreeBuilder {
  readonly documents: YamlNode[] = [];
  /** Offset of js-yaml's positions: it drops a byte order mark. */
  readonly shift: number;
  readonly #text: string;
  readonly #frames: Frame[] = [];
  readonly #anchors = new Map<string, YamlNode>();

  constructor(text: string) {
    this.#text = text;
    this.shift = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  }

  open(position: number): void {
    this.#frames.push({ position: position + this.shift, children: [] });
  }

  close(position: number, kind: string | null, result: unknown, anchor: string | undefined): void {
    const frame = this.#frames.pop();
    if (!frame) return;
    const node = this.#node(frame, Math.min(position + this.shift, this.#text.length), kind, result);
    if (anchor !== undefined) this.#anchors.set(anchor, node);
    const parent = this.#frames.at(-1);
    if (parent) parent.children.push({ node, result });
    else this.documents.push(node);
  }

  #node(frame: Frame, position: number, kind: string | null, result: unknown): YamlNode {
    const start = this.#contentStart(frame.position, position);
    const end = this.#contentEnd(start, position);
    const [only] = frame.children;
    // The first node of a block is first tried as a key of a mapping; if it is not a key, it is reported again from outside.
    if (only && frame.children.length === 1 && only.result === result && only.node.kind === kind) return only.node;
    if (this.#text[start] === '*' && kind !== 'scalar') {
      const target = this.#anchors.get(this.#text.slice(start + 1, end).replace(/[\s,\]}].*/s, ''));
      if (target) return target;
    }
    switch (kind) {
      case 'scalar':
        return this.#scalar(start, end, String(result), this.#isTagged(frame.position, start));
      case 'sequence':
        return { kind, start, end, items: this.#items(frame.children, result, start) };
      case 'mapping':
        return { kind, start, end, entries: this.#entries(frame.children) };
      default:
        return { kind: 'null', start, end };
    }
  }

  /** A text with a tag (`!!str null`) is never null. */
  #isTagged(from: number, start: number): boolean {
    return /(?:^|[ \t\r\n])!/.test(this.#text.slice(from, start).replace(/#[^\n]*/g, ''));
  }

  #scalar(start: number, end: number, text: string, tagged: boolean): YamlNode {
    const plain = !tagged && !/["'|>]/.test(this.#text[start] ?? '');
    return plain && NULLS.has(text) ? { kind: 'null', start, end } : { kind: 'scalar', start, end, text };
  }

  /** `- ` without a value has no node; a pair in a flow sequence (`[a: b]`) is a mapping. */
  #items(children: readonly Built[], result: unknown, start: number): YamlNode[] {
    const items: YamlNode[] = [];
    let next = 0;
    for (const value of Array.isArray(result) ? result : []) {
      const child = children[next];
      if (!child || (value === null && child.result !== null)) {
        items.push({ kind: 'null', start, end: start });
        continue;
      }
      next++;
      const pairValue = this.#followedByColon(child.node) ? children[next++] : undefined;
      if (!pairValue) items.push(child.node);
      else {
        const entries = [{ key: child.node, value: pairValue.node }];
        items.push({ kind: 'mapping', start: child.node.start, end: pairValue.node.end, entries });
      }
    }
    return items;
  }

  #entries(children: readonly Built[]): { key: YamlNode; value: YamlNode }[] {
    const entries: { key: YamlNode; value: YamlNode }[] = [];
    for (let index = 0; index < children.length; index++) {
      const key = children[index]?.node;
      if (!key) break;
      if (this.#followedByColon(key)) {
        const value = children[++index]?.node ?? { kind: 'null', start: key.end, end: key.end };
        entries.push({ key, value });
      } else if (key.kind !== 'null') {
        entries.push({ key, value: { kind: 'null', start: key.end, end: key.end } });
      }
    }
    return entries;
  }

  #followedByColon(node: YamlNode): boolean {
    return this.#text[pastComments(this.#text, node.end)] === ':';
  }

  /** Skips blanks, comments, tags and anchors. */
  #contentStart(from: number, to: number): number {
    const pattern = /(?:[ \t\r\n]+|#[^\n]*|[&!][^\s,[\]{}]*)*/y;
    pattern.lastIndex = from;
    pattern.test(this.#text);
    return Math.min(pattern.lastIndex, to);
  }

  #contentEnd(start: number, to: number): number {
    let end = to;
    while (end > start && /[ \t\r\n]/.test(this.#text[end - 1] ?? '')) end--;
    return end;
  }
}
