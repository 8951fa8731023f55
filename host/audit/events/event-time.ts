// The time of an audit event: its stageTimestamp, RFC 3339.

import { NANOSECONDS_PER_MS } from '../../fields/time.ts';

const TIMESTAMP = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))$/;
const MS_PER_MINUTE = 60_000;
const MOST_NANOSECONDS = 2n ** 63n;

/** In ns since 1970; undefined for another text, an invalid moment, and one that the number can't hold. */
export function timestampOf(text: string): bigint | undefined {
  const match = TIMESTAMP.exec(text);
  if (!match) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  const [, , , , , , , fraction = '', sign, hours = 0, minutes = 0] = match;
  const moment = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  if (year < 100) moment.setUTCFullYear(year);
  const isDate = moment.getUTCMonth() === month - 1 && moment.getUTCDate() === day;
  if (!isDate || hour > 23 || minute > 59 || second > 59) return undefined;
  const offset = (Number(hours) * 60 + Number(minutes)) * MS_PER_MINUTE * (sign === '-' ? -1 : 1);
  const nanoseconds = BigInt(moment.getTime() - offset) * NANOSECONDS_PER_MS + BigInt(fraction.padEnd(9, '0'));
  return nanoseconds < 0n || nanoseconds >= MOST_NANOSECONDS ? undefined : nanoseconds;
}

/** The zero time of Go, which stands for an unknown one. */
export function isZeroTime(text: string): boolean {
  return text.startsWith('0001-01-01T00:00:00');
}
