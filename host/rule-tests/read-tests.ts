// Reads a file of rule tests: which rules, and for each test an event and the rules that must be true of it.

import { type Context, RuleLoadError } from '../compiler/diagnostic.ts';
import { givenName } from '../compiler/lower/given-fields.ts';
import { readDocuments } from '../compiler/read-items.ts';
import type { SourceFile } from '../compiler/source-file.ts';
import { nearest, suggestEvent, suggestField } from '../compiler/suggest.ts';
import { lookUp, type YamlMapping, type YamlNode } from '../compiler/yaml.ts';
import { contextAt, fileContext, invalid, scalarAt, scalarsAt } from '../compiler/yaml-values.ts';
import { isEventName } from '../schema/event-names.ts';
import { findEventType } from '../schema/events.ts';
import { resolveField } from '../schema/fields.ts';
import { checkGivenValue, type GivenEvent, type GivenValue, GivenValueError } from './given-event.ts';

/** A rule that must be true of the event, and what its output must read if that is asked for. */
export interface Expectation {
  readonly rule: string;
  readonly output?: string;
  readonly context: Context;
}

export interface RuleTest {
  readonly name: string;
  readonly event: GivenEvent;
  readonly eventType: string;
  readonly expected: readonly Expectation[];
}

export interface TestFile {
  /** As they are written: relative to the file's folder. */
  readonly rules: readonly string[];
  readonly tests: readonly RuleTest[];
}

const SHAPE = 'a test file has `rules: [FILE, ...]` and `tests:`, a list of `name`, `event` and `expect`';

/** @throws RuleLoadError with the place of what is wrong */
export function readTestFile(file: SourceFile): TestFile {
  const context = fileContext(file);
  const [document] = readDocuments(file);
  if (document?.kind !== 'mapping') {
    const start = document?.start ?? 0;
    return invalid('This is no file of rule tests', { ...context, start, end: start }, SHAPE);
  }
  refuseUnknownKeys(document, ['rules', 'tests'], context);
  const rules = scalarsAt(document, 'rules', context).map(({ text }) => text);
  const tests = lookUp(document, 'tests');
  if (tests?.kind !== 'sequence')
    return invalid('There are no tests', contextOf(tests ?? document, 'tests', context), SHAPE);
  return { rules, tests: tests.items.map((item) => readTest(item, context)) };
}

function contextOf(node: YamlNode, name: string, parent: Context): Context {
  return contextAt('value for', name, node, parent);
}

function refuseUnknownKeys(item: YamlMapping, known: readonly string[], parent: Context): void {
  for (const { key } of item.entries) {
    if (key.kind === 'scalar' && known.includes(key.text)) continue;
    const name = key.kind === 'scalar' ? key.text : '';
    const near = nearest(name, known);
    const help = near === undefined ? `known are ${known.join(', ')}` : `did you mean ${near}?`;
    invalid(`Unknown key '${name}'`, contextOf(key, name, parent), help);
  }
}

function readTest(item: YamlNode, parent: Context): RuleTest {
  if (item.kind !== 'mapping') return invalid('A test is a mapping', contextOf(item, 'tests', parent), SHAPE);
  const name = scalarAt(item, 'name', parent).text;
  const context = contextOf(item, name, parent);
  refuseUnknownKeys(item, ['name', 'event', 'expect'], context);
  const eventNode = lookUp(item, 'event');
  if (eventNode?.kind !== 'mapping') {
    return invalid(
      'A test needs an event',
      contextOf(eventNode ?? item, 'event', context),
      'event: {evt.type: openat}',
    );
  }
  const fields = new Map<string, GivenValue>();
  for (const { key, value } of eventNode.entries) readField(key, value, fields, context);
  const eventType = fields.get('evt.type');
  const eventContext = contextOf(eventNode, 'event', context);
  if (typeof eventType !== 'string') {
    return invalid('An event needs evt.type', eventContext, 'rules are tried by the type of the event');
  }
  if (!isEventName(eventType)) {
    const near = suggestEvent(eventType);
    const place = contextOf(lookUp(eventNode, 'evt.type') ?? eventNode, 'evt.type', context);
    return invalid(`No event type is called ${eventType}`, place, near && `did you mean ${near}?`);
  }
  const parameters = (findEventType(eventType)?.parameters ?? []).map((parameter) => parameter.name);
  return { name, event: { fields, parameters }, eventType, expected: readExpected(item, context) };
}

function readField(key: YamlNode, value: YamlNode, fields: Map<string, GivenValue>, parent: Context): void {
  const name = key.kind === 'scalar' ? key.text : '';
  const resolved = resolveField(name);
  if (!resolved.ok) {
    const near = suggestField(name);
    const context = contextOf(key, name, parent);
    if (resolved.field && resolved.reason !== 'unknown') {
      const what = { 'argument-missing': 'needs an argument', 'argument-invalid': 'has no such argument' } as const;
      const said = resolved.reason === 'argument-unexpected' ? 'takes no argument' : what[resolved.reason];
      invalid(`Field ${resolved.field.name} ${said}`, context);
    }
    invalid(`No field is called ${name}`, context, near ? `did you mean ${near}?` : 'see `wasprey list fields`');
  }
  // Nothing, or null: the field is absent.
  if (value.kind === 'null') return;
  const context = contextOf(value, name, parent);
  if (value.kind === 'mapping') invalid('A field has one value', context);
  const given =
    value.kind === 'scalar' ? value.text : value.items.map((item) => (item.kind === 'scalar' ? item.text : ''));
  if (typeof given !== 'string' && !resolved.field.list) invalid(`Field ${name} is no list`, context);
  try {
    checkGivenValue(resolved.field, resolved.argument, given);
  } catch (error) {
    if (!(error instanceof GivenValueError)) throw error;
    invalid(error.message, context);
  }
  const listed = typeof given === 'string' && resolved.field.list ? [given] : given;
  fields.set(givenName(resolved.field, resolved.argument), listed);
}

function readExpected(item: YamlMapping, parent: Context): readonly Expectation[] {
  const node = lookUp(item, 'expect');
  if (!node) return invalid('A test needs `expect`', parent, 'the names of rules, or none');
  const context = contextOf(node, 'expect', parent);
  switch (node.kind) {
    case 'null':
      return [];
    case 'scalar':
      return node.text === 'none' ? [] : [{ rule: node.text, context }];
    case 'sequence':
      return node.items.map((rule) => {
        const place = contextOf(rule, 'expect', parent);
        return rule.kind === 'scalar'
          ? { rule: rule.text, context: place }
          : invalid('A rule is meant by its name', place);
      });
    case 'mapping':
      return node.entries.map(({ key, value }) => {
        const place = contextOf(key, 'expect', parent);
        if (key.kind !== 'scalar') return invalid('A rule is meant by its name', place);
        if (value.kind === 'null') return { rule: key.text, context: place };
        if (value.kind === 'scalar') return { rule: key.text, output: value.text, context: place };
        return invalid('The output of a rule is a text', contextOf(value, key.text, parent));
      });
  }
}

/**
 * Every rule that is expected anywhere has to exist.
 * @throws RuleLoadError
 */
export function requireKnownRules({ tests }: TestFile, names: readonly string[]): void {
  for (const { rule, context } of tests.flatMap(({ expected }) => expected)) {
    if (names.includes(rule)) continue;
    const near = nearest(rule, names);
    const help = near === undefined ? 'rules that are not enabled are not tried' : `did you mean ${near}?`;
    throw new RuleLoadError('LOAD_ERR_VALIDATE', `No enabled rule is called ${rule}`, context, { help });
  }
}
