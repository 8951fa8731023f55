// The responses of a run: from its configuration, their conditions compiled, and compared with the rules that are loaded.

import { loadRuleModule, type RuleModule } from '../agent/modules/rule-module.ts';
import { kernelResponses } from '../agent/responses/kernel-responses.ts';
import { type ResponseSet, withResponses } from '../agent/responses/response-set.ts';
import { lackOfBpfLsm } from '../capture/bpf-lsm.ts';
import { configDiagnostic, configWarning } from '../config/error.ts';
import { renderDiagnostic, type ShownDiagnostic } from '../diagnostics/diagnostic-text.ts';
import { CommandFailure } from '../diagnostics/failure.ts';
import { misplacedResponses, type SourcedRule } from '../responses/acted-sources.ts';
import { type MatchableRule, unmetParts } from '../responses/rule-match.ts';
import type { Response, ResponseSettings } from '../responses/settings.ts';
import { guarded } from '../responses/unless.ts';
import { DEFAULT_SOURCE, type EventSource } from '../schema/event-source.ts';
import { MODULE_CACHE } from '../setup/paths.mjs';
import type { RunSettings } from './settings.ts';

/** Name of the module of the responses' conditions, in messages: "the rules of ... are no longer evaluated". */
const GUARD_NAME = 'responses (unless)';

/** Rejects with CommandFailure for conditions that can't be compiled. */
export async function loadResponses(
  settings: Pick<RunSettings, 'configuration' | 'origins' | 'sources'>,
): Promise<ResponseSet> {
  // Loaded only now, and the compiler only for conditions: most configurations have no responses.
  const { readResponses } = await import('../config/responses.ts');
  const { settings: responses } = readResponses(settings.configuration, settings.origins);
  const guard = await compileGuards(responses, 'syscall');
  const auditGuard = settings.sources.includes('k8s_audit') ? await compileGuards(responses, 'k8s_audit') : undefined;
  return { settings: responses, ...(guard && { guard }), ...(auditGuard && { auditGuard }) };
}

async function compileGuards({ responses }: ResponseSettings, source: EventSource): Promise<RuleModule | undefined> {
  if (guarded(responses, source).length === 0) return undefined;
  const [{ guardRules }, { compileModule }] = await Promise.all([
    import('../responses/guard-rules.ts'),
    import('../compiler/compile.ts'),
  ]);
  const rules = guardRules(responses, source);
  const { wasm, diagnostics } = await compileModule(rules, { cacheDirectory: MODULE_CACHE });
  const error = diagnostics.find(({ severity }) => severity === 'error');
  if (!error) return loadRuleModule(GUARD_NAME, wasm, [source]);
  const message = `\`unless\` of response ${rules[error.rule]?.name} can't be compiled: ${error.message}`;
  throw new CommandFailure(message, 'write a smaller condition');
}

/** Parts of responses that are for none of the rules, each with its place and what was probably meant. */
export function unmetDiagnostics(
  responses: readonly Response[],
  rules: readonly MatchableRule[],
  origins: RunSettings['origins'],
): ShownDiagnostic[] {
  return unmetParts(responses, rules).flatMap(({ response, key, message, help }) => {
    const path = `responses.actions[${response}]`;
    const origin = origins.get(`${path}.${key}`) ?? origins.get(path);
    return origin ? [configWarning('RESPONSE_UNMATCHED', message, origin, { help })] : [];
  });
}

/** Responses that are for rules and can act on none of them, because of the source of these. */
export function misplacedDiagnostics(
  responses: readonly Response[],
  rules: readonly SourcedRule[],
  origins: RunSettings['origins'],
): ShownDiagnostic[] {
  return misplacedResponses(responses, rules).flatMap(({ response, key, message, help }) => {
    const path = `responses.actions[${response}]`;
    const origin = origins.get(`${path}.${key}`) ?? origins.get(path);
    return origin ? [configDiagnostic('RESPONSE_SOURCE', message, origin, { help })] : [];
  });
}

/**
 * Rejects responses that can act on none of their rules. An agent without system calls may have a configuration that others share, and is but warned.
 * @throws {CommandFailure}
 */
export function refuseMisplaced(
  { settings }: ResponseSet,
  modules: readonly RuleModule[],
  { origins, sources }: Pick<RunSettings, 'origins' | 'sources'>,
  warn: (message: string) => void,
): void {
  const rules = modules.flatMap((module) => module.rules);
  const diagnostics = misplacedDiagnostics(settings.responses, rules, origins);
  if (diagnostics.length === 0) return;
  const isShared = !sources.includes(DEFAULT_SOURCE);
  if (!isShared)
    throw new CommandFailure(diagnostics.map((each) => renderDiagnostic(each)).join('\n\n'), MISPLACED_HELP);
  for (const diagnostic of diagnostics) warn(renderDiagnostic({ ...diagnostic, severity: 'warning' }));
}

const MISPLACED_HELP = 'see "Audit events" in host/responses/README.md';

/** Rejects responses that the kernel can't carry out for these rules. @throws {CommandFailure} */
export function refuseUnenforceable(set: ResponseSet, modules: readonly RuleModule[]): void {
  if (!set.settings.responses.some(({ where }) => where === 'kernel')) return;
  const { problems } = kernelResponses(
    modules.map((module) => withResponses(module, set)),
    set.settings,
    lackOfBpfLsm,
  );
  if (problems.length === 0) return;
  throw new CommandFailure(problems.join('\n'), 'name other rules in its match, or leave out where: kernel');
}

/** Logs them. */
export function warnOfUnmet(
  { settings }: ResponseSet,
  modules: readonly RuleModule[],
  origins: RunSettings['origins'],
  warn: (message: string) => void,
): void {
  const rules = modules.flatMap((module) => module.rules);
  for (const diagnostic of unmetDiagnostics(settings.responses, rules, origins)) warn(renderDiagnostic(diagnostic));
}
