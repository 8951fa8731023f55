// Times as Falco prints them. Events carry nanoseconds since the epoch, which pass 2^53: everything is bigint.

/** In nanoseconds. */
export const SECOND = 1_000_000_000n;

/** Nanoseconds in a millisecond. */
export const NANOSECONDS_PER_MS = 1_000_000n;

/** Start times of one process, as its images and two runs of the agent have them, differ by less. */
const SAME_START_NS = 500_000_000n;

/** Whether two start times, in ns since the epoch, of processes with one number are those of one process. */
export function isSameStart(one: bigint, other: bigint): boolean {
  const apart = one - other;
  return apart < SAME_START_NS && apart > -SAME_START_NS;
}

interface Parts {
  readonly date: string;
  readonly clock: string;
  /** Nine digits. */
  readonly fraction: string;
}

const two = (value: number): string => String(value).padStart(2, '0');
const day = (year: number, month: number, date: number): string =>
  `${String(year).padStart(4, '0')}-${two(month + 1)}-${two(date)}`;

/** In the local time zone (TZ, or the machine's). */
function local(nanoseconds: bigint): Parts {
  const at = new Date(Number(nanoseconds / SECOND) * 1000);
  return {
    date: day(at.getFullYear(), at.getMonth(), at.getDate()),
    clock: [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':'),
    fraction: fractionOf(nanoseconds),
  };
}

function utc(nanoseconds: bigint): Parts {
  const at = new Date(Number(nanoseconds / SECOND) * 1000);
  return {
    date: day(at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()),
    clock: [at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()].map(two).join(':'),
    fraction: fractionOf(nanoseconds),
  };
}

function fractionOf(nanoseconds: bigint): string {
  return String(nanoseconds % SECOND).padStart(9, '0');
}

/** evt.time: `16:31:56.746609046`, local. */
export function timeOfDay(nanoseconds: bigint): string {
  const { clock, fraction } = local(nanoseconds);
  return `${clock}.${fraction}`;
}

/** evt.time.s */
export function timeOfDaySeconds(nanoseconds: bigint): string {
  return local(nanoseconds).clock;
}

/** evt.datetime: `2026-11-24 13:53:08.365763965`, local. */
export function dateTime(nanoseconds: bigint): string {
  const { date, clock, fraction } = local(nanoseconds);
  return `${date} ${clock}.${fraction}`;
}

/** evt.datetime.s */
export function dateTimeSeconds(nanoseconds: bigint): string {
  const { date, clock } = local(nanoseconds);
  return `${date} ${clock}`;
}

/** evt.time.iso8601: `2026-11-24T13:53:08.365763965+0000`. */
export function iso8601(nanoseconds: bigint): string {
  const { date, clock, fraction } = utc(nanoseconds);
  return `${date}T${clock}.${fraction}+0000`;
}

/** The `time` of a JSON alert: `2026-11-24T13:53:08.365763965Z`. */
export function jsonTime(nanoseconds: bigint): string {
  const { date, clock, fraction } = utc(nanoseconds);
  return `${date}T${clock}.${fraction}Z`;
}

/** The same of ms since the epoch. */
export function jsonTimeOfMs(milliseconds: number): string {
  return jsonTime(BigInt(milliseconds) * NANOSECONDS_PER_MS);
}
