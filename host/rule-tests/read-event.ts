// Reads an event of a test, given by its fields.

import { givenName } from '../compiler/lower/given-fields.ts';
import type { Context } from '../diagnostics/diagnostic.ts';
import { fieldHelp, nearest, suggestEvent } from '../diagnostics/suggest.ts';
import { lookUp, type YamlMapping, type YamlNode } from '../diagnostics/yaml.ts';
import { contextAt, invalid } from '../diagnostics/yaml-values.ts';
import { isEventName } from '../schema/event-names.ts';
import { type EventType, findEventType } from '../schema/events/index.ts';
import { resolveField } from '../schema/fields/index.ts';
import { type GivenEvent, type GivenValue, GivenValueError, givenValue } from './given-event.ts';

/**
 * @param parent the test
 * @throws RuleLoadError with the place of the error
 */
export function readEvent(
  node: YamlMapping,
  parent: Context,
): { readonly event: GivenEvent; readonly eventType: string } {
  const fields = new Map<string, GivenValue>();
  for (const { key, value } of node.entries) readField(key, value, fields, parent);
  const eventType = fields.get('evt.type');
  const context = contextAt('value for', 'event', node, parent);
  if (typeof eventType !== 'string') {
    return invalid('An event needs evt.type', context, 'the type of the event selects the rules');
  }
  if (!isEventName(eventType)) {
    const near = suggestEvent(eventType);
    const place = contextAt('value for', 'evt.type', lookUp(node, 'evt.type') ?? node, context);
    return invalid(`Unknown event type ${eventType}`, place, near && `did you mean ${near}?`);
  }
  // Parameters of types that are not captured are unknown.
  const type = findEventType(eventType);
  if (type) checkParameters(node, type, parent);
  const parameters = (type?.parameters ?? []).map((parameter) => parameter.name);
  return { event: { fields, parameters }, eventType };
}

function readField(key: YamlNode, value: YamlNode, fields: Map<string, GivenValue>, parent: Context): void {
  const name = key.kind === 'scalar' ? key.text : '';
  const resolved = resolveField(name);
  if (!resolved.ok) {
    const context = contextAt('value for', name, key, parent);
    if (resolved.field && resolved.reason !== 'unknown') {
      const what = { 'argument-missing': 'needs an argument', 'argument-invalid': 'has no such argument' } as const;
      const said = resolved.reason === 'argument-unexpected' ? 'takes no argument' : what[resolved.reason];
      invalid(`Field ${resolved.field.name} ${said}`, context);
    }
    invalid(`Unknown field ${name}`, context, fieldHelp(name));
  }
  // Nothing, or null: the field is absent.
  if (value.kind === 'null') return;
  const context = contextAt('value for', name, value, parent);
  if (value.kind === 'mapping') invalid('A field has one value', context);
  const given =
    value.kind === 'scalar' ? value.text : value.items.map((item) => (item.kind === 'scalar' ? item.text : ''));
  if (typeof given !== 'string' && !resolved.field.list) invalid(`Field ${name} is not a list`, context);
  const own = givenName(resolved.field, resolved.argument);
  if (fields.has(own)) invalid(`${own} is given twice`, contextAt('value for', name, key, parent));
  const listed = typeof given === 'string' && resolved.field.list ? [given] : given;
  try {
    fields.set(own, givenValue(resolved.field, resolved.argument, listed));
  } catch (error) {
    if (!(error instanceof GivenValueError)) throw error;
    invalid(error.message, context);
  }
}

/** Checks that the event type has the parameters: others would have no effect. */
function checkParameters(node: YamlMapping, type: EventType, parent: Context): void {
  const names = type.parameters.map((parameter) => parameter.name);
  for (const { key } of node.entries) {
    const resolved = resolveField(key.kind === 'scalar' ? key.text : '');
    if (!resolved.ok || resolved.field.source.from !== 'argument' || resolved.argument === undefined) continue;
    const { argument } = resolved;
    if (/^\d+$/.test(argument) ? Number(argument) < names.length : names.includes(argument)) continue;
    const near = nearest(argument, names);
    const help = near === undefined ? `its parameters are ${names.join(', ')}` : `did you mean ${near}?`;
    invalid(`${type.name} has no parameter ${argument}`, contextAt('value for', argument, key, parent), help);
  }
}
