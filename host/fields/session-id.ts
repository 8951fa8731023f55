// The id of a session, the same in alerts and in the record of the journal.

import { createHash } from 'node:crypto';
import { SECOND } from './time.ts';

const LENGTH = 8;

/** @param host name of the machine @param root what names its beginning on that */
export function sessionId(host: string, root: string): string {
  return createHash('sha256').update(`${host} ${root}`).digest('hex').slice(0, LENGTH);
}

/** Id of the process that a session began with. @param start when it was forked, in ns since the epoch */
export function rootProcess(pid: number, start: bigint): string {
  return `${pid} ${start / SECOND}`;
}
