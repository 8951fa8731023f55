// Sets of rule files, as commands load them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadRuleSet } from '../../../host/daemon/rules/load-rule-set.ts';
import { readRuleFiles } from '../../../host/daemon/rules/rule-files.ts';
import { SILENT } from '../../../host/diagnostics/terminal.ts';

const rule = (name: string, condition: string): string =>
  `- rule: ${name}\n  desc: d\n  condition: ${condition}\n  output: o\n  priority: INFO\n`;

const LIBRARY = '- macro: used\n  condition: evt.type = open\n- macro: unused\n  condition: evt.type = close\n';

function warnings(...texts: readonly string[]): string[] {
  const files = texts.map((text, index) => ({ name: `${index}.yaml`, text }));
  return loadRuleSet(files, SILENT, true).diagnostics.map(({ file, line, code }) => `${file}:${line} ${code}`);
}

test('a file of macros and lists only is a library for other files: what they do not use is not warned of', () => {
  assert.deepEqual(warnings(LIBRARY, rule('R', 'used')), []);
  assert.deepEqual(warnings(LIBRARY + rule('R', 'used')), ['0.yaml:3 LOAD_UNUSED_MACRO']);
  assert.deepEqual(warnings(LIBRARY, `- macro: own\n  condition: evt.num = 0\n${rule('R', 'used')}`), [
    '1.yaml:1 LOAD_UNUSED_MACRO',
  ]);
  assert.deepEqual(warnings(LIBRARY), ['0.yaml:1 LOAD_UNUSED_MACRO', '0.yaml:3 LOAD_UNUSED_MACRO']);
});

test("rules that use macros of Falco's stock rules load behind the rules that ship", () => {
  const text = [
    rule('Shell', 'spawned_process and container and shell_procs'),
    rule('Etc', 'open_write and etc_dir and not proc.name in (package_mgmt_binaries)'),
    rule('Moved', 'modify and container and proc_name_exists'),
    rule('Out', 'outbound and not never_true'),
    rule('In', 'inbound or inbound_outbound'),
    rule('Secrets', 'open_read and sensitive_files and not interactive'),
  ].join('');
  const { active } = loadRuleSet([...readRuleFiles([]), { name: 'custom.yaml', text }], SILENT, false);
  const names = active.filter(({ file }) => file === 'custom.yaml').map(({ name }) => name);
  assert.deepEqual(names, ['Shell', 'Etc', 'Moved', 'Out', 'In', 'Secrets']);
});
