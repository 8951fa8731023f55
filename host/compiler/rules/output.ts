// The output template of a rule, with errors and warnings in their place.

import { RuleLoadError, warning } from '../../diagnostics/diagnostic.ts';
import { fieldSource } from '../../schema/event-source.ts';
import { RETIRED_FIELDS } from '../conditions/advice.ts';
import { type StaticFields, unknownStaticHelp, unknownStatics } from '../conditions/static-fields.ts';
import { type PlacedToken, placedTokens, TemplateError } from '../conditions/template.ts';
import type { Template } from '../conditions/template-tokens.ts';
import type { Collection } from './collection.ts';
import type { RuleItem } from './items.ts';
import { MappedText } from './mapped-text.ts';

/** Falco's old name for what its container plugin now adds by itself. */
const CONTAINER_INFO = '%container.info';

export interface CompiledOutput {
  /** The template as it was written, without what prints nothing. */
  readonly text: string;
  readonly template: Template;
}

/**
 * Parses a rule's output. Undefined if the rule is skipped because of an unknown field.
 * @throws RuleLoadError
 */
export function compileOutput(
  rule: RuleItem,
  collection: Collection,
  statics: StaticFields = {},
): CompiledOutput | undefined {
  const text = withoutContainerInfo(rule, collection);
  let tokens: PlacedToken[];
  try {
    tokens = placedTokens(text.text, fieldSource(rule.source));
    refuseUnknownStatics(tokens, statics);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    const place = { ...rule.outputContext, ...text.locate(error.start, error.end) };
    const advice = { help: error.help };
    if (!error.unknown || !rule.skipIfUnknownFilter) {
      throw new RuleLoadError('LOAD_ERR_COMPILE_OUTPUT', error.message, place, advice);
    }
    collection.warn(warning('LOAD_UNKNOWN_FILTER', error.message, place, advice));
    return undefined;
  }
  warnOfDeprecated(text, rule, collection);
  return { text: text.text, template: tokens.map(({ token }) => token) };
}

/** As in Falco, each retired field whose name stands anywhere in the text is reported once. */
function warnOfDeprecated(text: MappedText, { outputContext }: RuleItem, collection: Collection): void {
  for (const name of RETIRED_FIELDS) {
    const start = text.text.indexOf(name);
    if (start < 0) continue;
    const place = { ...outputContext, ...text.locate(start, start + name.length) };
    const message = `field ${name} is not available due to the drop of enter events.`;
    collection.warn(warning('LOAD_DEPRECATED_ITEM', message, place));
  }
}

/** @throws TemplateError */
function refuseUnknownStatics(tokens: readonly PlacedToken[], statics: StaticFields): void {
  for (const { token, start, end } of tokens) {
    const [unknown] = token.kind === 'operand' ? unknownStatics(token.operand, statics) : [];
    if (!unknown) continue;
    const options = { help: unknownStaticHelp(statics), unknown: true };
    throw new TemplateError(`unknown field ${unknown.name}`, start, end, options);
  }
}

function withoutContainerInfo(rule: RuleItem, collection: Collection): MappedText {
  const text = rule.output;
  const first = text.text.indexOf(CONTAINER_INFO);
  if (first < 0) return text;
  const message = '%container.info is deprecated and no more useful, and will be dropped. It prints nothing.';
  const place = { ...rule.context, ...text.locate(first, first + CONTAINER_INFO.length) };
  collection.warn(warning('LOAD_DEPRECATED_ITEM', message, place, { help: 'write %container.id, %container.name...' }));
  const parts: MappedText[] = [];
  let from = 0;
  for (let at = first; at >= 0; at = text.text.indexOf(CONTAINER_INFO, from)) {
    parts.push(text.slice(from, at));
    from = at + CONTAINER_INFO.length;
  }
  return MappedText.join([...parts, text.slice(from, text.text.length)]);
}
