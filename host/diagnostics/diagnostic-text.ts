// Diagnostics as text for a terminal or a log: the line, a caret under the place, notes and help.

/** The displayed parts of a diagnostic, for any kind of file. */
export interface ShownDiagnostic {
  readonly severity: 'error' | 'warning';
  readonly code: string;
  readonly message: string;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** In characters, from 1. */
  readonly column: number;
  readonly sourceLine: string;
  /** Characters of the source line to point at, from 0, [start, end); at least one wide. */
  readonly span: { readonly start: number; readonly end: number };
  /** The enclosing items of the place, from the outside in. */
  readonly context: readonly { readonly type: string; readonly name: string }[];
  readonly notes: readonly string[];
  /** How to fix it. */
  readonly help?: string;
}

/** Most displayed characters of a source line; conditions may be far longer. */
const WINDOW = 110;
/** How many of those are before the caret. */
const LEAD = 50;

export interface TextOptions {
  /** ANSI colours. Default false. */
  readonly color?: boolean;
}

/**
 * A diagnostic in the usual format of compilers:
 *
 *     error[LOAD_ERR_COMPILE_CONDITION]: unknown field 'proc.nmae'
 *       --> rules.yaml:4:14
 *        |
 *      4 |   condition: proc.nmae = cat
 *        |              ^^^^^^^^^
 *        = in rule "Cat": condition
 *        = help: did you mean proc.name?
 */
export function renderDiagnostic(diagnostic: ShownDiagnostic, options: TextOptions = {}): string {
  const paint = options.color ? PAINT : PLAIN;
  const tint = diagnostic.severity === 'error' ? paint.error : paint.warning;
  const lines = [
    `${tint(`${diagnostic.severity}[${diagnostic.code}]`)}${paint.strong(`: ${printable(diagnostic.message)}`)}`,
  ];
  const gutter = ' '.repeat(String(diagnostic.line).length + 1);
  lines.push(`${gutter}${paint.dim('-->')} ${printable(diagnostic.file)}:${diagnostic.line}:${diagnostic.column}`);
  const { text, start, width } = excerpt(diagnostic);
  if (text !== '') {
    lines.push(
      `${gutter} ${paint.dim('|')}`,
      `${paint.dim(` ${diagnostic.line} |`)} ${text}`,
      `${gutter} ${paint.dim('|')} ${' '.repeat(start)}${tint('^'.repeat(width))}`,
    );
  }
  const notes = [...place(diagnostic), ...diagnostic.notes.map((note) => `note: ${note}`)];
  if (diagnostic.help !== undefined) notes.push(`help: ${diagnostic.help}`);
  for (const note of notes) lines.push(`${gutter} ${paint.dim('=')} ${printable(note)}`);
  return lines.join('\n');
}

/** `in rule "Cat", exception "builders"`; the outermost two names are enough to find it. */
function place(diagnostic: ShownDiagnostic): string[] {
  const named = diagnostic.context.filter(({ type, name }) => name !== '' && type !== 'value for');
  if (named.length === 0) return [];
  return [`in ${named.map(({ type, name }) => `${type} "${name}"`).join(', ')}`];
}

/** The part of the source line around the span, with tabs as blanks and without control characters. */
export function excerpt(diagnostic: ShownDiagnostic): { text: string; start: number; width: number } {
  const line = diagnostic.sourceLine;
  // A line of a megabyte may have thousands of diagnostics: only split it into characters if some have two units.
  const characters = /[\ud800-\udfff]/.test(line) ? [...line] : line;
  const shown = (first: number, last: number) =>
    [...characters.slice(first, last)].map((character) => (character === '\t' ? ' ' : printable(character))).join('');
  const { start, end } = diagnostic.span;
  const from = characters.length > WINDOW ? Math.max(0, Math.min(start - LEAD, characters.length - WINDOW)) : 0;
  const to = Math.min(characters.length, from + WINDOW);
  const before = from > 0 ? '...' : '';
  const after = to < characters.length ? '...' : '';
  const width = (first: number, last: number) => columns(shown(first, last));
  return {
    text: before + shown(from, to) + after,
    start: before.length + width(from, start),
    width: Math.max(1, width(start, Math.min(end, to))),
  };
}

/** Columns that a terminal gives a text: two for wide characters, none for marks that combine. */
function columns(text: string): number {
  let width = 0;
  for (const character of text) {
    if (/\p{Mn}/u.test(character)) continue;
    width += WIDE.test(character) ? 2 : 1;
  }
  return width;
}

const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\uff01-\uff60]/u;

/** Control characters and broken surrogates as escapes, so that a rules file can't write to the terminal. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cs}\p{Cf}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

const wrap = (code: string) => (text: string) => `\x1b[${code}m${text}\x1b[0m`;
const same = (text: string) => text;
const PAINT = { error: wrap('1;31'), warning: wrap('1;33'), strong: wrap('1'), dim: wrap('34') };
const PLAIN = { error: same, warning: same, strong: same, dim: same };
