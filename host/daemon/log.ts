// The log of a run, at the places that the configuration sets.

import { type Log, openLog, withCopy } from '../diagnostics/log.ts';
import { reasonOf } from '../diagnostics/system-reason.ts';
import type { Terminal } from '../diagnostics/terminal.ts';
import { openSyslogLog } from './log-syslog.ts';
import type { RunSettings } from './settings.ts';

const SYSLOG_CLOSE_MS = 500;

export function logOf({ configuration, logLevel: level }: RunSettings, terminal: Terminal): Promise<Log> {
  const { log_format: format, log_stderr } = configuration;
  return openLog({ level, format, write: log_stderr ? (text) => terminal.say(text) : () => {} });
}

/** The log, with a copy in syslog if enabled. Failures of syslog are logged on the log itself. */
export function syslogOf({ configuration }: RunSettings, own: Log): { readonly log: Log } & AsyncDisposable {
  if (!configuration.log_syslog) return { log: own, [Symbol.asyncDispose]: async () => {} };
  const syslog = openSyslogLog(configuration, (error) =>
    own.say('warning', `messages can't be written to syslog: ${reasonOf(error)}`),
  );
  return {
    log: withCopy(own, (level, message) => syslog.write(level, message)),
    [Symbol.asyncDispose]: () => syslog.close(SYSLOG_CLOSE_MS),
  };
}
