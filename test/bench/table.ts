// The figures as a table: what was measured, how far it spread, what is aimed at, what Falco takes.

import { FALCO_BEFORE } from './falco-figures.ts';
import type { Figure, Unit } from './figure.ts';
import { median } from './statistics.ts';

/**
 * Rows of a benchmark under a line with its name.
 * @param falco what was measured beside it; undefined: nothing. What was not measured with it has its figure of before, marked so
 */
export function renderFigures(title: string, figures: readonly Figure[], falco?: string): string {
  const head = ['figure', 'median', 'min to max', 'aim', falco ?? FALCO_BEFORE, 'ratio', ''];
  const rows = figures.map((figure) => row(figure, falco !== undefined));
  const table = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...table.map((cells) => cells[column]?.length ?? 0)));
  const lines = table.map((cells) =>
    cells
      .map((cell, column) =>
        column === 0 || column === 6 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
  return `${title}\n${lines.join('\n')}\n`;
}

function measured({ falcoHere = [] }: Figure): number | undefined {
  return falcoHere.length > 0 ? median(falcoHere) : undefined;
}

/** @param hasFalco whether there is a Falco beside it */
function row(figure: Figure, hasFalco: boolean): string[] {
  const { what, unit, samples, aim, note } = figure;
  const here = hasFalco ? measured(figure) : undefined;
  const falco = here ?? figure.falco;
  const mark = hasFalco && here === undefined ? ' (before)' : '';
  if (samples.length === 0) return [what, '', '', aim === undefined ? '' : amount(aim, unit), '', '', note ?? ''];
  const middle = median(samples);
  return [
    what,
    amount(middle, unit),
    samples.length > 1 ? `${number(Math.min(...samples), unit)} to ${number(Math.max(...samples), unit)}` : '',
    aim === undefined ? '' : `${amount(aim, unit)} ${isReached(figure) ? '✓' : '✗'}`,
    falco === undefined
      ? ''
      : typeof falco === 'number'
        ? amount(falco, unit) + mark
        : `${falco[0]} to ${amount(falco[1], unit)}${mark}`,
    falco === undefined ? '' : ratio(figure, middle, typeof falco === 'number' ? falco : falco[0]),
    note ?? '',
  ];
}

/** Whether it reaches its aim, if it has one. */
export function isReached({ better, unit, samples, aim }: Figure): boolean {
  if (aim === undefined) return true;
  if (aim === 0 && (unit === '+ns' || unit === '+%') && Math.min(...samples) <= 0) return true;
  const value = median(samples);
  return better === 'more' ? value >= aim : value <= aim;
}

/** How many times better than Falco. Of a range of Falco's, the end that is better for it counts. */
function ratio({ better }: Figure, value: number, falco: number): string {
  if (value <= 0) return better === 'more' ? '0' : 'none at all';
  const times = better === 'more' ? value / falco : falco / value;
  return `${times.toFixed(times < 10 ? 1 : 0)}x`;
}

function amount(value: number, unit: Unit): string {
  const text = number(value, unit);
  switch (unit) {
    case '+ns':
      return `${sign(value)}${text} ns`;
    case '+%':
      return `${sign(value)}${text} %`;
    case 'instructions':
      return `${sign(value)}${text}`;
    case 'of 100':
    case 'power':
      return text;
    default:
      return `${text} ${unit}`;
  }
}

function sign(value: number): string {
  return value < 0 ? '' : '+';
}

function number(value: number, unit: Unit): string {
  const digits =
    Math.abs(value) >= 100 || unit === 'of 100' || unit === 'instructions' ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toFixed(digits);
}
