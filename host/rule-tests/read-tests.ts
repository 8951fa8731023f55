// Reads a file of rule tests: which rules, and for each test an event or a recording and the rules that must match.

import { dirname, isAbsolute, join } from 'node:path';
import { readDocuments } from '../compiler/rules/read-items.ts';
import { type Context, RuleLoadError } from '../diagnostics/diagnostic.ts';
import type { SourceFile } from '../diagnostics/source-file.ts';
import { nearest } from '../diagnostics/suggest.ts';
import { lookUp, type YamlMapping, type YamlNode, type YamlScalar } from '../diagnostics/yaml.ts';
import { contextAt, fileContext, invalid, scalarAt, scalarsAt } from '../diagnostics/yaml-values.ts';
import { readEvent } from './read-event.ts';
import type { Expectation, ExpectedResponse, RuleTest } from './rule-test.ts';

/** A file named in a test file. */
export interface NamedFile {
  /** Absolute, or relative to the working directory. */
  readonly path: string;
  readonly context: Context;
}

export interface TestFile {
  readonly rules: readonly NamedFile[];
  /** A configuration with the responses that tests expect. */
  readonly responses?: NamedFile;
  readonly tests: readonly RuleTest[];
}

const SHAPE =
  'a test file has `rules: [FILE, ...]` and `tests:`, a list of `name`, `event`, `recording` or `audit`, and `expect`';

/** @throws RuleLoadError with the place of the error */
export function readTestFile(file: SourceFile): TestFile {
  const context = fileContext(file);
  const [document, second] = readDocuments(file);
  if (document?.kind !== 'mapping') {
    const start = document?.start ?? 0;
    return invalid('This is not a file of rule tests', { ...context, start, end: start }, SHAPE);
  }
  if (second) invalid('A test file is one document', { ...context, start: second.start, end: second.start }, SHAPE);
  checkKeys(document, ['rules', 'responses', 'tests'], context);
  const named = (scalar: YamlScalar, key: string): NamedFile => ({
    path: besideFile(file, scalar.text),
    context: contextOf(scalar, key, context),
  });
  const rules = scalarsAt(document, 'rules', context).map((scalar) => named(scalar, 'rules'));
  const responses = lookUp(document, 'responses') && named(scalarAt(document, 'responses', context), 'responses');
  const tests = lookUp(document, 'tests');
  if (tests?.kind !== 'sequence' || tests.items.length === 0)
    return invalid('There are no tests', contextOf(tests ?? document, 'tests', context), SHAPE);
  const read = tests.items.map((item) => readTest(item, context));
  if (!responses) refuseResponses(read);
  return { rules, ...(responses && { responses }), tests: read };
}

/** Paths in a test file are relative to its folder. */
function besideFile(file: SourceFile, path: string): string {
  return isAbsolute(path) ? path : join(dirname(file.name), path);
}

function contextOf(node: YamlNode, name: string, parent: Context): Context {
  return contextAt('value for', name, node, parent);
}

/** Checks that each key is known and unique. */
function checkKeys(item: YamlMapping, known: readonly string[], parent: Context): void {
  const given = new Set<string>();
  for (const { key } of item.entries) {
    const name = key.kind === 'scalar' ? key.text : '';
    if (given.has(name)) invalid(`'${name}' is given twice`, contextOf(key, name, parent));
    given.add(name);
    if (known.includes(name)) continue;
    const near = nearest(name, known);
    const help = near === undefined ? `known keys: ${known.join(', ')}` : `did you mean ${near}?`;
    invalid(`Unknown key '${name}'`, contextOf(key, name, parent), help);
  }
}

function readTest(item: YamlNode, parent: Context): RuleTest {
  if (item.kind !== 'mapping') return invalid('A test is a mapping', contextOf(item, 'tests', parent), SHAPE);
  const name = scalarAt(item, 'name', parent).text;
  const context = contextOf(item, name, parent);
  checkKeys(item, ['name', 'event', 'recording', 'audit', 'expect', 'respond'], context);
  const event = lookUp(item, 'event');
  const recording = lookUp(item, 'recording');
  const respond = lookUp(item, 'respond');
  if (event && recording) {
    return invalid(
      'A test has an event or a recording, not both',
      contextOf(recording, 'recording', context),
      'make two tests of it',
    );
  }
  const audit = lookUp(item, 'audit');
  if (audit && (event || recording)) {
    const place = contextOf(audit, 'audit', context);
    return invalid('A test has audit events, an event or a recording, one of them', place, 'make two tests of it');
  }
  if (respond && recording) {
    invalid('A recording has no expected responses', contextOf(respond, 'respond', context), 'give an event');
  }
  const responses = respond && { respond: readResponses(respond, context) };
  if (audit) {
    const { text } = scalarAt(item, 'audit', context);
    const events = /^\s*[[{]/.test(text) ? { json: text } : { path: besideFile(context.file, text) };
    const place = contextOf(audit, 'audit', context);
    return { kind: 'audit', name, events, context: place, expected: readExpected(item, context, true), ...responses };
  }
  if (recording) {
    const path = besideFile(context.file, scalarAt(item, 'recording', context).text);
    const place = contextOf(recording, 'recording', context);
    return { kind: 'recording', name, path, context: place, expected: readExpected(item, context, true) };
  }
  if (event?.kind !== 'mapping') {
    const help = '`event: {evt.type: openat, ...}`, `recording: FILE`, or `audit: FILE`';
    return invalid('A test needs an event', contextOf(event ?? item, 'event', context), help);
  }
  const expected = readExpected(item, context, false);
  return { kind: 'event', name, ...readEvent(event, context), expected, ...responses };
}

/** @param counted whether numbers of alerts may be expected, as on a recording */
function readExpected(item: YamlMapping, parent: Context, counted: boolean): readonly Expectation[] {
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
          : invalid('A rule is selected by its name', place);
      });
    case 'mapping':
      return node.entries.map(({ key, value }) => {
        const place = contextOf(key, 'expect', parent);
        if (key.kind !== 'scalar') return invalid('A rule is selected by its name', place);
        const expected = { rule: key.text, context: place };
        if (value.kind === 'null') return expected;
        if (value.kind === 'scalar') {
          const alerts = counted && /^\d{1,15}$/.test(value.text) ? Number(value.text) : undefined;
          return alerts === undefined ? { ...expected, output: value.text } : { ...expected, alerts };
        }
        const what = counted ? 'Expected: a number of alerts or an output text' : 'Expected: an output text';
        return invalid(what, contextOf(value, key.text, parent));
      });
  }
}

/** Names of responses, or `none`. */
function readResponses(node: YamlNode, parent: Context): readonly ExpectedResponse[] {
  const nameOf = (item: YamlNode): ExpectedResponse => {
    const context = contextOf(item, 'respond', parent);
    return item.kind === 'scalar'
      ? { response: item.text, context }
      : invalid('A response is selected by its name', context, 'the names of responses, or none');
  };
  if (node.kind === 'sequence') return node.items.map(nameOf);
  return node.kind === 'null' || (node.kind === 'scalar' && node.text === 'none') ? [] : [nameOf(node)];
}

/** Without a configuration there are no responses to expect. */
function refuseResponses(tests: readonly RuleTest[]): void {
  for (const test of tests) {
    const [first] = (test.kind !== 'recording' && test.respond) || [];
    if (first)
      invalid('The test file names no responses', first.context, 'add `responses: wasprey.yaml` beside `rules`');
  }
}

/**
 * Checks that every expected response exists.
 * @throws RuleLoadError
 */
export function requireKnownResponses(tests: readonly RuleTest[], names: readonly string[]): void {
  const expected = tests.flatMap((test) => (test.kind !== 'recording' && test.respond) || []);
  for (const { response, context } of expected) {
    if (names.includes(response)) continue;
    const near = nearest(response, names);
    const help = near === undefined ? undefined : `did you mean ${near}?`;
    throw new RuleLoadError('LOAD_ERR_VALIDATE', `No response has the name ${response}`, context, { help });
  }
}

/**
 * Checks that every expected rule exists.
 * @throws RuleLoadError
 */
export function requireKnownRules(tests: readonly RuleTest[], names: readonly string[]): void {
  for (const { rule, context } of tests.flatMap(({ expected }) => expected)) {
    if (names.includes(rule)) continue;
    const near = nearest(rule, names);
    const help = near === undefined ? 'disabled rules are not evaluated' : `did you mean ${near}?`;
    throw new RuleLoadError('LOAD_ERR_VALIDATE', `No enabled rule has the name ${rule}`, context, { help });
  }
}
