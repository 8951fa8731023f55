// Cuts lines to the columns that a terminal shows.

/** Two columns wide: CJK and emoji. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const ZERO = /\p{Mn}|\p{Me}|\p{Cf}/u;
const ELLIPSIS = '...';

function columnsOf(character: string): number {
  if (character < '\u0300') return 1;
  return ZERO.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
}

/** The line if it fits into `width` columns, else its beginning and three dots. The text is escaped. */
export function clip(line: string, width: number): string {
  let used = 0;
  let fitting = 0;
  for (const character of line) {
    used += columnsOf(character);
    if (used > width) return line.slice(0, fitting) + ELLIPSIS.slice(0, Math.max(0, width));
    if (used <= width - ELLIPSIS.length) fitting += character.length;
  }
  return line;
}

/** Pieces of a line that each fit into `width` columns. */
export function fold(line: string, width: number): string[] {
  const pieces: string[] = [];
  let from = 0;
  let at = 0;
  let used = 0;
  for (const character of line) {
    const columns = columnsOf(character);
    if (used + columns > width && at > from) {
      pieces.push(line.slice(from, at));
      from = at;
      used = 0;
    }
    used += columns;
    at += character.length;
  }
  pieces.push(line.slice(from));
  return pieces;
}
