// Escapes text of traced processes for a line or JSON, so that it stays within its string and can't control a terminal.

/**
 * What JSON.stringify leaves as it is but a terminal or a log viewer may act on: DEL and the C1 controls (a raw U+009B
 * starts an escape sequence), the line and paragraph separators, and the marks that reorder text.
 */
const ACTIVE = /[\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** The C0 controls but tab and line feed. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROLS = /[\u0000-\u0008\u000b-\u001f]/g;

/** A JSON string, quotes included. */
export function quote(text: string): string {
  return JSON.stringify(text).replace(ACTIVE, escapeUnit);
}

/** Escapes a text for a message in a text line, without quotes around it. */
export function escapeText(text: string): string {
  return quote(text).slice(1, -1);
}

/** Text of several lines with its own quotes, such as source code: only control characters are escaped. */
export function escapeLines(text: string): string {
  return text.replace(CONTROLS, escapeUnit).replace(ACTIVE, escapeUnit);
}

function escapeUnit(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
