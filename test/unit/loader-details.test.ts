// What the loader makes of odd values in rule files, as Falco does: what comes to nothing, what is told first, how numbers are read.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type LoadResult, loadRules } from '../../host/compiler/load.ts';
import { printCanonical } from '../../host/compiler/print.ts';

function rule(condition: string, more = '', output = 'seen'): string {
  return `- rule: R\n  desc: what it is\n  condition: ${condition}\n  output: "${output}"\n  priority: NOTICE\n${more}`;
}

function load(text: string): LoadResult {
  return loadRules([{ name: 'rules.yaml', text }]);
}

function codes(text: string): string[] {
  const { errors, warnings } = load(text);
  return [...errors, ...warnings].map(({ code }) => code);
}

function compiled(text: string): string[] {
  const { rules, errors } = load(text);
  assert.deepEqual(
    errors.map(({ message }) => message),
    [],
  );
  return rules.map(({ condition }) => printCanonical(condition));
}

test('items that are empty put no comma before those that follow', () => {
  const inList = (items: string, values: string) =>
    compiled(`- list: l\n  items: ${items}\n${rule(`evt.type = open and proc.name in (${values})`)}`);
  assert.deepEqual(inList("['', a]", 'l'), ['(evt.type = open and proc.name in (a))']);
  assert.deepEqual(inList("['', a]", 'x, l'), ['(evt.type = open and proc.name in (x, a))']);
  // A list that comes to nothing takes a comma with it, like one without items.
  assert.deepEqual(inList("['', '']", 'x, l'), ['(evt.type = open and proc.name in (x))']);
  assert.deepEqual(inList("['', '']", 'l, x'), ['(evt.type = open and proc.name in (x))']);
  const trailing = `- list: l\n  items: [a, '']\n${rule('evt.type = open and proc.name in (l)')}`;
  assert.deepEqual(codes(trailing), ['LOAD_ERR_COMPILE_CONDITION']);
  const exception = (values: string) =>
    rule('evt.type = open', `  exceptions: [{name: e, fields: [proc.name], comps: [in], values: [[${values}]]}]\n`);
  assert.deepEqual(compiled(exception('[~, a]')), ['(evt.type = open and not proc.name in (a))']);
  assert.deepEqual(codes(exception('[a, ~]')), ['LOAD_ERR_COMPILE_CONDITION']);
});

test('an empty list of fields or comparisons of an exception counts as left out', () => {
  const exception = (text: string) => rule('evt.type = open', `  exceptions: [{name: e, ${text}}]\n`);
  assert.deepEqual(compiled(exception('fields: [proc.name], comps: [], values: [[x]]')), [
    '(evt.type = open and not proc.name = x)',
  ]);
  assert.deepEqual(compiled(exception('fields: proc.name, comps: [], values: [x]')), [
    '(evt.type = open and not proc.name in (x))',
  ]);
  assert.deepEqual(codes(exception('fields: [], values: [[x]]')), ['LOAD_ERR_VALIDATE']);
  const appended = `${exception('fields: [proc.name], values: [[x]]')}- rule: R\n  exceptions: [{name: e, fields: [], comps: [], values: [[y]]}]\n  override: {exceptions: append}\n`;
  assert.deepEqual(compiled(appended), ['(evt.type = open and not (proc.name = x or proc.name = y))']);
});

test('what is wrong with an output is told before what is wrong with the condition', () => {
  const skip = '  skip-if-unknown-filter: true\n';
  assert.deepEqual(codes(rule('evt.type =', '', '%nope.x')), ['LOAD_ERR_COMPILE_OUTPUT']);
  assert.deepEqual(codes(rule('evt.type =', skip, '%nope.x')), ['LOAD_UNKNOWN_FILTER']);
  // A rule that is left out for its output has used nothing.
  const unused = `- list: l\n  items: [a]\n- macro: m\n  condition: evt.type = open\n`;
  assert.deepEqual(codes(unused + rule('m and proc.name in (l)', skip, '%nope.x')), [
    'LOAD_UNKNOWN_FILTER',
    'LOAD_UNUSED_MACRO',
    'LOAD_UNUSED_LIST',
  ]);
});

test('deprecated fields are told of first, whatever else there is to say of a condition', () => {
  assert.deepEqual(codes(rule('evt.type = open and proc.name = proc.pname and evt.dir = <')), [
    'LOAD_DEPRECATED_ITEM',
    'LOAD_COMPILE_CONDITION',
  ]);
  assert.deepEqual(codes(rule('evt.dir = < and nope.x = 1')), ['LOAD_ERR_COMPILE_CONDITION', 'LOAD_DEPRECATED_ITEM']);
});

test('an override that is no word is an error of the file', () => {
  const text = `${rule('evt.type = open')}- rule: R\n  condition: and proc.name = x\n  override: {condition: [append]}\n`;
  const [error] = load(text).errors;
  assert.deepEqual([error?.code, error?.context.at(-1)?.type], ['LOAD_ERR_VALIDATE', 'rules content']);
});

test('versions are three numbers, whatever stands behind them', () => {
  const engine = (version: string) => codes(`- required_engine_version: ${version}\n`);
  for (const version of ['0.63.0.1', '0.63.0x', "' 0.63.0'", "'0.63.0 '", '0.63.0-rc1', '63', '0x3f', '077', "'7 '"]) {
    assert.deepEqual(engine(version), [], version);
  }
  for (const version of ['0.63', 'v0.63.0', '0.63.', "' 63'", '08', '1.5']) {
    assert.deepEqual(engine(version), ['LOAD_ERR_YAML_VALIDATE'], version);
  }
  for (const version of ['0.64.0', '0.63.1.0', '1.0.0', '-1.0.0']) {
    assert.deepEqual(engine(version), ['LOAD_ERR_VALIDATE'], version);
  }
});

test('numbers may have blanks behind them, but not before', () => {
  const duration = (value: string) => codes(rule('evt.type = open', `  capture_duration: ${value}\n`));
  for (const value of ['7', '0x10', '010', '+7', "'7 '"]) assert.deepEqual(duration(value), [], value);
  for (const value of ["' 7'", '-0', '08', '7.0', '4294967296']) {
    assert.deepEqual(duration(value), ['LOAD_ERR_YAML_VALIDATE'], value);
  }
});
