// Runs tests on given events: one module has all rules, and the parts of expected rules, to find the part that was false.

import { compileModule } from '../compiler/compile.ts';
import type { Expression } from '../compiler/conditions/ast.ts';
import { printCondition } from '../compiler/conditions/print.ts';
import { parseTemplate } from '../compiler/conditions/template.ts';
import { givenName } from '../compiler/lower/given-fields.ts';
import { fieldsOf } from '../compiler/make-manifest.ts';
import type { RuleSource } from '../compiler/rules/rule.ts';
import { encode, type FieldValue, text } from '../fields/value.ts';
import { renderMessage, templateFields } from '../outputs/message.ts';
import { guardRules } from '../responses/guard-rules.ts';
import type { Response } from '../responses/settings.ts';
import { resolveField } from '../schema/fields/index.ts';
import { refuseBrokenGuards, responseProblems, triedOnCall } from './expected-responses.ts';
import { fieldValue, type GivenEvent, shownValue } from './given-event.ts';
import { GivenModule } from './given-module.ts';
import type { EventTest, FalsePart, Problem, RunOf, TestResult } from './rule-test.ts';

/** @param cacheDirectory of compiled modules */
export async function runEventTests(
  rules: readonly RuleSource[],
  tests: readonly EventTest[],
  cacheDirectory: string,
  responses: readonly Response[] = [],
): Promise<RunOf<EventTest>> {
  const expected = new Set(tests.flatMap((test) => test.expected.map(({ rule }) => rule)));
  const parts = rules
    .filter(({ name }) => expected.has(name))
    .flatMap((rule) => conjuncts(rule.condition).map((condition) => ({ ...rule, condition })));
  const guards = guardRules(responses, 'syscall');
  const firstGuard = rules.length + parts.length;
  const compiled = await compileModule([...rules, ...parts, ...guards], { fields: 'given', cacheDirectory });
  refuseBrokenGuards(compiled.diagnostics, guards, firstGuard);
  const module = new GivenModule(compiled);
  const resultOf = (test: EventTest): TestResult => {
    const found = new Set(module.evaluate(test.event));
    const triedOn = ({ eventTypes }: RuleSource): boolean => eventTypes?.has(test.eventType) ?? true;
    const matched = rules.filter((rule, index) => found.has(index) && triedOn(rule));
    const falseParts = (name: string): readonly FalsePart[] =>
      parts.flatMap((part, index) =>
        part.name === name && !found.has(rules.length + index) ? [falsePart(part.condition, test.event)] : [],
      );
    const holds = (guard: number): boolean => {
      const source = guards[guard];
      return source !== undefined && found.has(firstGuard + guard) && triedOn(source);
    };
    return {
      test,
      matched: matched.map(({ name }) => ({ rule: name })),
      problems: [
        ...problemsOf(test, rules, matched, falseParts),
        ...responseProblems(test.respond, responses, (each) => triedOnCall(each, responses, matched, holds)),
      ],
    };
  };
  const results = new Map(tests.map((test) => [test, resultOf(test)]));
  return { results, diagnostics: compiled.diagnostics.filter(({ rule }) => rule < rules.length) };
}

function* problemsOf(
  { expected, event, eventType }: EventTest,
  rules: readonly RuleSource[],
  matched: readonly RuleSource[],
  falseParts: (rule: string) => readonly FalsePart[],
): Generator<Problem> {
  for (const { rule: name, output } of expected) {
    const rule = matched.find((one) => one.name === name);
    if (rule) {
      const got = outputOf(rule, event);
      if (output !== undefined && got !== output) {
        yield { kind: 'output', rule: name, expected: output, outputs: [got] };
      }
      continue;
    }
    const types = rules.find((one) => one.name === name)?.eventTypes;
    const missing = { kind: 'missing', rule: name, falseParts: falseParts(name) } as const;
    const untried = types && !types.has(eventType) && { ruleTypes: [...types].sort(), testTypes: [eventType] };
    yield untried ? { ...missing, untried } : missing;
  }
  for (const rule of matched) {
    if (expected.some((one) => one.rule === rule.name)) continue;
    yield { kind: 'unexpected', rule: rule.name, outputs: [outputOf(rule, event)] };
  }
}

/** The operands of a conjunction. */
function conjuncts(condition: Expression): readonly Expression[] {
  return condition.kind === 'and' ? condition.children.flatMap(conjuncts) : [condition];
}

function falsePart(condition: Expression, event: GivenEvent): FalsePart {
  const values = [...fieldsOf(condition)].map((field) => ({ field, value: seenValue(field, event) }));
  return { condition: printCondition(condition), values };
}

function seenValue(field: string, event: GivenEvent): string | undefined {
  const resolved = resolveField(field);
  return resolved.ok ? shownValue(event, resolved.field, resolved.argument) : undefined;
}

function given(field: string, event: GivenEvent): ReturnType<typeof fieldValue> {
  const resolved = resolveField(field);
  return resolved.ok ? fieldValue(event, givenName(resolved.field, resolved.argument)) : undefined;
}

function outputOf({ output }: RuleSource, event: GivenEvent): string {
  const template = parseTemplate(output);
  const fields = templateFields(template).map((key) => ({ key, value: outputValue(given(key, event)) }));
  return renderMessage(template, fields);
}

function outputValue(value: ReturnType<typeof fieldValue>): FieldValue | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string' || value instanceof Uint8Array) return text(value);
  return { kind: 'list', items: value.map(encode) };
}
