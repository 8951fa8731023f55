// The little of man(7) that manual pages are made of.

import { wrap } from '../../host/diagnostics/layout.ts';

/** With the longest word that must go on a line of its own it is below what mandoc's lint takes for a long line. */
const LINE_LENGTH = 78;

/** Text that means nothing to roff; what stands in backticks is bold. */
export function roffText(text: string): string {
  return text
    .split('`')
    .map((part, index) => (index % 2 === 0 ? roffPlain(part) : bold(part)))
    .join('');
}

/** A hyphen would be one of typography, which nobody can paste into a shell. */
export function roffPlain(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('~', '\\(ti')
    .replaceAll('^', '\\(ha');
}

export function bold(text: string): string {
  return `\\fB${roffPlain(text)}\\fR`;
}

export function italic(text: string): string {
  return `\\fI${roffPlain(text)}\\fR`;
}

/** A run of text in lines that a person can read. */
export function line(roff: string): string {
  return wrap(roff, LINE_LENGTH).split('\n').map(asText).join('');
}

/** A dot at its beginning would make a line a request. */
function asText(row: string): string {
  return row.startsWith('.') ? `\\&${row}\n` : `${row}\n`;
}

export interface PageTitle {
  readonly name: string;
  readonly section: number;
  readonly date: Date;
  readonly source: string;
}

export function pageHead({ name, section, date, source }: PageTitle): string {
  const words = [roffPlain(name.toUpperCase()), String(section), date.toISOString().slice(0, 10), source, 'Wasprey'];
  return `.TH ${words.map((word) => `"${word}"`).join(' ')}\n`;
}

export function section(title: string, body: string): string {
  return `.SH ${title.toUpperCase()}\n${body}`;
}

/** Paragraphs, of which those that are indented are kept as they are. */
export function paragraphs(texts: readonly string[]): string {
  return texts.map((text) => (text.startsWith(' ') ? example(text) : line(roffText(text)))).join('.PP\n');
}

export function example(text: string): string {
  return `.RS 4\n.nf\n${text
    .replace(/^ {4}/gm, '')
    .split('\n')
    .map((row) => asText(roffPlain(row)))
    .join('')}.fi\n.RE\n`;
}

/** @param term roff already */
export function tagged(term: string, body: string): string {
  return `.TP\n${line(term)}${line(roffText(body))}`;
}

export interface PageName {
  readonly name: string;
  readonly section: number;
}

export function seeAlso(pages: readonly PageName[]): string {
  return section('see also', line(pages.map(({ name, section: number }) => `${bold(name)}(${number})`).join(', ')));
}
