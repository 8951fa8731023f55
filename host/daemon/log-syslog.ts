// The agent's own messages to syslog (log_syslog): where and under which name syslog_output says, whether that is on or not.

import { hostname } from 'node:os';
import type { Configuration } from '../config/definition.ts';
import { escapeText } from '../diagnostics/escape.ts';
import { LOG_LEVELS, type LogLevel } from '../diagnostics/log.ts';
import { NANOSECONDS_PER_MS } from '../fields/time.ts';
import { syslogForm } from '../outputs/kinds/syslog.ts';
import { syslogMessage } from '../outputs/syslog/message.ts';
import { SyslogSender } from '../outputs/syslog/sender.ts';
import { PRIORITIES } from '../schema/priority.ts';

export interface SyslogLog {
  /** Never blocks. A message of several lines becomes as many messages. */
  write(level: LogLevel, message: string): void;
  close(timeoutMs: number): Promise<void>;
}

/** @param onError called with the first of consecutive errors; messages without room in the queue are lost */
export function openSyslogLog(
  { syslog_output }: Configuration,
  onError: (error: NodeJS.ErrnoException) => void,
): SyslogLog {
  const { place, ...form } = syslogForm(syslog_output);
  const sender = new SyslogSender(place, { onError });
  return {
    write(level, message) {
      // The levels are Falco's priorities, under shorter names.
      const priority = PRIORITIES[LOG_LEVELS.indexOf(level)] ?? 'Notice';
      const head = { priority, time: BigInt(Date.now()) * NANOSECONDS_PER_MS, hostname: hostname() };
      for (const line of message.split('\n')) {
        if (line.trim() !== '') sender.push(syslogMessage(head, escapeText(line), form));
      }
    },
    close: (timeoutMs) => sender.close(timeoutMs),
  };
}
