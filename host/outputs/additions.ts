// Additions to the alerts of rules: Falco's append_output.

import { type StaticFields, withStaticOperands } from '../compiler/conditions/static-fields.ts';
import type { Template } from '../compiler/conditions/template-tokens.ts';
import { text } from '../fields/value.ts';
import { type KeyedValue, renderMessage, templateFields } from './message.ts';

/** A field of an alert, made from a template. */
export interface FormattedField {
  readonly key: string;
  readonly template: Template;
}

export interface AlertAddition {
  /** The rules that it applies to: all given criteria must match. */
  readonly match: { readonly source?: string; readonly rule?: string; readonly tags?: readonly string[] };
  /** Appended to the rule's own output. */
  readonly output: Template;
  /** Fields that are only in output_fields. */
  readonly fields: readonly string[];
  readonly formatted: readonly FormattedField[];
}

export interface ExtraFields {
  readonly fields: readonly string[];
  readonly formatted: readonly FormattedField[];
  /** Fields that are read for other purposes than the alert. */
  readonly hidden?: readonly string[];
}

interface RuleParts {
  readonly name: string;
  readonly source: string;
  readonly tags: readonly string[];
  readonly output: Template;
  readonly extra?: ExtraFields;
}

/** Values that alerts have in addition to those of their event, and their text. */
export interface AlertExtras {
  readonly additions?: readonly AlertAddition[];
  /** Values of static.NAME. */
  readonly statics?: StaticFields;
}

/** The rule with its additions applied. */
export function withExtras<Rule extends RuleParts>(rule: Rule, { additions = [], statics = {} }: AlertExtras): Rule {
  return withAdditions(withStatics(rule, statics), additions);
}

/** The rule with the static fields of its output replaced by their values, which are also added to its fields. */
function withStatics<Rule extends RuleParts>(rule: Rule, statics: StaticFields): Rule {
  const printed = new Set(templateFields(rule.output));
  const own = Object.entries(statics).filter(([name]) => printed.has(`static.${name}`));
  if (own.length === 0) return rule;
  const output = rule.output.map((token) =>
    token.kind === 'operand' ? { ...token, operand: withStaticOperands(token.operand, statics) } : token,
  );
  const formatted = own.map(
    ([name, value]): FormattedField => ({
      key: `static.${name}`,
      template: [{ kind: 'text', text: value }],
    }),
  );
  return { ...rule, output, extra: { fields: [], formatted } };
}

/** The rule with the additions that apply to it. */
function withAdditions<Rule extends RuleParts>(rule: Rule, additions: readonly AlertAddition[]): Rule {
  const own = additions.filter((addition) => isFor(addition, rule));
  if (own.length === 0) return rule;
  const output = [...rule.output, ...own.flatMap((addition) => addition.output)];
  const fields = [...(rule.extra?.fields ?? []), ...own.flatMap((addition) => addition.fields)];
  const formatted = [...(rule.extra?.formatted ?? []), ...own.flatMap((addition) => addition.formatted)];
  return { ...rule, output, extra: { ...rule.extra, fields, formatted } };
}

function isFor(
  { match: { source, rule, tags = [] } }: AlertAddition,
  { name, source: own, tags: has }: RuleParts,
): boolean {
  return (
    (source === undefined || source === own) &&
    (rule === undefined || rule === name) &&
    tags.every((tag) => has.includes(tag))
  );
}

/** The fields that an alert of the rule carries, and further fields that are read for it. */
export function fieldsOf({ output, extra }: Pick<RuleParts, 'output' | 'extra'>): {
  readonly shown: readonly string[];
  readonly all: readonly string[];
} {
  const shown = new Set([...templateFields(output), ...(extra?.fields ?? [])]);
  const read = (extra?.formatted ?? []).flatMap(({ template }) => templateFields(template));
  return { shown: [...shown], all: [...new Set([...shown, ...read, ...(extra?.hidden ?? [])])] };
}

export function formattedFields(extra: ExtraFields | undefined, values: readonly KeyedValue[]): KeyedValue[] {
  return (extra?.formatted ?? []).map(({ key, template }) => ({ key, value: text(renderMessage(template, values)) }));
}
