// What a reader of activity should know of the record: where it has nothing.

import { escapeText } from '../../diagnostics/escape.ts';
import { count } from '../../diagnostics/numbers.ts';
import { dateTimeSeconds, NANOSECONDS_PER_MS } from '../../fields/time.ts';
import type { Note } from './read-activity.ts';

/** @param safe what makes texts harmless where the note is shown */
export function noteText(note: Note, safe: (text: string) => string = escapeText): string {
  switch (note.kind) {
    case 'begins':
      return `the record of ${safe(note.host)} begins at ${at(note.at)}: earlier activity is unknown`;
    case 'gap':
      return note.to === undefined
        ? `nothing was recorded on ${safe(note.host)} since ${at(note.from)}`
        : `nothing was recorded on ${safe(note.host)} from ${at(note.from)} to ${at(note.to)}`;
    case 'lost':
      return `lost between ${at(note.from)} and ${at(note.to)}: ${count(note.events, 'event')}`;
    case 'damaged': {
      const lost = note.events === undefined ? '' : `; lost: ${count(note.events, 'event')}`;
      return `${safe(note.path)} is damaged: ${safe(note.reason)}${lost}`;
    }
    case 'removed':
      return `${safe(note.path)} was removed while the record was read`;
    case 'missing-types':
      return note.what === 'files' ? 'files that were written were not recorded' : 'connections were not recorded';
  }
}

function at(milliseconds: number): string {
  return dateTimeSeconds(BigInt(Math.round(milliseconds)) * NANOSECONDS_PER_MS);
}
