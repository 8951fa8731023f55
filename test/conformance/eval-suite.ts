// eval.json: what a condition comes to on an event whose fields are known. Conditions are compiled as rules, many to a module, and run
// in the sandbox on events that are given by their fields.

import { compileModule } from '../../host/compiler/compile.ts';
import { parseCondition } from '../../host/compiler/conditions/parser.ts';
import { checkTypes } from '../../host/compiler/conditions/typecheck.ts';
import { givenName } from '../../host/compiler/lower/given-fields.ts';
import type { RuleSource } from '../../host/compiler/rules/rule.ts';
import type { GivenEvent, GivenValue } from '../../host/rule-tests/given-event.ts';
import { GivenModule } from '../../host/rule-tests/given-module.ts';
import { resolveField } from '../../host/schema/fields/index.ts';
import { TEST_MODULES } from '../support/module-cache.ts';
import type { RecordedEvent } from './recorded-event.ts';
import { type CaseResult, casesOf, type Suite } from './suite.ts';

interface EvalEvent extends RecordedEvent {
  readonly params: readonly string[];
  /** Bytes of evt.buffer, in hex. */
  readonly buffer?: string;
  readonly cases: readonly { readonly condition: string; readonly expect: boolean }[];
}

/** Rules of a module: asc takes more than linear time in them. */
const BATCH = 400;

export const EVAL_SUITE: Suite = {
  file: 'eval.json',
  async *run(corpus) {
    const events = casesOf<EvalEvent>(corpus, 'events');
    const conditions = [...new Set(events.flatMap(({ cases }) => cases.map(({ condition }) => condition)))];
    const verdicts = await evaluateAll(conditions, events);
    for (const [index, event] of events.entries()) {
      const trueOnes = verdicts[index] ?? new Map<string, string | boolean>();
      for (const [number, { condition, expect }] of event.cases.entries()) {
        yield judge(`${event.id}#${number}`, condition, expect, trueOnes.get(condition));
      }
    }
  },
};

function judge(id: string, condition: string, expected: boolean, got: string | boolean | undefined): CaseResult {
  if (got === expected) return { id };
  return { id, failure: `${condition}\nexpected ${expected}, got ${got}` };
}

/** The verdicts of each event by condition; a text is the reason why there is no verdict. */
async function evaluateAll(
  conditions: readonly string[],
  events: readonly EvalEvent[],
): Promise<readonly ReadonlyMap<string, string | boolean>[]> {
  const verdicts = events.map(() => new Map<string, string | boolean>());
  const given = events.map(givenEvent);
  for (let from = 0; from < conditions.length; from += BATCH) {
    const rules: RuleSource[] = [];
    for (const condition of conditions.slice(from, from + BATCH)) {
      try {
        rules.push(ruleOf(condition));
      } catch (error) {
        for (const verdict of verdicts) verdict.set(condition, `an error: ${String(error)}`);
      }
    }
    const compiled = await compileModule(rules, { fields: 'given', cacheDirectory: TEST_MODULES, inThisProcess: true });
    const refused = new Map(
      compiled.diagnostics
        .filter(({ severity, code }) => severity === 'error' || code === 'condition-not-supported')
        .map(({ rule, message }) => [rule, message]),
    );
    const module = new GivenModule(compiled);
    for (const [index, event] of given.entries()) {
      const matches = new Set(module.evaluate(event));
      for (const [number, { conditionText }] of rules.entries()) {
        verdicts[index]?.set(conditionText, refused.get(number) ?? matches.has(number));
      }
    }
  }
  return verdicts;
}

function ruleOf(conditionText: string): RuleSource {
  const condition = parseCondition(conditionText);
  checkTypes(condition);
  return {
    name: conditionText,
    description: '',
    priority: 'Notice',
    tags: [],
    source: 'syscall',
    output: '',
    conditionText,
    file: 'eval.json',
    line: 1,
    condition,
  };
}

function givenEvent({ fields: texts, raw, params, buffer }: EvalEvent): GivenEvent {
  const fields = new Map<string, GivenValue>();
  for (const [name, text] of Object.entries(texts)) {
    if (text === null) continue;
    const resolved = resolveField(name);
    if (!resolved.ok) continue;
    const list = resolved.field.list === true;
    const key = givenName(resolved.field, resolved.argument);
    fields.set(key, list ? text.slice(1, -1).split(',') : (raw?.[name] ?? text));
  }
  if (buffer !== undefined) fields.set('evt.buffer', new Uint8Array(Buffer.from(buffer, 'hex')));
  return { fields, parameters: params };
}
