// The history of a machine's system calls, as rules on them are tuned by it.

import { readField } from '../../fields/read.ts';
import { valueText } from '../../fields/text.ts';
import { decode } from '../../fields/value.ts';
import type { Field } from '../../schema/fields/field.ts';
import { resolveField } from '../../schema/fields/index.ts';
import { type EvaluationOptions, evaluateHistory, type HistoryReport } from '../backtest/evaluate.ts';
import { comparedAlert, type OriginatedMatch } from '../backtest/origin.ts';
import { trialSince } from '../backtest/trial.ts';
import type { TriedRules } from '../backtest/tried-rules.ts';
import type { HistoryFile } from '../history.ts';
import { CALL_ASPECTS, fieldsOfAspects } from './aspects.ts';
import type { TunedHistory } from './tune.ts';

export interface TuneOptions extends Omit<EvaluationOptions, 'onBlock'> {
  /** ms since the epoch. */
  readonly since?: number;
}

export function tunedCalls(
  files: readonly HistoryFile[],
  { since, ...options }: TuneOptions = {},
): TunedHistory<TriedRules, HistoryReport> {
  return {
    aspects: CALL_ASPECTS,
    evaluate(sets, onAlert, onBlock) {
      const trials = sets.map((rules, set) =>
        trialSince(rules, since, ({ name }, match) =>
          onAlert(set, { ...comparedAlert(name, match), values: () => valuesOf(match) }),
        ),
      );
      return evaluateHistory(files, trials, { ...options, onBlock });
    },
  };
}

interface ReadableField {
  readonly name: string;
  readonly field: Field;
  readonly argument: string | undefined;
}

const READABLE: readonly ReadableField[] = fieldsOfAspects(CALL_ASPECTS).map((name) => {
  const resolved = resolveField(name);
  if (!resolved.ok) throw new Error(`no field ${name}: ${resolved.reason}`);
  return { name, field: resolved.field, argument: resolved.argument };
});

function valuesOf({ record, context }: OriginatedMatch): ReadonlyMap<string, string> {
  return new Map(
    READABLE.flatMap(({ name, field, argument }) => {
      const value = readField(record, field, argument, context);
      return value ? [[name, decode(valueText(value))]] : [];
    }),
  );
}
