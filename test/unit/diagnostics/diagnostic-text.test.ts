// Whole diagnostics as people see them: message, place, caret, notes and help.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadRules } from '../../../host/compiler/rules/load.ts';
import { renderDiagnostic } from '../../../host/diagnostics/diagnostic-text.ts';

/** All diagnostics of a file, without the last line's end. */
function shown(text: string): string {
  const { errors, warnings } = loadRules([{ name: 'rules.yaml', text }]);
  return [...errors, ...warnings].map((diagnostic) => renderDiagnostic(diagnostic)).join('\n');
}

function rule(condition: string, output = 'seen'): string {
  return `- rule: Cat\n  desc: d\n  condition: ${condition}\n  output: ${output}\n  priority: INFO\n`;
}

interface Case {
  readonly name: string;
  readonly text: string;
  readonly shown: string;
}

const CASES: readonly Case[] = [
  {
    name: 'an unknown field',
    text: rule('evt.type = open and proc.nmae = cat'),
    shown: `
error[LOAD_ERR_COMPILE_CONDITION]: unknown field proc.nmae
  --> rules.yaml:3:34
   |
 3 |   condition: evt.type = open and proc.nmae = cat
   |                                  ^^^^^^^^^
   = in rule "Cat"
   = help: did you mean proc.name?`,
  },
  {
    name: 'an unknown field in a folded condition',
    text: rule('>\n    evt.type = open\n    and proc.name = cat and\n      fd.nam startswith /etc'),
    shown: `
error[LOAD_ERR_COMPILE_CONDITION]: unknown field fd.nam
  --> rules.yaml:6:7
   |
 6 |       fd.nam startswith /etc
   |       ^^^^^^
   = in rule "Cat"
   = help: did you mean fd.name?`,
  },
  {
    name: 'an operator that a type does not have, behind escapes in a quoted condition',
    text: rule('"evt.type = open and\\n  proc.name in (\\"a\\", b) and user.uid contains 5"'),
    shown: String.raw`
error[LOAD_ERR_COMPILE_CONDITION]: user.uid (a number, UINT32) has no operator contains
  --> rules.yaml:3:66
   |
 3 |   condition: "evt.type = open and\n  proc.name in (\"a\", b) and user.uid contains 5"
   |                                                                  ^^^^^^^^^^^^^^^^^^^
   = in rule "Cat"
   = help: it has ==, =, !=, exists, in, intersects, <, <=, >, >=`,
  },
  {
    name: 'a list item that breaks the condition it is put in',
    text: `- list: shells\n  items: [bash, '(x']\n${rule('evt.type = open and proc.name in (shells)')}`,
    shown: `
error[LOAD_ERR_COMPILE_CONDITION]: expected a string value
  --> rules.yaml:5:48
   |
 5 |   condition: evt.type = open and proc.name in (shells)
   |                                                ^^^^^^
   = in rule "Cat"
   = note: here the items of list shells stand for its name`,
  },
  {
    name: 'a mistake in a macro, which only shows in the rule',
    text: `- macro: opened\n  condition: evt.type = opne\n- macro: inner\n  condition: opened\n${rule('inner')}`,
    shown: `
error[LOAD_ERR_COMPILE_CONDITION]: unknown event type opne
  --> rules.yaml:2:25
   |
 2 |   condition: evt.type = opne
   |                         ^^^^
   = in rule "Cat"
   = note: in macro opened, used by macro inner
   = help: did you mean open?`,
  },
  {
    name: 'a macro that is not defined',
    text: `- macro: opened\n  condition: evt.type = open\n${rule('opend and proc.name = cat')}`,
    shown: `
error[LOAD_ERR_VALIDATE]: Undefined macro 'opend' used in filter.
  --> rules.yaml:5:14
   |
 5 |   condition: opend and proc.name = cat
   |              ^^^^^
   = in rule "Cat"
   = help: did you mean opened?`,
  },
  {
    name: 'a parenthesis left open',
    text: rule('evt.type = open and not (proc.name = cat or proc.name = dog'),
    shown: `
error[LOAD_ERR_COMPILE_CONDITION]: expected a ')' token
  --> rules.yaml:3:73
   |
 3 |   condition: evt.type = open and not (proc.name = cat or proc.name = dog
   |                                                                         ^
   = in rule "Cat"
   = help: a parenthesis is not closed`,
  },
  {
    name: 'not in the wrong place',
    text: rule('evt.type = open and proc.name not in (cat)'),
    shown: `
error[LOAD_ERR_COMPILE_CONDITION]: expected a valid check operator: one of 'exists', '<=', '<', '>=', '>', '==', '=', '!=', 'glob', 'iglob', 'contains', 'icontains', 'bcontains', 'startswith', 'bstartswith', 'endswith', 'regex', 'intersects', 'in', 'pmatch'
  --> rules.yaml:3:44
   |
 3 |   condition: evt.type = open and proc.name not in (cat)
   |                                            ^
   = in rule "Cat"
   = help: \`not\` stands before the field: \`not proc.name in (a, b)\`; join two checks with \`and\` or \`or\``,
  },
  {
    name: 'a network where an address belongs',
    text: rule('evt.type = connect and fd.sip = 10.0.0.0/8'),
    shown: `
error[LOAD_ERR_COMPILE_CONDITION]: 10.0.0.0/8 is not an IP address
  --> rules.yaml:3:46
   |
 3 |   condition: evt.type = connect and fd.sip = 10.0.0.0/8
   |                                              ^^^^^^^^^^
   = in rule "Cat"
   = help: for a network compare fd.net, fd.snet, fd.cnet...`,
  },
  {
    name: 'an unknown field in the output',
    text: rule('evt.type = open', '"user=%user.name file=%fd.nam x"'),
    shown: `
error[LOAD_ERR_COMPILE_OUTPUT]: unknown field fd.nam
  --> rules.yaml:4:33
   |
 4 |   output: "user=%user.name file=%fd.nam x"
   |                                 ^^^^^^^
   = in rule "Cat"
   = help: did you mean %fd.name?`,
  },
  {
    name: 'a misspelt key',
    text: '- rule: Cat\n  desc: d\n  condition: evt.type = open\n  output: o\n  prioriti: INFO\n',
    shown: `
error[LOAD_ERR_YAML_VALIDATE]: Item has no mapping for key 'priority'
  --> rules.yaml:5:3
   |
 5 |   prioriti: INFO
   |   ^^^^^^^^
   = in rule "Cat"
   = help: did you mean \`priority:\`?`,
  },
  {
    name: 'a value of an exception',
    text: `${rule('evt.type = open')}  exceptions:\n  - name: known\n    fields: [proc.pid, fd.name]\n    values:\n    - [1, b]\n    - [x, b]\n`,
    shown: `
error[LOAD_ERR_COMPILE_CONDITION]: x is not a valid number
   --> rules.yaml:11:8
    |
 11 |     - [x, b]
    |        ^
    = in rule "Cat"
    = help: expected a whole decimal number`,
  },
  {
    name: 'a field of an exception',
    text: `${rule('evt.type = open')}  exceptions:\n  - name: known\n    fields: [proc.name, fd.nmae]\n    values: [[a, b]]\n`,
    shown: `
error[LOAD_ERR_VALIDATE]: 'fd.nmae' is not a supported filter field
  --> rules.yaml:8:25
   |
 8 |     fields: [proc.name, fd.nmae]
   |                         ^^^^^^^
   = in rule "Cat", exception "known"
   = help: did you mean fd.name?`,
  },
  {
    name: 'a mistake in what an override appends',
    text: `${rule('evt.type = open')}- rule: Cat\n  condition: and proc.nmae = x\n  override: {condition: append}\n`,
    shown: `
error[LOAD_ERR_COMPILE_CONDITION]: unknown field proc.nmae
  --> rules.yaml:7:18
   |
 7 |   condition: and proc.nmae = x
   |                  ^^^^^^^^^
   = in rule "Cat"
   = help: did you mean proc.name?`,
  },
  {
    name: 'broken YAML',
    text: '- rule: A\n  desc: x\n   condition: evt.type=open\n',
    shown: `
error[LOAD_ERR_YAML_PARSE]: bad indentation of a mapping entry
  --> rules.yaml:3:13
   |
 3 |    condition: evt.type=open
   |             ^`,
  },
  {
    name: 'a warning about a constant that looks like a field',
    text: rule('evt.type = open and proc.name = proc.pname'),
    shown: `
warning[LOAD_COMPILE_CONDITION]: 'proc.pname' may be a valid field misused as a const string value
  --> rules.yaml:3:46
   |
 3 |   condition: evt.type = open and proc.name = proc.pname
   |                                              ^^^^^^^^^^
   = in rule "Cat"
   = help: to compare with the field's value, write val(proc.pname) without quotes`,
  },
  {
    name: 'a column is counted in characters, and a caret stands under wide ones too',
    text: rule("evt.type = open and proc.name = 'größe 中 😀' and nope.field = 1"),
    shown: `
error[LOAD_ERR_COMPILE_CONDITION]: unknown field nope.field
  --> rules.yaml:3:62
   |
 3 |   condition: evt.type = open and proc.name = 'größe 中 😀' and nope.field = 1
   |                                                                ^^^^^^^^^^
   = in rule "Cat"
   = help: see \`wasprey list fields\``,
  },
  {
    name: 'a control character never reaches the terminal',
    text: '- rule: A\x1b[31m\n  desc: d\n',
    shown: String.raw`
error[LOAD_ERR_YAML_PARSE]: the stream contains non-printable characters
  --> rules.yaml:1:10
   |
 1 | - rule: A\x1b[31m
   |          ^^^^`,
  },
];

for (const { name, text, shown: expected } of CASES) {
  test(name, () => assert.equal(`\n${shown(text)}`, expected));
}

test('a long condition is cut around the place', () => {
  const text = shown(
    rule(
      `evt.type = open and fd.name in (${'/a/b/c, '.repeat(100)}/d) and nope.x = 1 or ${'proc.pid = 1 or '.repeat(60)}proc.pid = 2`,
    ),
  );
  const [, , , line = '', carets = ''] = text.split('\n');
  assert.ok(line.length < 130, line);
  const column = carets.indexOf('^');
  assert.equal(line.slice(column, carets.length), 'nope.x');
});

test('colours are only put in when asked for', () => {
  const [error] = loadRules([{ name: 'a', text: 'x' }]).errors;
  assert.ok(error);
  assert.ok(!renderDiagnostic(error).includes('\x1b'));
  assert.ok(renderDiagnostic(error, { color: true }).startsWith('\x1b[1;31merror'));
});
