// Follows a configuration that changes while the agent runs: applies what can be applied, and logs the effect of each changed key.

import { type ConfigChange, changesBetween } from '../config/changes.ts';
import { type Effect, effectOf } from '../config/effect.ts';
import { LOG_LEVELS, type Log, type LogLevel } from '../diagnostics/log.ts';
import type { Terminal } from '../diagnostics/terminal.ts';
import { renderUnused } from './configuration.ts';
import { spooledOutputs } from './make-outputs.ts';
import type { RunSettings } from './settings.ts';

export interface SettingsUpdateOptions {
  /** Settings that the agent was started with. */
  readonly settings: RunSettings;
  readonly log: Log;
  /** Replaces the outputs of these names; rejects with CommandFailure, and the previous ones stay. */
  readonly replaceOutputs: (settings: RunSettings, names: ReadonlySet<string>) => Promise<void>;
  /** Applies what has changed of the journal; rejects if that can't be captured. */
  readonly setJournal: (settings: RunSettings) => Promise<void>;
  /** Called when outputs could not be replaced, and when they were. */
  readonly onFailed: (message: string) => void;
  readonly onMended: () => void;
  /** For the width of messages. */
  readonly terminal: Terminal;
}

export class SettingsUpdates {
  readonly #options: SettingsUpdateOptions;
  readonly #log: Log;
  /** These stay unchanged until the next start. */
  readonly #spooled: ReadonlySet<string>;
  #last: RunSettings;
  /** Outputs that could not be replaced. */
  #failed: ReadonlySet<string> = new Set();
  #failure = '';
  #underWay: Promise<void> = Promise.resolve();

  constructor(options: SettingsUpdateOptions) {
    this.#options = options;
    this.#last = options.settings;
    this.#log = options.log;
    this.#spooled = spooledOutputs(options.settings.configuration);
  }

  /** The settings as they were read last. */
  get settings(): RunSettings {
    return this.#last;
  }

  /** Takes the settings as they are now, changed or not. Resolves when they are applied; never rejects. */
  take(now: RunSettings): Promise<void> {
    const before = this.#last;
    this.#last = now;
    // A more verbose level applies before these messages, a less verbose one after them.
    if (isMore(now.logLevel, before.logLevel)) this.#log.level = now.logLevel;
    const outputs = new Set(this.#failed);
    let journal = false;
    for (const change of changesBetween(before, now)) {
      const effect = effectOf(change.path);
      this.#report(
        change,
        now.overridden.has(change.path) ? 'overridden by the command line' : this.#result(effect),
        effect,
      );
      if (change.path.startsWith('journal')) journal = true;
      if (typeof effect === 'object') for (const name of effect) if (!this.#spooled.has(name)) outputs.add(name);
    }
    // A level set over the control socket stays until the configuration changes.
    if (now.logLevel !== before.logLevel) this.#log.level = now.logLevel;
    this.#reportUnused(before, now);
    if (journal) this.#underWay = this.#underWay.then(() => this.#setJournal(now));
    if (outputs.size > 0) this.#underWay = this.#underWay.then(() => this.#replaceOutputs(now, outputs));
    return this.#underWay;
  }

  async #setJournal(settings: RunSettings): Promise<void> {
    try {
      await this.#options.setJournal(settings);
    } catch (error) {
      this.#log.say('error', `the journal was not changed: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  async #replaceOutputs(settings: RunSettings, names: ReadonlySet<string>): Promise<void> {
    try {
      await this.#options.replaceOutputs(settings, names);
      if (this.#failure !== '') {
        this.#log.say('notice', 'the outputs match the configuration now');
        this.#options.onMended();
      }
      this.#failed = new Set();
      this.#failure = '';
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#failed = names;
      const message = `the outputs were not changed: ${reason}`;
      if (reason !== this.#failure) {
        this.#log.say('error', message);
        this.#options.onFailed(message);
      }
      this.#failure = reason;
    }
  }

  #report({ path, from, to, source }: ConfigChange, result: string, effect: Effect): void {
    const what = from === to ? `${path} has changed` : `${path}: ${from} -> ${to}`;
    this.#log.say(effect === 'start' ? 'warning' : 'notice', `${what} (${source}): ${result}`, { key: path });
  }

  #result(effect: Effect): string {
    switch (effect) {
      case 'rules':
        return 'applies with the rules, which are being reloaded';
      case 'now':
        return 'applies now';
      case 'start':
        return 'applies from the next start';
      default: {
        const late = effect.filter((name) => this.#spooled.has(name));
        if (late.length === 0) return 'applies now';
        const names = late.join(', ');
        return late.length === effect.length
          ? `applies from the next start, because ${names} keeps alerts on disk`
          : `applies now; to ${names}, which keep alerts on disk, from the next start`;
      }
    }
  }

  #reportUnused(before: RunSettings, now: RunSettings): void {
    const known = new Set(before.unused.map(({ path }) => path));
    const added = now.unused.filter(({ path }) => !known.has(path));
    if (added.length > 0) this.#log.say('notice', renderUnused(added, this.#options.terminal));
  }
}

function isMore(one: LogLevel, other: LogLevel): boolean {
  return LOG_LEVELS.indexOf(one) > LOG_LEVELS.indexOf(other);
}
