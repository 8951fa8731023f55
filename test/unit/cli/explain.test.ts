// wasprey explain: whole outputs, and the layout of conditions.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { formatCondition } from '../../../host/compiler/conditions/format-condition.ts';
import { parseCondition } from '../../../host/compiler/conditions/parser.ts';
import { printCondition } from '../../../host/compiler/conditions/print.ts';
import { waspreyIn } from '../../support/command-line.ts';

const RULES = `
- list: shells
  items: [bash, sh]
- macro: opened
  condition: evt.type in (open, openat, mlock, connect)
- rule: Shell reads
  desc: A shell reads.
  condition: opened and evt.is_open_read = true and proc.name in (shells) and not proc.pname = sshd and evt.latency > 5
  output: seen %fd.name %evt.latency
  priority: NOTICE
- rule: Any exec
  desc: d
  condition: evt.type = execve
  output: seen
  priority: INFO
  enabled: false
- rule: Shell opens
  desc: d
  condition: evt.type in (open, openat) and fd.name startswith /etc and (proc.name = bash or proc.pname = sshd)
  output: seen
  priority: INFO
- rule: Program with arguments
  desc: d
  condition: evt.type = execve and proc.name = nc and (proc.args contains "-e" or evt.arg.filename startswith /tmp)
  output: seen
  priority: INFO
`;

let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'wasprey-explain-'));
  writeFileSync(join(folder, 'rules.yaml'), RULES);
});
after(() => rmSync(folder, { recursive: true }));

function explain(...words: string[]) {
  return waspreyIn({ cwd: folder }, 'explain', ...words);
}

test('a rule that can match', () => {
  assert.deepEqual(explain('Shell opens', 'rules.yaml'), {
    status: 0,
    stderr: '',
    stdout: `\
Shell opens
  Informational, enabled, rules.yaml:17
  d

Condition as written
  evt.type in (open, openat) and fd.name startswith /etc and (proc.name = bash or proc.pname = sshd)

With macros, lists and exceptions expanded
  evt.type in (open, openat) and fd.name startswith /etc and (proc.name = bash or proc.pname = sshd)

Events
  evaluated on open, openat

Fields
  condition: evt.type, fd.name, proc.name, proc.pname
  output: none

Decided once per process
  proc.name = bash or proc.pname = sshd

In the kernel
  Attached for this rule: open, openat.
  Events of processes that it cannot match are dropped there, unless another rule needs them.
  Every match needs this; events without it are dropped there, unless another rule needs them:
  open, openat: a name that begins with /etc
  Exact in the kernel, as responses with \`where: kernel\` need it.

Estimated cost
  about 8 ns once per process; where that is false, nothing per event
  about 3 ns on average for an event of a process that passed: open, openat
`,
  });
});

test('a rule that can not, for a field that the capture lacks', () => {
  assert.deepEqual(explain('Shell reads', 'rules.yaml'), {
    status: 0,
    stderr: '',
    stdout: `\
Shell reads
  Notice, enabled, rules.yaml:6
  A shell reads.

Condition as written
  opened and evt.is_open_read = true and proc.name in (shells) and not proc.pname = sshd and evt.latency > 5

With macros, lists and exceptions expanded
  evt.type in (open, openat, mlock, connect)
  and evt.is_open_read = true
  and proc.name in (bash, sh)
  and not proc.pname = sshd
  and evt.latency > 5

Events
  evaluated on no event: it can never match
  never true on open, openat, connect, which its event types allow
  its condition also allows 1 event type that is not captured

Fields
  condition: evt.type, evt.is_open_read, proc.name, proc.pname, evt.latency (not captured: always
  absent)
  output: fd.name, evt.latency (not captured: always absent)

Decided once per process
  Nothing: the rule is never evaluated.

In the kernel
  This rule attaches no program.

Estimated cost
  none
`,
  });
});

test('a rule that asks for nothing but the event', () => {
  assert.deepEqual(explain('Any exec', 'rules.yaml'), {
    status: 0,
    stderr: '',
    stdout: `\
Any exec
  Informational, not enabled, rules.yaml:11
  d

Condition as written
  evt.type = execve

With macros, lists and exceptions expanded
  evt.type = execve

Events
  evaluated on execve

Fields
  condition: evt.type
  output: none

Decided once per process
  Nothing: the rule is evaluated on its events of every process.

In the kernel
  Attached for this rule: execve.
  The kernel can drop no further events for this rule.
  Exact in the kernel, as responses with \`where: kernel\` need it.

Estimated cost
  nothing more to test for an event: execve
`,
  });
});

test('an unknown rule gets a suggestion', () => {
  assert.deepEqual(explain('Shel reads', 'rules.yaml'), {
    status: 1,
    stdout: '',
    stderr: "wasprey: unknown rule 'Shel reads'\n  did you mean 'Shell reads'?\n",
  });
  assert.equal(explain().status, 2);
});

test('a condition laid out over lines is the same condition', () => {
  const values = Array.from({ length: 30 }, (_, index) => (index % 3 ? `name${index}` : `"with, comma ${index}"`));
  const condition = `evt.type = open and not (proc.name in (${values.join(', ')}) or not proc.cmdline contains "a, b") and (fd.num = 1 or fd.num in (1,2,3))`;
  const tree = parseCondition(condition);
  for (const width of [10, 40, 80, 1000]) {
    const lines = formatCondition(tree, width);
    assert.equal(printCondition(parseCondition(lines.join('\n'))), printCondition(tree), String(width));
  }
  for (const line of formatCondition(tree, 60)) assert.ok(line.length <= 60, line);
  assert.equal(formatCondition(tree, 1000).length, 1);
});

test('a rule that the kernel cannot decide, with what stands in the way', () => {
  const { stdout } = explain('Program with arguments', 'rules.yaml');
  assert.deepEqual(stdout.slice(stdout.indexOf('  Not exact'), stdout.indexOf('\n\nEstimated')).split('\n'), [
    '  Not exact in the kernel, as responses with `where: kernel` need it:',
    '  proc.args contains "-e": of a program that is being run only proc.name, proc.exepath and whether',
    '  it is in a container are known in time',
    '  evt.arg.filename startswith /tmp: it is what the process passed, not the name of a file',
  ]);
});
