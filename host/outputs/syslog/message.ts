// Alerts as syslog messages: RFC 5424, and the format of syslog(3), which is that of RFC 3164.

import { jsonTime, timeOfDaySeconds } from '../../fields/time.ts';
import { PRIORITIES } from '../../schema/priority.ts';
import type { Alert } from '../alert.ts';
import { type Facility, facilityNumber } from './facilities.ts';

export type SyslogFormat = 'rfc5424' | 'rfc3164';

export interface MessageOptions {
  readonly format: SyslogFormat;
  readonly facility: Facility;
  /** The program's name, without blanks. */
  readonly ident: string;
}

/** The parts of a message's header. */
export type SyslogHead = Pick<Alert, 'time' | 'priority' | 'hostname'>;

/** @param line the alert as text or JSON, without line ends */
export function syslogMessage(alert: SyslogHead, line: string, { format, facility, ident }: MessageOptions): Buffer {
  // Falco's priorities are those of syslog, most severe first.
  const priority = facilityNumber(facility) * 8 + PRIORITIES.indexOf(alert.priority);
  const head =
    format === 'rfc5424'
      ? `<${priority}>1 ${timestamp(alert.time)} ${printable(alert.hostname)} ${ident} ${process.pid} - - `
      : `<${priority}>${localTime(alert.time)} ${ident}[${process.pid}]: `;
  return Buffer.from(head + line);
}

/** RFC 5424 allows microseconds at most. */
function timestamp(nanoseconds: bigint): string {
  return jsonTime(nanoseconds).replace(/(\.\d{6})\d*Z$/, '$1Z');
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `Nov  4 13:53:08`, local. */
function localTime(nanoseconds: bigint): string {
  const at = new Date(Number(nanoseconds / 1_000_000n));
  return `${MONTHS[at.getMonth()]} ${String(at.getDate()).padStart(2)} ${timeOfDaySeconds(nanoseconds)}`;
}

/** A header value with only its printable ASCII characters; `-` if none are left. */
function printable(text: string): string {
  return text.replace(/[^\x21-\x7e]/g, '').slice(0, 255) || '-';
}
