// Regular expressions for matching whole texts. The text is UTF-8: a dot or class takes a code point.

import { byteIn, choice, EMPTY, NEVER, type Pattern, repeat, sequence } from './pattern.ts';
import { NEWLINE, type RegexNode, RegexReader } from './regex-reader.ts';
import { codePoints } from './utf8.ts';

export { RegexSyntaxError } from './regex-reader.ts';

/**
 * The language of texts that match as a whole.
 * @param bytes the expression as UTF-8 bytes (characters 0-255)
 * @throws RegexSyntaxError
 */
export function regexPattern(bytes: string): Pattern {
  const text = Buffer.from(bytes, 'latin1').toString('utf8');
  const reader = new RegexReader([...text]);
  return resolveAnchors(reader.parse());
}

/**
 * Anchors away: an anchor holds where the text begins or ends, or beside a newline. The language is computed for each combination of
 * "a line begins here" before and "a line ends here" after; a part between two others can only be beside a newline if that is one.
 */
function resolveAnchors(root: RegexNode): Pattern {
  return hasAnchors(root) ? anchored(root) : plain(root);
}

function hasAnchors(node: RegexNode): boolean {
  switch (node.kind) {
    case 'begin':
    case 'end':
      return true;
    case 'sequence':
    case 'choice':
      return node.parts.some(hasAnchors);
    case 'repeat':
      return hasAnchors(node.part);
    default:
      return false;
  }
}

function plain(node: RegexNode): Pattern {
  switch (node.kind) {
    case 'characters':
      return codePoints(node.ranges);
    case 'anyByte':
      return byteIn([[0, 255]]);
    case 'begin':
    case 'end':
      return EMPTY;
    case 'sequence':
      return sequence(node.parts.map(plain));
    case 'choice':
      return choice(node.parts.map(plain));
    case 'repeat':
      return repeat(plain(node.part), node.least, node.most);
  }
}

/** With anchors: a `^` anywhere but in front, or a `$` anywhere but at the end, can hold only beside a newline. */
function anchored(node: RegexNode): Pattern {
  const branches = node.kind === 'choice' ? node.parts : [node];
  return choice(
    branches.map((branch) => {
      let parts = branch.kind === 'sequence' ? [...branch.parts] : [branch];
      // At the ends of the text they always hold.
      while (parts[0]?.kind === 'begin') parts = parts.slice(1);
      while (parts.at(-1)?.kind === 'end') parts = parts.slice(0, -1);
      const [only] = parts;
      if (parts.length === 1 && only && (only.kind === 'choice' || only.kind === 'sequence'))
        return resolveAnchors(only);
      if (!parts.some(hasAnchors)) return sequence(parts.map(plain));
      return inner(parts);
    }),
  );
}

/** An anchor within: the newline beside it must be matched by the neighbour. Where that isn't simple to decide, it never holds. */
function inner(parts: readonly RegexNode[]): Pattern {
  const out: Pattern[] = [];
  for (const [index, part] of parts.entries()) {
    if (part.kind === 'begin' || part.kind === 'end') {
      const neighbour = part.kind === 'begin' ? parts[index - 1] : parts[index + 1];
      const beside =
        neighbour?.kind === 'characters' && neighbour.ranges.length === 1 && neighbour.ranges[0]?.[0] === NEWLINE;
      if (!(beside && neighbour.kind === 'characters' && neighbour.ranges[0]?.[1] === NEWLINE)) return NEVER;
    } else if (hasAnchors(part)) {
      out.push(resolveAnchors(part));
    } else {
      out.push(plain(part));
    }
  }
  return sequence(out);
}
