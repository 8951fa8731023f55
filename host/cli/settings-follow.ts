// Follows a configuration that changes while the agent runs: applies what can be applied, and tells of every changed key what becomes of it.

import { changesBetween } from '../config/changes.ts';
import { LOG_LEVELS, type Log, type LogLevel } from '../log/log.ts';
import { renderUnused } from './configuration.ts';
import type { RunSettings } from './run-settings.ts';
import { type Effect, effectOf } from './settings-effect.ts';
import type { Terminal } from './terminal.ts';

export class SettingsFollower {
  readonly #log: Log;
  readonly #terminal: Terminal;
  #last: RunSettings;

  /** @param settings as the agent was started with */
  constructor(settings: RunSettings, log: Log, terminal: Terminal) {
    this.#last = settings;
    this.#log = log;
    this.#terminal = terminal;
  }

  /** As they were read last. */
  get settings(): RunSettings {
    return this.#last;
  }

  /** Takes the settings as they are now, changed or not. */
  take(now: RunSettings): void {
    const before = this.#last;
    this.#last = now;
    // Whoever wants to hear more hears of this too; whoever wants to hear less hears of it for the last time.
    if (isMore(now.logLevel, before.logLevel)) this.#log.level = now.logLevel;
    for (const { path, from, to, source } of changesBetween(before, now)) {
      const effect = effectOf(path);
      const what = from === to ? `${path} has changed` : `${path}: ${from} -> ${to}`;
      const result = now.overridden.has(path) ? 'the command line says otherwise' : RESULTS[effect];
      this.#log.say(effect === 'start' ? 'warning' : 'notice', `${what} (${source}): ${result}`, { key: path, effect });
    }
    // What was set over the control socket stays as long as the configuration says the same.
    if (now.logLevel !== before.logLevel) this.#log.level = now.logLevel;
    this.#tellUnused(before, now);
  }

  #tellUnused(before: RunSettings, now: RunSettings): void {
    const known = new Set(before.unused.map(({ path }) => path));
    const added = now.unused.filter(({ path }) => !known.has(path));
    if (added.length > 0) this.#log.say('notice', renderUnused(added, this.#terminal));
  }
}

const RESULTS: Readonly<Record<Effect, string>> = {
  rules: 'applies with the rules, which are read anew',
  outputs: 'applies now',
  now: 'applies now',
  start: 'applies from the next start',
};

function isMore(one: LogLevel, other: LogLevel): boolean {
  return LOG_LEVELS.indexOf(one) > LOG_LEVELS.indexOf(other);
}
