// The output template of a rule, with errors and warnings in their place.

import { findField } from '../schema/fields.ts';
import type { Collection } from './collection.ts';
import { RuleLoadError, warning } from './diagnostic.ts';
import type { RuleItem } from './items.ts';
import type { MappedText } from './mapped-text.ts';
import { parseTemplate, TemplateError, templateFields } from './template.ts';
import type { Template } from './template-tokens.ts';

/** Falco's old name for what its container plugin now adds by itself. */
const CONTAINER_INFO = '%container.info';

/**
 * Parses a rule's output. Undefined if the rule is to be left out for a field that is not known.
 * @throws RuleLoadError
 */
export function compileOutput(rule: RuleItem, collection: Collection): Template | undefined {
  const text = withoutContainerInfo(rule, collection);
  let template: Template;
  try {
    template = parseTemplate(text.text);
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
  for (const { name } of templateFields(template)) {
    if (!findField(name)?.deprecated) continue;
    const message = `field ${name} is not available due to the drop of enter events.`;
    const at = text.text.indexOf(name);
    const place = {
      ...rule.outputContext,
      type: 'rule output expression' as const,
      ...text.locate(at, at + name.length),
      parent: rule.outputContext,
    };
    collection.warn(warning('LOAD_DEPRECATED_ITEM', message, place));
  }
  return template;
}

function withoutContainerInfo(rule: RuleItem, collection: Collection): MappedText {
  let text = rule.output;
  const first = text.text.indexOf(CONTAINER_INFO);
  if (first < 0) return text;
  const message = '%container.info is deprecated and no more useful, and will be dropped. It prints nothing.';
  const place = { ...rule.context, ...text.locate(first, first + CONTAINER_INFO.length) };
  collection.warn(warning('LOAD_DEPRECATED_ITEM', message, place, { help: 'write %container.id, %container.name...' }));
  for (let at = first; at >= 0; at = text.text.indexOf(CONTAINER_INFO)) {
    text = text.without(at, at + CONTAINER_INFO.length);
  }
  return text;
}
