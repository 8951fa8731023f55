// Tables in C: a macro that calls the one that it is given for each row, so that each user takes what it needs.

export type Cell = string | number;

/** `#define WASPREY_NAMES(NAME)`, with a line `NAME(cell, ...)` for each row; `columns` says what the cells are. */
export function cTable(name: string, row: string, columns: string, rows: readonly (readonly Cell[])[]): string {
  const lines = [`#define ${name}(${row})`, ...rows.map((cells) => `  ${row}(${cells.join(', ')})`)];
  return `/* ${row}(${columns}) */\n${lines.join(' \\\n')}`;
}
