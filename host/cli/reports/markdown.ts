// The little Markdown that references are made of.

export function heading(level: 1 | 2, text: string): string {
  return `${'#'.repeat(level)} ${plain(text)}\n\n`;
}

/** Text that means nothing to Markdown, in a cell of a table too. */
export function plain(text: string): string {
  return text.replace(/[\\`*_[\]<>|#]/g, '\\$&');
}

/** A code span; in a table a bar must be escaped even there. */
export function codeSpan(text: string): string {
  return `\`${text.replaceAll('|', '\\|')}\``;
}

/** Cells are Markdown already. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`;
  return line(head) + line(head.map(() => '---')) + rows.map(line).join('');
}
