// Evaluates a rule that was typed on a capture: compiled by the compiler's own process, within bounds, and run by the same sandbox as any rule.

import type { RuleModule } from '../../../agent/modules/rule-module.ts';
import { triedRules } from '../../../agent/rules/tried-modules.ts';
import { deedText } from '../../../captures/report/command-line.ts';
import { deedOf } from '../../../captures/report/deeds.ts';
import { type LoadResult, loadRules } from '../../../compiler/rules/load.ts';
import { CommandFailure } from '../../../diagnostics/failure.ts';
import { evaluateHistory } from '../../../journal/backtest/evaluate.ts';
import { type OriginatedMatch, Origins } from '../../../journal/backtest/origin.ts';
import { laneRules } from '../../../journal/backtest/tried-rules.ts';
import { EventView } from '../../../journal/event-views.ts';
import { findHistory } from '../../../journal/history.ts';
import { maskRecorded } from '../../../journal/secrets/mask-recorded.ts';
import { SecretMask } from '../../../journal/secrets/mask-secrets.ts';
import { isOfSshPeer } from '../../../schema/fields/session.ts';
import { loadOptions } from '../../rules/load-rule-set.ts';
import { readRuleFiles } from '../../rules/rule-files.ts';
import { compileTrial, FILES_HAVE_ERRORS } from '../trial/compile-trial.ts';
import type { TriedMatch, TriedOnCapture } from './messages.ts';
import { TYPED, typedDiagnostic, typedRule } from './typed-rule.ts';

const MOST_MATCHES = 2_000;
const MOST_DIAGNOSTICS = 20;
const LONGEST_TEXT = 500;
const NO_SESSIONS = 'A capture does not have whose exec session it is: k8s.user and k8s.session are absent.';
const MASKED = 'Rules see secrets on command lines and in variables as asterisks, on this page.';
const NO_PEERS =
  'A capture does not have where a session by ssh came from: session.source, session.ip and session.net are absent.';

export interface TryQuestion {
  readonly kind: 'try-rule';
  readonly path: string;
  /** What was typed. */
  readonly text: string;
  /** Rule files whose lists and macros it may use. Undefined: none. */
  readonly files: readonly string[] | undefined;
  readonly statics: Readonly<Record<string, string>>;
  readonly secretNames: readonly string[];
}

/** Throws CommandFailure, RecordingError and the errors of open(). */
export async function tryRule({ path, text, files, statics, secretNames }: TryQuestion): Promise<TriedOnCapture> {
  const { file, isCondition } = typedRule(text);
  const all = [...(files ? readRuleFiles(files) : []), file];
  const loaded = loadRules(all, { ...loadOptions({ selections: [], statics }), everyError: true });
  const own = loaded.errors.filter((error) => error.file === TYPED);
  if (own.length > 0) return invalid(own.map((error) => typedDiagnostic(error, isCondition)));
  if (!loaded.successful) throw new CommandFailure(FILES_HAVE_ERRORS);
  const names = namesOf(loaded);
  if (names.length === 0) throw new CommandFailure('the text has no rule');
  const module = await compileTrial({ files: all, names, statics }, TYPED);
  if ('diagnostics' in module) return invalid(module.diagnostics);
  const mask = new SecretMask(secretNames);
  const [recording] = findHistory([path]).files;
  if (!recording) throw new CommandFailure('it was removed meanwhile');
  const matches: TriedMatch[] = [];
  let [total, masked] = [0, 0];
  const origins = new Origins();
  const report = await evaluateHistory(
    [recording],
    [
      {
        rules: laneRules(triedRules([module], 'all')),
        onMatch(found) {
          total++;
          const match = matches.length < MOST_MATCHES ? origins.of(found) : undefined;
          if (match) matches.push(matchOf(match, module.rules[match.rule]?.name ?? '', mask));
        },
      },
    ],
    { onPayload: (payload) => (masked += maskRecorded(payload, mask)) },
  );
  const remarks = [
    ...(masked > 0 && readsSecrets(module) ? [MASKED] : []),
    ...missingEvents(module, recording.facts.eventTypes),
    ...(module.rules.some(({ readsSession }) => readsSession) ? [NO_SESSIONS] : []),
    ...(module.rules.some(({ fields }) => fields.some(isOfSshPeer)) ? [NO_PEERS] : []),
    ...report.damage.map(({ reason }) => `A part of the file is damaged: ${reason}.`),
    ...[...report.setAside.values()].map((reason) => `The rule was set aside: ${reason}.`),
  ];
  matches.sort((one, other) => one.time - other.time);
  return { kind: 'matches', total, matches, remarks };
}

function namesOf({ rules }: LoadResult): string[] {
  return rules.filter(({ file }) => file === TYPED).map(({ name }) => name);
}

function invalid(diagnostics: readonly string[]): Extract<TriedOnCapture, { readonly kind: 'invalid' }> {
  return { kind: 'invalid', diagnostics: diagnostics.slice(0, MOST_DIAGNOSTICS) };
}

function matchOf({ record, context, origin }: OriginatedMatch, rule: string, mask: SecretMask): TriedMatch {
  const event = new EventView(record.resolvedView, context);
  return {
    time: Number(event.time) / 1e6,
    rule,
    pid: record.image?.number('pid') ?? 0,
    name: origin.program,
    text: deedText(deedOf(event), mask).slice(0, LONGEST_TEXT),
  };
}

/** Its rules read command lines or variables. */
function readsSecrets({ rules }: RuleModule): boolean {
  return rules.some(({ fields }) => fields.some((field) => /^proc\.\w*(cmdline|args?|env)\b|^evt\.arg/.test(field)));
}

function missingEvents({ eventTypes }: RuleModule, recorded: readonly string[]): string[] {
  const missing = eventTypes.filter((type) => !recorded.includes(type));
  return missing.length === 0 ? [] : [`The rule needs events that were not recorded: ${missing.join(', ')}.`];
}
