// Keeps a running agent's rules up to date with the files they come from.

import type { Agent } from '../agent/agent.ts';
import { PathWatch } from '../rules-watch/path-watch.ts';
import { type ReloadResult, RuleReloader } from '../rules-watch/reloader.ts';
import type { RunSettings } from './run-settings.ts';
import { readSnapshot } from './run-source.ts';
import { count } from './summary.ts';

export interface RuleWatchOptions {
  readonly agent: Agent;
  /** As the agent was started with. */
  readonly settings: RunSettings;
  /** Hash of the rules that it was started with. */
  readonly inUse: string;
  /** The settings anew: a configuration may name other rules by now. */
  readonly again: () => Promise<RunSettings>;
  /** Told the settings whenever they were read anew, changed or not. */
  readonly onSettings?: (settings: RunSettings) => void;
  /** Takes a message of one or more lines. */
  readonly say: (message: string) => void;
}

export interface RuleWatch {
  /** Brings the rules as they are now into use, changed or not. Never rejects. */
  reload(): Promise<ReloadResult>;
  close(): void;
}

export function watchRules({ agent, settings, inUse, again, onSettings, say }: RuleWatchOptions): RuleWatch {
  let watch: PathWatch | undefined;
  const latest = async (): Promise<RunSettings> => {
    const now = await again();
    watch?.setPaths(now.watched);
    onSettings?.(now);
    return now;
  };
  const reloader = new RuleReloader(inUse, {
    read: () => readSnapshot(latest),
    replace: (modules) => agent.replaceRules(modules),
    onReplaced: (modules) => {
      const rules = modules.reduce((sum, module) => sum + module.rules.length, 0);
      const { longestStepMs = 0 } = agent.summary().rules.reloads;
      say(
        `the rules were replaced: ${count(rules, 'rule')} now; no event waited more than ${longestStepMs.toFixed(1)} ms`,
      );
    },
    onRefused: ({ message, detail }) => {
      agent.rulesFailed(message);
      say(`new rules can't be used, those before stay: ${message}${detail === '' ? '' : `\n${detail.trimEnd()}`}`);
    },
  });
  if (settings.watch) {
    watch = new PathWatch(settings.watched, { onChange: () => void reloader.reload(), onTrouble: say });
  }
  return { reload: () => reloader.reload(true), close: () => watch?.close() };
}
