// Conditions and checks that are constant on all events of the rule.

import { type Diagnostic, warning } from '../../diagnostics/diagnostic.ts';
import { type EventSource, fieldSource } from '../../schema/event-source.ts';
import { resolveNamed } from '../../schema/fields/index.ts';
import type { Check, FieldOperand } from '../conditions/ast.ts';
import { checksOf, constantsOf, fieldsOf } from '../conditions/fields-of.ts';
import { printOperand } from '../conditions/print.ts';
import { readsSession } from '../conditions/session-checks.ts';
import { typeOf } from '../conditions/type-of.ts';
import type { CompiledRule } from '../rules/rule.ts';
import { conditionOn } from './condition-on.ts';
import { isAboutType, requiredChecks, type Subject } from './subject.ts';

export function findConstantConditions(subject: Subject): Diagnostic[] {
  const contradictions = findContradictions(subject);
  const checks = checksOf(subject.rule.condition).flatMap((check) => onCheck(check, subject) ?? []);
  const explained = contradictions.length > 0 || checks.some(({ code }) => code === 'LINT_ALWAYS_FALSE');
  return [...contradictions, ...checks, ...(explained ? [] : onWhole(subject))];
}

/** Values that one field would have to have at once. */
function findContradictions({ rule }: Subject): Diagnostic[] {
  const first = new Map<string, { readonly check: Check; readonly values: ReadonlySet<string> }>();
  const found: Diagnostic[] = [];
  for (const check of requiredChecks(rule.condition)) {
    if (!hasOneValue(check, fieldSource(rule.source))) continue;
    const name = printOperand(check.left);
    const values = new Set(constantsOf(check).map(({ text }) => text));
    const before = first.get(name);
    const both = before ? new Set([...before.values].filter((value) => values.has(value))) : values;
    if (before && both.size === 0) {
      const message = `${name} can't equal both this and ${oneOf([...before.values])}, which the condition also requires`;
      const help = 'join the two with `or`, or remove one';
      found.push(warning('LINT_ALWAYS_FALSE', message, rule.placeOf(check.span, check), { help }));
    }
    first.set(name, { check, values: both });
  }
  return found;
}

/** Fields that stand for either end of a connection. */
const EITHER_END = /^fd\.(?:ip|port|net|rnet|proto)/;

/** Text that is compared as a whole, of a field that has one value at a time. */
function hasOneValue({ left, operator, modifier }: Check, source: EventSource): boolean {
  if (modifier || !['=', '==', 'in'].includes(operator)) return false;
  if (left.kind !== 'field' || EITHER_END.test(left.name)) return false;
  const { type, list } = typeOf(left, source);
  return (
    !list && (type === 'CHARBUF' || type === 'FSPATH') && (left.argument !== undefined || !isOfAncestors(left, source))
  );
}

function isOfAncestors({ name, argument }: FieldOperand, source: EventSource): boolean {
  const resolved = resolveNamed(name, argument, source);
  return !resolved.ok || resolved.field.anyAncestor === true || resolved.field.argument !== undefined;
}

/** An address with a port, as `session.source` has it: `203.0.113.9:50122`, `[2001:db8::9]:50122`. */
const ADDRESS_AND_PORT = /^(?:\d+(?:\.\d+){3}|\[[^\]]*\]):\d+$/;

/** A constant that `session.source` never equals: an address or a network alone. */
function onSessionSource(check: Check, { rule }: Subject): Diagnostic | undefined {
  const { left, operator } = check;
  if (left.kind !== 'field' || left.name !== 'session.source' || !['=', '==', '!=', 'in'].includes(operator))
    return undefined;
  const wrong = constantsOf(check).find(({ text }) => !ADDRESS_AND_PORT.test(text));
  if (!wrong) return undefined;
  const message = `session.source never equals ${wrong.text}: it has an address and a port`;
  const help = 'compare session.ip with addresses, or session.net with networks';
  return warning('LINT_ALWAYS_FALSE', message, rule.placeOf(check.span, check), { help });
}

function onCheck(check: Check, subject: Subject): Diagnostic | undefined {
  const { rule, types } = subject;
  const { left } = check;
  const ofSource = onSessionSource(check, subject);
  if (ofSource) return ofSource;
  if (isAboutType(check) || isStatic(check) || readsSession(check) || types.length === 0) return undefined;
  if (!fieldsOf(check).every((field) => isCaptured(field, rule))) return undefined;
  const conditions = types.map((type) => conditionOn(check, type));
  const values = new Set(conditions.map((item) => (item?.kind === 'constant' ? item.value : undefined)));
  const [value] = values;
  // An empty list is how rules leave a place for a site's own values.
  if (values.size !== 1 || value === undefined || (check.right.kind === 'values' && check.right.values.length === 0)) {
    return undefined;
  }
  const which = types.length > 4 ? 'the events of this rule' : types.map(({ name }) => name).join(', ');
  const message = `this is ${value ? 'always' : 'never'} true on ${which}`;
  const help = value
    ? 'remove it: it has no effect'
    : left.kind === 'field' && /^evt\.arg(?:$|\.)/.test(left.name)
      ? `see \`wasprey list events ${types[0]?.name}\` for its parameters`
      : `see \`wasprey list fields ${fieldsOf(check)[0]?.name}\``;
  const code = value ? 'LINT_ALWAYS_TRUE' : 'LINT_ALWAYS_FALSE';
  return warning(code, message, rule.placeOf(check.span, check), { help });
}

function onWhole({ rule, types, conditions }: Subject): Diagnostic[] {
  const checks = checksOf(rule.condition);
  // "Never" on purpose.
  if (checks.some(({ left }) => left.kind === 'field' && left.name === 'evt.num')) return [];
  if (checks.some(isStatic)) return [];
  if (conditions.size < types.length) return [];
  const possible = [...conditions.values()].some((condition) => condition.kind !== 'constant' || condition.value);
  if (possible) return [];
  const absent = checks.flatMap(fieldsOf).find((field) => !isCaptured(field, rule));
  const [message, help] = absent
    ? [`no event meets this condition: ${printOperand(absent)} is always absent`, 'see `wasprey list fields`']
    : rule.eventTypes.size === 0
      ? ['the condition requires two event types at once', 'join the checks of evt.type with `or`']
      : types.length === 0
        ? ['none of the event types of this rule is captured', '`wasprey list events` shows the captured ones']
        : [
            'the parts of this condition can never be true together',
            '`wasprey explain` shows it with all macros expanded',
          ];
  return [warning('LINT_ALWAYS_FALSE', message, rule.place, { help })];
}

/** Whether a check is on static fields alone: they are constants here, and others on another machine. */
function isStatic(check: Check): boolean {
  return fieldsOf(check).length === 0;
}

function isCaptured({ name, argument }: FieldOperand, { source }: CompiledRule): boolean {
  const resolved = resolveNamed(name, argument, fieldSource(source));
  return resolved.ok && resolved.field.source.from !== 'none';
}

function oneOf(values: readonly string[]): string {
  const shown = values.slice(0, 3).join(', ');
  return values.length > 3 ? `${shown}...` : shown;
}
