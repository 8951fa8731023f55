// Texts, times and numbers, as all views show them. Texts of traced processes are hostile: what is invisible, or changes how the rest reads, is shown
// by its code point.

import type { VNode } from 'preact';

/** Controls, what reorders text, what takes no room, blanks that are not the blank, and lone surrogates. */
const ODD = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}/u;
const ODD_PARTS = new RegExp(`(${ODD.source})`, 'u');

/** A text whose odd characters are visible, within bounds of its own. */
export function Text({ value, most = 4_000 }: { readonly value: string; readonly most?: number }): VNode {
  const shown = value.length > most ? value.slice(0, most) : value;
  const rest = value.length - shown.length;
  return (
    <bdi class="text">
      {shown.split(ODD_PARTS).map((part, index) => (ODD.test(part) ? <Odd key={index} character={part} /> : part))}
      {rest > 0 && <span class="odd">and {count(rest, 'more character')}</span>}
    </bdi>
  );
}

/** A text of the rule files, line by line. Texts of processes have no lines: a message could look like several. */
export function Lines({ value, most }: { readonly value: string; readonly most: number }): VNode {
  const rest = value.length - most;
  return (
    <>
      {value
        .slice(0, most)
        .split('\n')
        .map((line, index) => (
          <div key={index}>
            <Text value={line} most={most} />
          </div>
        ))}
      {rest > 0 && <span class="odd">and {count(rest, 'more character')}</span>}
    </>
  );
}

/** The text with odd characters made visible, where there are no elements within a text, as in choices and labels. */
export function visible(value: string): string {
  return value
    .split(ODD_PARTS)
    .map((part) => (ODD.test(part) ? codePointOf(part) : part))
    .join('');
}

function codePointOf(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}

function Odd({ character }: { readonly character: string }): VNode {
  const code = codePointOf(character);
  return (
    <span class="odd" title={`character ${code}`}>
      {code}
    </span>
  );
}

// Made once: that takes longer than a row of a list.
const CLOCK = new Intl.DateTimeFormat('en-GB', {
  ...{ hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' },
});
const DAY = new Intl.DateTimeFormat('en-CA');

/** A time of the reader's zone; UTC is shown on hover. */
export function Time({ ms, date = false }: { readonly ms: number; readonly date?: boolean }): VNode {
  const moment = new Date(ms);
  const fraction = String(moment.getMilliseconds()).padStart(3, '0');
  return (
    <time dateTime={moment.toISOString()} title={`${moment.toISOString().replace('T', ' ').replace('Z', '')} UTC`}>
      {date ? `${DAY.format(moment)} ` : ''}
      {CLOCK.format(moment)}
      <small>.{fraction}</small>
    </time>
  );
}

const NUMBER = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

export function number(value: number): string {
  return NUMBER.format(value);
}

export function count(value: number, what: string): string {
  return `${number(value)} ${what}${value === 1 ? '' : 's'}`;
}

/** `3.2 MB` */
export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(value) / 3));
  return `${(value / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}

/** `340 us`, `12 ms`, `3.4 s` */
export function milliseconds(value: number): string {
  if (value === 0) return '0 ms';
  if (value < 1) return `${(value * 1000).toFixed(0)} us`;
  return value < 1000 ? `${value.toFixed(value < 10 ? 1 : 0)} ms` : `${number(value / 1000)} s`;
}

/** `12/s` */
export function rate(value: number): string {
  return `${value > 0 && value < 10 ? value.toFixed(1) : number(value)}/s`;
}

const SHORT: Readonly<Record<string, string>> = { Informational: 'Info' };
const CLASSES: Readonly<Record<string, string>> = {
  ...{ Emergency: 'severe', Alert: 'severe', Critical: 'severe', Error: 'error', Warning: 'warning', Notice: 'notice' },
};

/** One of severe, error, warning, notice and info. */
export function priorityClass(priority: string): string {
  return CLASSES[priority] ?? 'info';
}

/** A priority, shown by colour, by the form of its mark, and by its name. */
export function Priority({ name }: { readonly name: string }): VNode {
  return (
    <span class={`priority ${priorityClass(name)}`}>
      <span class="mark" aria-hidden="true" />
      {SHORT[name] ?? name}
    </span>
  );
}

/** A message in the place of what is not there. */
export function Note({
  children,
  role,
}: {
  readonly children: preact.ComponentChildren;
  readonly role?: 'status' | 'alert';
}): VNode {
  return (
    <p class="note" {...(role && { role })}>
      {children}
    </p>
  );
}
