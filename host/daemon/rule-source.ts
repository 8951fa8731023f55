// The source of a run's rules, read again at each call: modules, rule files, and a configuration that names them.

import type { RuleModule } from '../agent/modules/rule-module.ts';
import { contentHash } from '../compiler/ir/content-hash.ts';
import { CommandFailure, describeFailure } from '../diagnostics/failure.ts';
import { SILENT, type Terminal } from '../diagnostics/terminal.ts';
import { DEFAULT_SOURCE, type EventSource } from '../schema/event-source.ts';
import { type RuleSnapshot, RulesRefused } from './hot-reload/reloader.ts';
import { admitRuleModule, compileRules, type Loading } from './rules/compile.ts';
import { readModuleFile } from './rules/module-file.ts';
import { moduleFiles, readRuleFiles } from './rules/rule-files.ts';
import type { RuleSelection } from './rules/rule-selection.ts';
import type { RunSettings } from './settings.ts';

/** Rules as they were when they were read. */
export interface RunRules {
  /** Hash of everything that decides the compiled result. */
  readonly hash: string;
  /** In the order of evaluation. @throws {CommandFailure | SandboxError | RuleModuleError | SignatureError} */
  load(loading: Loading): Promise<readonly RuleModule[]>;
}

/**
 * @param onUnreadable called with the reason why a rule file can't be read, which is left out then
 * @throws {CommandFailure} for what can't be read
 */
export function readRunRules(
  { modules, signatures, ruleFiles, selection, configuration, sources }: RunSettings,
  onUnreadable?: (failure: CommandFailure) => void,
): RunRules {
  const compiled = moduleFiles(modules).map((path) => ({ path, bytes: readModuleFile(path) }));
  const isCompiled = compiled.length > 0 && ruleFiles.length === 0;
  const files = isCompiled ? [] : readRuleFiles(ruleFiles, onUnreadable);
  const hash = contentHash([
    ...compiled.flatMap(({ path, bytes }) => [path, Buffer.from(bytes).toString('latin1')]),
    ...files.flatMap(({ name, text }) => [name, text]),
    JSON.stringify(selection),
    signatures.mode,
    ...signatures.keys.map(({ id }) => id),
    JSON.stringify([configuration.append_output, configuration.static_fields, configuration.responses], (_, value) =>
      value instanceof Map ? [...value] : value,
    ),
  ]);
  return {
    hash,
    load: async (loading) => {
      const loaded = compiled.map(({ path, bytes }) => admitRuleModule(path, bytes, signatures, loading.warn, sources));
      if (isCompiled) return loaded;
      const name = ruleFiles.length === 0 ? 'rules' : ruleFiles.join(', ');
      // One after the other: a compiler takes a processor and much memory.
      for (const source of sources) loaded.push(await compileRules(name, files, ofSource(selection, source), loading));
      return loaded;
    },
  };
}

/** The selection for a source. For system calls it names none: so modules that were compiled before stay in the cache. */
function ofSource(selection: RuleSelection, source: EventSource): RuleSelection {
  return source === DEFAULT_SOURCE ? selection : { ...selection, source };
}

/** Reads the rules for a running agent: errors reject with RulesRefused, remarks on valid rules go to `warn`. */
export async function readSnapshot(
  settings: (terminal: Terminal) => Promise<RunSettings>,
  warn: (message: string) => void,
): Promise<RuleSnapshot> {
  const now = await silently(settings, 'configuration');
  const rules = await silently(async () => readRunRules(now));
  return {
    hash: rules.hash,
    load: () => silently((terminal) => rules.load({ terminal, warn, progress: false, inBackground: true })),
  };
}

/** Runs `work` with a terminal that shows nothing. Rejects with RulesRefused, which has the printed text. */
export async function silently<Result>(
  work: (terminal: Terminal) => Promise<Result>,
  part: RulesRefused['part'] = 'rules',
): Promise<Result> {
  const { terminal, said } = silentTerminal();
  try {
    return await work(terminal);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const detail = said();
    const help = detail === '' ? describeFailure(error)?.help : undefined;
    throw new RulesRefused(refusalOf(error, detail), help === undefined ? detail : `  ${help}\n`, part);
  }
}

/** The first error and its place, as one line. */
function refusalOf(error: Error, detail: string): string {
  const [first] = detail.split('\n');
  const place = /^ *--> (.*)$/m.exec(detail)?.[1];
  if (error instanceof CommandFailure && first && place) return `${first} (${place})`;
  return describeFailure(error)?.message ?? error.message;
}

function silentTerminal(): { terminal: Terminal; said: () => string } {
  let text = '';
  const terminal: Terminal = {
    ...SILENT,
    say: (more) => {
      text += more;
    },
  };
  return { terminal, said: () => text };
}
