// What `wasprey generate --verify` verifies by: the rules that are evaluated, and the source of their alerts.

import { prepareRules } from '../../daemon/rules/compile.ts';
import { readRuleFiles } from '../../daemon/rules/rule-files.ts';
import { selectionOf } from '../../daemon/rules/rule-selection.ts';
import { UsageError } from '../../diagnostics/arguments.ts';
import { CommandFailure } from '../../diagnostics/failure.ts';
import { count } from '../../diagnostics/numbers.ts';
import { reasonOf } from '../../diagnostics/system-reason.ts';
import type { Terminal } from '../../diagnostics/terminal.ts';
import { type AlertSource, followAlerts, listenForAlerts, ownAgent } from '../../generate/alert-source.ts';
import { AlertWatch } from '../../generate/alert-watch.ts';
import type { Verification } from '../../generate/session.ts';
import { prepare } from '../../setup/prepare.mjs';
import { DEFAULT_TIMEOUT_S, type GenerateOptions } from './options.ts';
import type { Tally } from './report.ts';

export interface OpenVerification extends Verification {
  /** Prints possible reasons for missing alerts, and that nothing was verified. */
  complain(results: Tally): void;
  close(): Promise<void>;
}

/** Of 89 actions on Falco's rules and ours, an agent with its default settings reports another rule for 14. */
const FIRST_ALONE =
  'an agent reports only the first rule that matches an event, unless its rule_matching is all: then every rule can be verified';

/** @throws {UsageError | CommandFailure | EngineError} */
export async function openVerification(options: GenerateOptions, terminal: Terminal): Promise<OpenVerification> {
  const watch = new AlertWatch();
  const say = (message: string): void => terminal.say(`wasprey: ${message}\n`);
  const { rules, source } = await openSource(options, watch, terminal, say);
  return {
    watch,
    rules,
    timeoutMs: (options.timeout ?? DEFAULT_TIMEOUT_S) * 1000,
    complain(results) {
      if (results.count('verified') === 0) say('nothing was verified');
      if (source.failure !== undefined) say(`no more alerts come: ${source.failure}`);
      if (results.count('missing') === 0) return;
      if (source.unreadable > 0) say(`${source.unreadable} lines were not alerts in JSON: does the agent write JSON?`);
      if (options.alerts !== undefined || options.listen !== undefined) say(FIRST_ALONE);
    },
    close: () => source.close(),
  };
}

async function openSource(
  options: GenerateOptions,
  watch: AlertWatch,
  terminal: Terminal,
  say: (message: string) => void,
): Promise<{ rules: ReadonlySet<string>; source: AlertSource }> {
  const paths = (options.rules ?? []).map(({ text }) => text);
  const selection = selectionOf(options);
  if (options.alerts === undefined && options.listen === undefined) {
    await prepare('capture');
    const module = await prepareRules(paths, terminal, selection);
    const source = await ownAgent(module, watch, say);
    say(`verifying by an agent with ${count(module.rules.length, 'rule')}`);
    return { rules: new Set(module.rules.map(({ name }) => name)), source };
  }
  const { loadRuleSet } = await import('../../daemon/rules/load-rule-set.ts');
  const { active } = loadRuleSet(readRuleFiles(paths), terminal, false, selection);
  const rules = new Set(active.map(({ name }) => name));
  if (options.alerts !== undefined) return { rules, source: follow(options.alerts, watch) };
  const { host, port } = parseAddress(options.listen ?? '');
  const source = await listenForAlerts(host, port, watch).catch((error: unknown) => {
    throw new CommandFailure(`can't listen at ${options.listen}: ${reasonOf(error)}`);
  });
  say(`listening at ${host}:${source.port}`);
  return { rules, source };
}

function follow(path: string, watch: AlertWatch): AlertSource {
  try {
    return followAlerts(path, watch);
  } catch (error) {
    throw new CommandFailure(
      `can't read ${path}: ${reasonOf(error)}`,
      'it is the file that the agent writes its alerts to',
    );
  }
}

/** @throws {UsageError} */
function parseAddress(text: string): { host: string; port: number } {
  const [, bracketed, plain, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([^[\]:]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || Number(port) > 65_535) {
    throw new UsageError(`--listen can't be '${text}'`, 'it is an address and a port: 127.0.0.1:2801 or [::1]:2801');
  }
  return { host, port: Number(port) };
}
