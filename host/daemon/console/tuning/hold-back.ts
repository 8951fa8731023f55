// Proposes exceptions that hold an alert back, each tried on the journal, as `wasprey tune` does it. The rule is evaluated by itself, and of the journal
// what is latest: the page waits for it.

import { triedRules } from '../../../agent/rules/tried-modules.ts';
import { loadRules, type RuleFile } from '../../../compiler/rules/load.ts';
import { CommandFailure } from '../../../diagnostics/failure.ts';
import { reasonOf } from '../../../diagnostics/system-reason.ts';
import type { TriedRules } from '../../../journal/backtest/tried-rules.ts';
import { findHistory, type History, type HistoryFile } from '../../../journal/history.ts';
import { type ExceptionValues, exceptionYaml } from '../../../journal/tuning/exception-yaml.ts';
import { exactProposal } from '../../../journal/tuning/proposals.ts';
import { findProposals, type TriedProposal, tryProposals } from '../../../journal/tuning/tune.ts';
import { tunedCalls } from '../../../journal/tuning/tuned-calls.ts';
import { loadOptions } from '../../rules/load-rule-set.ts';
import { readRuleFiles } from '../../rules/rule-files.ts';
import { compileTrial, FILES_HAVE_ERRORS } from '../trial/compile-trial.ts';
import type { ShownException, ShownHoldBack } from './messages.ts';

/** Each is compiled, which takes some seconds. */
const MOST_PROPOSALS = 2;
/** Bytes of the journal that are read, the latest: some ten million events, which take some seconds. */
const MOST_BYTES = 128e6;
const MOST_ORIGINS = 5;

export interface HoldBackQuestion {
  readonly kind: 'hold-back';
  readonly rule: string;
  /** Rule files of the agent. */
  readonly files: readonly string[];
  readonly statics: Readonly<Record<string, string>>;
  /** Folder of the journal. */
  readonly folder: string;
  /** ms since the epoch. */
  readonly since: number;
  /** What was read of the alert, by field. */
  readonly seen: ReadonlyMap<string, string>;
}

/** Rejects with CommandFailure, and RecordingError. */
export async function holdBack({
  rule,
  files,
  statics,
  folder,
  since,
  seen,
}: HoldBackQuestion): Promise<ShownHoldBack> {
  const read = readRuleFiles([...files]);
  const loaded = loadRules(read, loadOptions({ selections: [], statics }));
  if (!loaded.successful) throw new CommandFailure(FILES_HAVE_ERRORS);
  if (!loaded.rules.some(({ name }) => name === rule)) throw new CommandFailure('the rule files have no such rule now');
  const history = latest(folder, since);
  const rules = await ruleBy([...read], rule, statics);
  if (!rules) throw new CommandFailure('the rule can not be compiled by itself');
  const listNames = loaded.lists.map(({ name }) => name);
  const calls = tunedCalls(history.files, { since });
  const found = await findProposals(calls, rules, rule, listNames);
  const candidates: { readonly exception: ExceptionValues; readonly yaml: string; readonly rules: TriedRules }[] = [];
  const remarks: string[] = [];
  for (const exception of candidatesFor(found.proposals, seen, listNames)) {
    const yaml = exceptionYaml(rule, exception);
    const changed = await ruleBy([...read, { name: 'exceptions', text: yaml }], rule, statics);
    if (changed) candidates.push({ exception, yaml, rules: changed });
    else remarks.push('An exception is left out: the rule is invalid with it.');
  }
  const changed = candidates.map((one) => one.rules);
  const { tried } = changed.length === 0 ? { tried: [] } : await tryProposals(calls, rules, changed, rule);
  const { report } = found;
  return {
    kind: 'hold-back',
    alerts: found.alerts,
    events: report.events,
    from: Math.max(since, history.files[0]?.from ?? since),
    exceptions: candidates.flatMap(({ exception, yaml }, index) => {
      const effect = tried[index];
      return effect ? [shownException(exception, yaml, effect, seen)] : [];
    }),
    remarks: [
      ...remarks,
      ...(history.isWhole ? [] : [`Only the latest ${MOST_BYTES / 1e6} MB of the journal were read.`]),
      ...[...history.unreadable, ...report.damage].map(({ reason }) => `A part of the journal is damaged: ${reason}.`),
      ...[...report.setAside.values()].map((reason) => `The rule was set aside: ${reason}.`),
    ],
  };
}

/** Undefined if it is invalid. */
async function ruleBy(
  files: readonly RuleFile[],
  rule: string,
  statics: HoldBackQuestion['statics'],
): Promise<TriedRules | undefined> {
  const module = await compileTrial({ files, names: [rule], statics }, rule);
  return 'diagnostics' in module ? undefined : triedRules([module], 'all');
}

/** @throws {CommandFailure | RecordingError} */
function latest(folder: string, since: number): History & { readonly isWhole: boolean } {
  const { files, unreadable } = historyIn(folder, since);
  const chosen: HistoryFile[] = [];
  let bytes = 0;
  for (const file of files.toReversed()) {
    bytes += file.bytes;
    if (bytes > MOST_BYTES && chosen.length > 0) break;
    chosen.unshift(file);
  }
  return { files: chosen, unreadable, isWhole: chosen.length === files.length };
}

function historyIn(folder: string, since: number): History {
  try {
    return findHistory([folder], { since });
  } catch (error) {
    if (error instanceof Error && 'code' in error && typeof error.code === 'string' && /^E[A-Z]+$/.test(error.code))
      throw new CommandFailure(`the journal in ${folder} can't be read: ${reasonOf(error)}`);
    throw error;
  }
}

/** What the rule fires on most; and where none of that is sure to hold this alert back, what it is about alone, first. */
function candidatesFor(
  proposals: readonly ExceptionValues[],
  seen: ReadonlyMap<string, string>,
  listNames: readonly string[],
): readonly ExceptionValues[] {
  const best = proposals.slice(0, MOST_PROPOSALS);
  const holding = best.filter((one) => holds(one, seen) === 'yes');
  const others = best.filter((one) => !holding.includes(one));
  const exact = holding.length === 0 ? exactProposal(seen, listNames) : undefined;
  return [...(exact ? [exact] : []), ...holding, ...others];
}

function holds({ fields, values }: ExceptionValues, seen: ReadonlyMap<string, string>): ShownException['holdsThis'] {
  const own = fields.map((field) => seen.get(field));
  // A value that was read and is in no row decides, whatever the others are.
  const rows = values.filter((row) => row.every((value, index) => own[index] === undefined || own[index] === value));
  if (rows.length === 0) return 'no';
  return own.includes(undefined) ? 'unknown' : 'yes';
}

function shownException(
  exception: ExceptionValues,
  yaml: string,
  { heldBack, left, leftOrigins }: TriedProposal,
  seen: ReadonlyMap<string, string>,
): ShownException {
  return {
    ...{ yaml, heldBack, left },
    fields: exception.fields,
    holdsThis: holds(exception, seen),
    leftOrigins: leftOrigins.slice(0, MOST_ORIGINS),
  };
}
