// Splits a text as a shell would, without losing a character: for finding the words of a command line within one argument.

/** A piece of a text; all pieces joined are the text. */
export interface ShellPiece {
  readonly text: string;
  /** `word`: what a shell would make a part of a command; `gap`: blanks and operators between. */
  readonly kind: 'word' | 'gap';
  /** A gap with an operator: what follows is another command. */
  readonly endsCommand: boolean;
}

const BLANKS = ' \t\n\r';
const OPERATORS = ';|&()<>`\n';

export function isComposed(text: string): boolean {
  for (const character of text) if (BLANKS.includes(character)) return true;
  return false;
}

/** Quotes belong to their words; one that is not closed goes to the end. */
export function splitShell(text: string): ShellPiece[] {
  const pieces: ShellPiece[] = [];
  let at = 0;
  while (at < text.length) {
    const from = at;
    let endsCommand = false;
    while (at < text.length && isGap(text, at)) {
      if (OPERATORS.includes(text.charAt(at))) endsCommand = true;
      at++;
    }
    if (at > from) pieces.push({ text: text.slice(from, at), kind: 'gap', endsCommand });
    const begin = at;
    while (at < text.length && !isGap(text, at)) at = afterUnit(text, at);
    if (at > begin) pieces.push({ text: text.slice(begin, at), kind: 'word', endsCommand: false });
  }
  return pieces;
}

function isGap(text: string, at: number): boolean {
  const character = text.charAt(at);
  return BLANKS.includes(character) || OPERATORS.includes(character);
}

/** Behind a quoted part, an escaped character or a character. */
function afterUnit(text: string, at: number): number {
  const character = text.charAt(at);
  if (character === '\\') return Math.min(at + 2, text.length);
  if (character !== "'" && character !== '"') return at + 1;
  return Math.min(closingQuote(text, at + 1, character) + 1, text.length);
}

/** Where that quote ends; the end of the text if it does not. Within double quotes a backslash escapes. */
export function closingQuote(text: string, from: number, quote: string): number {
  for (let at = from; at < text.length; at++) {
    if (text.charAt(at) === quote) return at;
    if (quote === '"' && text.charAt(at) === '\\') at++;
  }
  return text.length;
}
