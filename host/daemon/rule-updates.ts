// Keeps a running agent's rules up to date with the files they come from.

import type { Agent } from '../agent/agent.ts';
import type { RuleModule } from '../agent/modules/rule-module.ts';
import type { ResponseSet } from '../agent/responses/response-set.ts';
import type { LogLevel } from '../diagnostics/log.ts';
import { count } from '../diagnostics/numbers.ts';
import type { Terminal } from '../diagnostics/terminal.ts';
import type { AlertExtras } from '../outputs/additions.ts';
import { PathWatch } from './hot-reload/path-watch.ts';
import { type ReloadResult, RuleReloader } from './hot-reload/reloader.ts';
import { readSnapshot } from './rule-source.ts';
import type { RunSettings } from './settings.ts';

export interface RuleUpdateOptions {
  readonly agent: Agent;
  /** Settings that the agent was started with. */
  readonly settings: RunSettings;
  /** Hash of the rules that it was started with. */
  readonly inUse: string;
  /** Reads the settings again: the configuration may name other rules by now. */
  readonly again: (terminal: Terminal) => Promise<RunSettings>;
  /** Called with the settings each time they were read, changed or not. */
  readonly onSettings?: (settings: RunSettings) => Promise<void>;
  /** What is added to alerts, by the last settings. */
  readonly extras: () => Promise<AlertExtras>;
  /** What is done about the alerts of these modules, by the last settings. Rejects if that can't be used. */
  readonly responses: (modules: readonly RuleModule[]) => Promise<ResponseSet>;
  /** Called when a reload begins. */
  readonly onReload?: (result: Promise<ReloadResult>) => void;
  /** Logs a message of one or more lines. */
  readonly say: (level: LogLevel, message: string) => void;
}

export interface RuleUpdates {
  /** Reloads the rules, changed or not. Never rejects. */
  reload(): Promise<ReloadResult>;
  close(): void;
}

export function startRuleUpdates(options: RuleUpdateOptions): RuleUpdates {
  const { agent, settings, inUse, again, onSettings, extras, responses, onReload, say } = options;
  let watch: PathWatch | undefined;
  const latest = async (terminal: Terminal): Promise<RunSettings> => {
    const now = await again(terminal);
    watch?.setPaths(now.watched);
    await onSettings?.(now);
    return now;
  };
  const reloader = new RuleReloader(inUse, {
    read: () => readSnapshot(latest, (message) => say('warning', message)),
    replace: async (modules) => agent.replaceRules(modules, await extras(), await responses(modules)),
    onReplaced: (modules) => {
      const rules = modules.reduce((sum, module) => sum + module.rules.length, 0);
      const { longestStepMs = 0 } = agent.summary().rules.reloads;
      say(
        'notice',
        `the rules were replaced: ${count(rules, 'rule')} in use; no event waited more than ${longestStepMs.toFixed(1)} ms`,
      );
    },
    onRefused: ({ message, detail, part }) => {
      agent.rulesFailed(message);
      const what =
        part === 'rules'
          ? 'new rules were refused, the previous ones stay in use'
          : 'the changed configuration was refused, the previous one stays in use';
      say('error', `${what}: ${withDetail(message, detail.trimEnd())}`);
    },
    onRestored: () => {
      agent.rulesRestored();
      say('notice', 'the refused change was undone: the rules and the configuration are those in use');
    },
  });
  const reload = (force: boolean): Promise<ReloadResult> => {
    const result = reloader.reload(force);
    onReload?.(result);
    return result;
  };
  if (settings.watch) {
    watch = new PathWatch(settings.watched, {
      onChange: () => void reload(false),
      onTrouble: (message) => say('warning', message),
    });
  }
  return { reload: () => reload(true), close: () => watch?.close() };
}

/** The detail may begin with the message. */
function withDetail(message: string, detail: string): string {
  const [first = ''] = detail.split('\n');
  if (detail === '') return message;
  return message.startsWith(first) ? detail : `${message}\n${detail}`;
}
