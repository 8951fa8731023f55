// Rule selection on the command line, and the JSON result of validate: whole outputs.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { waspreyIn } from '../../support/command-line.ts';

function rule(name: string, priority: string, tag: string, condition = `evt.type = open and proc.name = "${name}"`) {
  return `- rule: ${name}\n  desc: d\n  condition: ${condition}\n  output: o\n  priority: ${priority}\n  tags: [${tag}]\n`;
}

const RULES = rule('Read a', 'DEBUG', 'file') + rule('Read b', 'ERROR', 'file') + rule('Connect', 'NOTICE', 'network');

let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'wasprey-selection-'));
  writeFileSync(join(folder, 'rules.yaml'), RULES);
});
after(() => rmSync(folder, { recursive: true }));

function wasprey(...words: string[]) {
  return waspreyIn({ cwd: folder }, ...words);
}

function listed(...options: string[]): string[] {
  const { stdout } = wasprey('list', 'rules', 'rules.yaml', '--json', ...options);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line): { name: string; enabled: boolean } => JSON.parse(line))
    .map(({ name, enabled }) => `${enabled ? '+' : '-'}${name}`);
}

test('rules are selected by name and tag, in the order of the options', () => {
  assert.deepEqual(listed('--disable', 'Read *'), ['-Read a', '-Read b', '+Connect']);
  assert.deepEqual(listed('--disable', '*', '--enable-tag=file', '--disable', 'Read a'), [
    '-Read a',
    '+Read b',
    '-Connect',
  ]);
  assert.deepEqual(listed('--enable-tag=file', '--disable', '*'), ['-Read a', '-Read b', '-Connect']);
  assert.deepEqual(listed('--disable-tag', 'network', '--disable-tag', 'file', '--enable', 'Connect'), [
    '-Read a',
    '-Read b',
    '+Connect',
  ]);
});

test('rules below the least priority are not even loaded', () => {
  assert.deepEqual(listed('--priority', 'notice'), ['+Read b', '+Connect']);
  assert.equal(
    wasprey('validate', 'rules.yaml', '--priority', 'error', '--disable', 'Read b').stdout,
    '1 file, 1 rule (1 not enabled): valid\n',
  );
  assert.match(
    wasprey('validate', 'rules.yaml', '--priority', 'loud').stderr,
    /^wasprey: --priority can't be 'loud'\n/,
  );
});

test('a pattern that no rule has is reported, with what was probably meant', () => {
  assert.deepEqual(wasprey('list', 'rules', 'rules.yaml', '--names', '--disable', 'Conect'), {
    status: 0,
    stdout: 'Read a\nRead b\nConnect\n',
    stderr: 'wasprey: no rule has the name Conect\n  did you mean Connect?\n',
  });
});

test('where nothing is to be selected from, selecting is refused', () => {
  assert.equal(wasprey('list', 'events', '--enable', 'x').status, 2);
  const run = wasprey('run', '--module', 'rules.wasm', '--disable', 'x');
  assert.match(
    run.stderr,
    /a module's rules were selected when it was compiled\n {2}select them with `wasprey compile`/,
  );
});

test("validate --json is Falco's result: a rule that is wrong", () => {
  writeFileSync(join(folder, 'bad.yaml'), rule('Cat', 'INFO', 'x', 'evt.type = open and proc.nmae = cat'));
  const { status, stdout, stderr } = wasprey('validate', '--json', 'bad.yaml');
  assert.deepEqual({ status, stderr }, { status: 1, stderr: '' });
  const position = (line: number, column: number, offset: number) => ({ name: 'bad.yaml', line, column, offset });
  assert.deepEqual(JSON.parse(stdout), {
    falco_load_results: [
      {
        name: 'bad.yaml',
        successful: false,
        schema_valid: true,
        schema_warnings: [],
        errors: [
          {
            code: 'LOAD_ERR_COMPILE_CONDITION',
            codedesc: 'Error compiling condition',
            message: 'unknown field proc.nmae',
            context: {
              locations: [
                { item_type: 'rules content', item_name: '', position: position(0, 0, 0) },
                { item_type: 'rule', item_name: 'Cat', position: position(0, 2, 2) },
                { item_type: 'rule condition', item_name: '', position: position(2, 13, 35) },
                { item_type: 'condition expression', item_name: '', position: position(2, 33, 55) },
              ],
              snippet:
                '------\n  condition: evt.type = open and proc.nmae = cat\n                                 ^\n------\n',
            },
            help: 'did you mean proc.name?',
          },
        ],
        warnings: [],
      },
    ],
  });
});

test('validate --json: what only the back end finds is an error of its file too', () => {
  const condition = 'evt.type = open and fd.name regex "(a|b)*a(a|b){20}"';
  writeFileSync(join(folder, 'large.yaml'), rule('Large', 'INFO', 'x', condition));
  const { status, stdout } = wasprey('validate', '--json', 'rules.yaml', 'large.yaml');
  assert.equal(status, 1);
  const results = JSON.parse(stdout).falco_load_results;
  assert.deepEqual(
    results.map(({ name, successful }: { name: string; successful: boolean }) => [name, successful]),
    [
      ['rules.yaml', true],
      ['large.yaml', false],
    ],
  );
  assert.deepEqual(results[1].errors[0].notes, ['condition-too-large']);
  assert.equal(results[1].errors[0].context.locations[0].item_name, 'Large');
});

test('a field that the capture lacks is reported once, at its place', () => {
  const condition = 'evt.type = open and proc.name = x and thread.cpu > 5';
  writeFileSync(join(folder, 'lacking.yaml'), rule('Lacking', 'INFO', 'x', condition));
  assert.deepEqual(wasprey('validate', 'lacking.yaml'), {
    status: 0,
    stdout: '1 file, 1 rule: valid, 1 warning\n',
    stderr: `\
warning[WASPREY_FIELD_UNAVAILABLE]: thread.cpu is not captured and always absent: it needs an event for each context switch, which would cost more than all other events together
  --> lacking.yaml:3:52
   |
 3 |   condition: evt.type = open and proc.name = x and thread.cpu > 5
   |                                                    ^^^^^^^^^^
   = in rule "Lacking"

`,
  });
});
