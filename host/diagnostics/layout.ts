// Text laid out for a terminal's width: paragraphs and two or more columns.

/** Width of lines if the terminal's width is unknown, and the largest that is comfortable to read. */
export const LINE_WIDTH = 100;

/** Breaks paragraphs (separated by empty lines) at blanks. A paragraph with a larger indent than the first is an example and kept unchanged. */
export function wrap(text: string, width: number): string {
  const paragraphs = text.replace(/^\s*\n|\s+$/g, '').split(/\n\s*\n/);
  const margin = /^ */.exec(paragraphs[0] ?? '')?.[0] ?? '';
  return paragraphs
    .map((paragraph) =>
      paragraph.startsWith(`${margin}  `)
        ? paragraph.replaceAll(`\n${margin}`, '\n').slice(margin.length)
        : breakLines(paragraph.trim().split(/\s+/), width).join('\n'),
    )
    .join('\n\n');
}

function breakLines(words: readonly string[], width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of words) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

/**
 * Rows as columns, indented by two; all columns but the last are as wide as their widest cell, and the last one is broken
 * into lines where there is room for it.
 */
export function columns(rows: readonly (readonly string[])[], width: number): string {
  const widths = (rows[0] ?? [])
    .slice(0, -1)
    .map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const indent = 2 + widths.reduce((sum, own) => sum + own + 2, 0);
  const room = Math.max(24, width - indent);
  const lines = rows.flatMap((row) => {
    const lead = widths.map((own, column) => (row[column] ?? '').padEnd(own)).join('  ');
    const [first = '', ...others] = breakLines((row.at(-1) ?? '').split(/\s+/), room);
    return [`  ${lead}  ${first}`.trimEnd(), ...others.map((line) => ' '.repeat(indent) + line)];
  });
  return lines.join('\n');
}
