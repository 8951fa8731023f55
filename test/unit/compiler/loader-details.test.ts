// What the loader makes of odd values in rule files, as Falco does: what comes to nothing, what is reported first, how numbers are read.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printCanonical } from '../../../host/compiler/conditions/print.ts';
import { constantFor } from '../../../host/compiler/lower/number-check.ts';
import { type LoadResult, loadRules } from '../../../host/compiler/rules/load.ts';

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

test('what is wrong with an output is reported before what is wrong with the condition', () => {
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

test('deprecated fields are reported first, whatever else there is to say of a condition', () => {
  assert.deepEqual(codes(rule('evt.type = open and proc.name = proc.pname and evt.dir = <')), [
    'LOAD_DEPRECATED_ITEM',
    'LOAD_COMPILE_CONDITION',
  ]);
  assert.deepEqual(codes(rule('evt.dir = < and nope.x = 1')), ['LOAD_ERR_COMPILE_CONDITION', 'LOAD_DEPRECATED_ITEM']);
});

test('an override that is not a word is an error of the file', () => {
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

test('the schema takes other numbers than the loader: decimal ones of 64 bits, with blanks before them', () => {
  const valid = (value: string) =>
    load(rule('evt.type = open', `  capture_duration: ${value}\n`)).files[0]?.schema?.length === 0;
  for (const value of ['7', '+7', '-1', "' 7'", '08', '9223372036854775807']) assert.ok(valid(value), value);
  for (const value of ["'7 '", '0x10', '7.0', 'x', '9223372036854775808']) assert.ok(!valid(value), value);
});

test('numbers may have blanks behind them, but not before', () => {
  const duration = (value: string) => codes(rule('evt.type = open', `  capture_duration: ${value}\n`));
  for (const value of ['7', '0x10', '010', '+7', "'7 '"]) assert.deepEqual(duration(value), [], value);
  for (const value of ["' 7'", '-0', '08', '7.0', '4294967296']) {
    assert.deepEqual(duration(value), ['LOAD_ERR_YAML_VALIDATE'], value);
  }
});

/** What is wrong with a check, of which the condition has nothing else; undefined if nothing is. */
function wrongWith(check: string): string | undefined {
  return load(rule(JSON.stringify(`evt.type = open and ${check}`))).errors[0]?.message;
}

test('addresses and networks are those that Falco reads', () => {
  for (const address of ['10.0.0.1', '::1', 'FE80::1', '::']) assert.equal(wrongWith(`fd.sip = ${address}`), undefined);
  for (const address of ['::ffff:10.0.0.1', '::1%lo', '10.1', '10.0.0.1/8', "' ::1'"]) {
    assert.match(wrongWith(`fd.sip = ${address}`) ?? '', /is not an IP address/, address);
  }
  // The length of a network is a number like others, of which eight bits are kept.
  for (const network of ['10.0.0.0/8', '0.0.0.0/0', '10.0.0.0/264', "'10.0.0.0/ 8'", 'fe80::/10', '::/1']) {
    assert.equal(wrongWith(`fd.snet = ${network}`), undefined, network);
  }
  for (const network of [
    '::/0',
    '::/129',
    '::1',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '::ffff:10.0.0.0/104',
    '10.0.0.0/8/9',
  ]) {
    assert.match(wrongWith(`fd.snet = ${network}`) ?? '', /is not a network/, network);
  }
});

test('what is compared with another value of the event is one that Falco compares', () => {
  assert.equal(wrongWith('proc.name = val(proc.pname)'), undefined);
  for (const check of ['proc.aname = val(proc.pname)', 'fd.ip = val(fd.sip)', 'fd.types in val(proc.name)']) {
    assert.match(wrongWith(check) ?? '', /can only be compared with constants/, check);
  }
  assert.match(wrongWith("proc.name in getopt((proc.args[0]), 'a')") ?? '', /can't be compared with a list/);
});

test('transformers take lists where a list is meant, and texts elsewhere', () => {
  for (const check of [
    "join(',', (proc.name, 'x')) = a",
    "join(',', fd.types) = a",
    "concat(getopt((proc.args[0]), 'a:')[a], 'x') = a",
    "getopt((proc.args[0]), 'a:')[a] = b",
    'b64(evt.buffer) bcontains 6162',
  ]) {
    assert.equal(wrongWith(check), undefined, check);
  }
  for (const check of [
    "join((','), (proc.name)) = a",
    "join(',', getopt((proc.args[0]), 'a')) = a",
    "concat(fd.types, 'x') = a",
    "concat((proc.name), 'x') = a",
    "getopt((proc.args[0]), ('a'))[a] = b",
    "getopt((proc.pid), 'a')[a] = b",
    "getopt((proc.args[0]), 'a:')[ab] = c",
    'b64(evt.buffer) glob x',
  ]) {
    assert.notEqual(wrongWith(check), undefined, check);
  }
});

test('a number that is compared is cut to the width of its field, as C reads and keeps it', () => {
  assert.equal(constantFor(' 5', 'INT64'), 5n);
  assert.equal(constantFor('+5', 'UINT32'), 5n);
  assert.equal(constantFor('-1', 'UINT32'), 0xffffffffn);
  assert.equal(constantFor('4294967296', 'UINT32'), 0n);
  assert.equal(constantFor('65537', 'INT16'), 1n);
  assert.equal(constantFor('9223372036854775808', 'INT64'), 9223372036854775807n);
  assert.equal(constantFor('99999999999999999999', 'UINT64'), 18446744073709551615n);
});

test('constants that were probably meant otherwise are reported', () => {
  const told = (check: string) => codes(rule(JSON.stringify(`evt.type = open and ${check}`))).length;
  for (const check of [
    "proc.name = ' proc. pname'",
    'proc.name regex proc.pname',
    "proc.name = 'tolower( nope )'",
    "proc.name = 'val(x)'",
    ...["'abc.+'", "'.?abc'", "'.*.*'", "'^abc$'", "''"].map((pattern) => `proc.name regex ${pattern}`),
  ]) {
    assert.equal(told(check), 1, check);
  }
  for (const check of [
    'proc.name = proc.nope',
    "proc.name = 'tolower(x'",
    "proc.name = 'getopt(x)[a]'",
    ...["'^.*abc'", "'abc.*$'", "'a.c'", "'a+'", "'a|b'"].map((pattern) => `proc.name regex ${pattern}`),
  ]) {
    assert.equal(told(check), 0, check);
  }
});
