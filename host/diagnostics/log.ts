// The agent's own messages: lines for people, or JSON by pino for log collectors. Events are only reported by
// alerts; messages contain no event data.

/** Falco's names, most severe first. */
export const LOG_LEVELS = ['emergency', 'alert', 'critical', 'error', 'warning', 'notice', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LogOptions {
  /** Less severe messages are dropped. */
  readonly level: LogLevel;
  readonly format: 'text' | 'json';
  /** Called with complete lines. */
  readonly write: (text: string) => void;
}

export interface Log {
  readonly format: 'text' | 'json';
  /** Can be changed at run time. */
  level: LogLevel;
  /** @param details additional data, only in JSON */
  say(level: LogLevel, message: string, details?: Readonly<Record<string, unknown>>): void;
}

export async function openLog({ level, format, write }: LogOptions): Promise<Log> {
  return format === 'text' ? textLog(level, write) : await jsonLog(level, write);
}

/** The log, with a further destination. */
export function withCopy(log: Log, copy: (level: LogLevel, message: string) => void): Log {
  return {
    format: log.format,
    get level() {
      return log.level;
    },
    set level(other) {
      log.level = other;
    },
    say(own, message, details) {
      log.say(own, message, details);
      if (passes(own, log.level)) copy(own, message);
    },
  };
}

function passes(own: LogLevel, least: LogLevel): boolean {
  return LOG_LEVELS.indexOf(own) <= LOG_LEVELS.indexOf(least);
}

function textLog(first: LogLevel, write: (text: string) => void): Log {
  let level = first;
  return {
    format: 'text',
    get level() {
      return level;
    },
    set level(other) {
      level = other;
    },
    say(own, message) {
      if (passes(own, level)) write(`wasprey: ${message}\n`);
    },
  };
}

/** pino's numbers rise with severity. */
const numbers = Object.fromEntries(LOG_LEVELS.map((name, index) => [name, (LOG_LEVELS.length - index) * 10]));

async function jsonLog(first: LogLevel, write: (text: string) => void): Promise<Log> {
  // Loaded only where it is used.
  const { pino } = await import('pino');
  const logger = pino(
    {
      level: first,
      customLevels: numbers,
      useOnlyCustomLevels: true,
      messageKey: 'message',
      base: { program: 'wasprey', pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write },
  );
  let level = first;
  return {
    format: 'json',
    get level() {
      return level;
    },
    set level(other) {
      level = other;
      logger.level = other;
    },
    say(own, message, details = {}) {
      logger[own]?.(details, message);
    },
  };
}
