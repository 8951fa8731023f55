// wasprey lint: every check, whole outputs, and what it must not say.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { lintRules } from '../../../host/compiler/lint/lint.ts';
import { loadRules } from '../../../host/compiler/rules/load.ts';
import { renderDiagnostic } from '../../../host/diagnostics/diagnostic-text.ts';
import { EVENT_TYPES } from '../../../host/schema/events/index.ts';
import { waspreyIn } from '../../support/command-line.ts';

function rule(name: string, condition: string): string {
  return `- rule: ${name}\n  desc: d\n  condition: ${condition}\n  output: seen\n  priority: INFO\n`;
}

function shown(text: string): string {
  const { rules, warnings, errors, leftOut } = loadRules([{ name: 'rules.yaml', text }]);
  assert.deepEqual(errors, []);
  return lintRules(rules, warnings, leftOut)
    .map((item) => renderDiagnostic(item))
    .join('\n');
}

const CASES: readonly { readonly name: string; readonly text: string }[] = [
  {
    name: 'a rule that an earlier one covers',
    text:
      rule('Shell', 'evt.type in (open, openat) and proc.name in (bash, sh)') +
      rule('Bash at /etc', 'evt.type = open and proc.name = bash and fd.name startswith /etc'),
  },
  {
    name: 'values that exclude each other',
    text: rule('Two', 'evt.type = open and proc.name = bash and fd.name = /a and proc.name in (sh, dash)'),
  },
  {
    name: 'a check that is never true on the events of the rule',
    text: rule('Path', 'evt.type = execve and evt.arg.flags contains O_RDWR'),
  },
  {
    name: 'parts that exclude each other',
    text: rule('Parts', 'evt.type = open and proc.name = bash and not (proc.name = bash or proc.name = sh)'),
  },
  {
    name: 'a check that is always true on the events of the rule',
    text: rule('Category', 'evt.type in (open, openat) and evt.category = file and proc.name = a'),
  },
  {
    name: 'a check that is always true on all of many events',
    text: rule('Source', 'evt.type in (open, openat, openat2, execve, execveat) and evt.source = syscall'),
  },
  {
    name: 'a check of a field that is another on all events of the rule',
    text: rule('Net', 'evt.type in (open, openat) and evt.category = net and proc.name = a'),
  },
  { name: 'two event types at once', text: rule('Both', 'evt.type = open and evt.type = execve and proc.name = a') },
  { name: 'events that are not captured', text: rule('Faults', 'evt.type = mlock and proc.name = x') },
  {
    name: 'a name that is too long, from a list',
    text: `- list: programs\n  items: [cat, a-very-long-program]\n${rule('Name', 'evt.type = open and proc.name in (programs)')}`,
  },
  { name: 'a path that is not absolute', text: rule('Relative', 'evt.type = openat and fd.name = passwd') },
  { name: 'a value in the wrong case', text: rule('Case', 'evt.type = open and tolower(proc.name) = Bash') },
  {
    name: 'a macro and a list that nothing uses',
    text: `- list: idle\n  items: [a]\n- macro: spare\n  condition: evt.type = open\n${rule('Used', 'evt.type = execve')}`,
  },
  { name: 'a condition on everything', text: rule('All', 'proc.name = x') },
  { name: 'a search with nothing before it', text: rule('Search', 'evt.type = open and fd.name regex "/a.*b"') },
];

const EXPECTED: Readonly<Record<string, string>> = {
  'a rule that an earlier one covers': `
warning[LINT_SHADOWED]: rule 'Shell' comes first and matches every event that this rule matches
  --> rules.yaml:6:3
   |
 6 | - rule: Bash at /etc
   |   ^^^^^^^^^^^^^^^^^^
   = in rule "Bash at /etc"
   = note: 'Shell' is at rules.yaml:1
   = note: with \`rule_matching: first\`, the default, only the first rule that matches an event raises an alert
   = help: put this rule before 'Shell', make that one narrower, or run with --rule-matching all`,
  'values that exclude each other': `
warning[LINT_ALWAYS_FALSE]: proc.name can't equal both this and bash, which the condition also requires
  --> rules.yaml:3:72
   |
 3 |   condition: evt.type = open and proc.name = bash and fd.name = /a and proc.name in (sh, dash)
   |                                                                        ^^^^^^^^^^^^^^^^^^^^^^^
   = in rule "Two"
   = help: join the two with \`or\`, or remove one`,
  'a check that is never true on the events of the rule': `
warning[LINT_ALWAYS_FALSE]: this is never true on execve
  --> rules.yaml:3:36
   |
 3 |   condition: evt.type = execve and evt.arg.flags contains O_RDWR
   |                                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
   = in rule "Path"
   = help: see \`wasprey list events execve\` for its parameters`,
  'parts that exclude each other': `
warning[LINT_ALWAYS_FALSE]: the parts of this condition can never be true together
  --> rules.yaml:1:3
   |
 1 | - rule: Parts
   |   ^^^^^^^^^^^
   = in rule "Parts"
   = help: \`wasprey explain\` shows it with all macros expanded`,
  'a check that is always true on the events of the rule': `
warning[LINT_ALWAYS_TRUE]: this is always true on open, openat
  --> rules.yaml:3:45
   |
 3 |   condition: evt.type in (open, openat) and evt.category = file and proc.name = a
   |                                             ^^^^^^^^^^^^^^^^^^^
   = in rule "Category"
   = help: remove it: it has no effect`,
  'a check that is always true on all of many events': `
warning[LINT_ALWAYS_TRUE]: this is always true on the events of this rule
  --> rules.yaml:3:72
   |
 3 |   condition: evt.type in (open, openat, openat2, execve, execveat) and evt.source = syscall
   |                                                                        ^^^^^^^^^^^^^^^^^^^^
   = in rule "Source"
   = help: remove it: it has no effect`,
  'a check of a field that is another on all events of the rule': `
warning[LINT_ALWAYS_FALSE]: this is never true on open, openat
  --> rules.yaml:3:45
   |
 3 |   condition: evt.type in (open, openat) and evt.category = net and proc.name = a
   |                                             ^^^^^^^^^^^^^^^^^^
   = in rule "Net"
   = help: see \`wasprey list fields evt.category\``,
  'two event types at once': `
warning[LINT_ALWAYS_FALSE]: evt.type can't equal both this and open, which the condition also requires
  --> rules.yaml:3:34
   |
 3 |   condition: evt.type = open and evt.type = execve and proc.name = a
   |                                  ^^^^^^^^^^^^^^^^^
   = in rule "Both"
   = help: join the two with \`or\`, or remove one`,
  'events that are not captured': `
warning[LINT_ALWAYS_FALSE]: none of the event types of this rule is captured
  --> rules.yaml:1:3
   |
 1 | - rule: Faults
   |   ^^^^^^^^^^^^
   = in rule "Faults"
   = help: \`wasprey list events\` shows the captured ones`,
  'a name that is too long, from a list': `
warning[LINT_VALUE_NEVER_MATCHES]: proc.name is never 'a-very-long-program': the kernel truncates names to 15 bytes, this has 19
  --> rules.yaml:5:48
   |
 5 |   condition: evt.type = open and proc.name in (programs)
   |                                                ^^^^^^^^
   = in rule "Name"
   = help: write 'a-very-long-pro', or compare proc.exepath`,
  'a path that is not absolute': `
warning[LINT_VALUE_NEVER_MATCHES]: fd.name never begins with 'passwd' here: it is an absolute path
  --> rules.yaml:3:46
   |
 3 |   condition: evt.type = openat and fd.name = passwd
   |                                              ^^^^^^
   = in rule "Relative"
   = help: write the full path, or use fd.name endswith or glob`,
  'a value in the wrong case': `
warning[LINT_VALUE_NEVER_MATCHES]: tolower() never returns 'Bash'
  --> rules.yaml:3:55
   |
 3 |   condition: evt.type = open and tolower(proc.name) = Bash
   |                                                       ^^^^
   = in rule "Case"
   = help: write 'bash'`,
  'a macro and a list that nothing uses': `
warning[LINT_UNUSED_LIST]: no rule or macro uses this list
  --> rules.yaml:1:3
   |
 1 | - list: idle
   |   ^^^^^^^^^^
   = in list "idle"
   = help: use it or remove it
warning[LINT_UNUSED_MACRO]: no rule or macro uses this macro
  --> rules.yaml:3:3
   |
 3 | - macro: spare
   |   ^^^^^^^^^^^^
   = in macro "spare"
   = help: use it or remove it`,
  'a condition on everything': `
warning[LINT_EXPENSIVE]: this rule is evaluated on ${EVENT_TYPES.length} event types
  --> rules.yaml:1:3
   |
 1 | - rule: All
   |   ^^^^^^^^^
   = in rule "All"
   = note: the kernel records all of these events because of it
   = help: begin with its event types: evt.type in (open, openat) and ...`,
  'a search with nothing before it': `
warning[LINT_EXPENSIVE]: fd.name is searched on every open
  --> rules.yaml:3:34
   |
 3 |   condition: evt.type = open and fd.name regex "/a.*b"
   |                                  ^^^^^^^^^^^^^^^^^^^^^
   = in rule "Search"
   = help: add a cheaper check that excludes most events, such as proc.name or a prefix of the path; startswith, endswith or contains cost less than regex`,
};

for (const { name, text } of CASES) {
  test(name, () => assert.equal(`\n${shown(text)}`, EXPECTED[name]));
}

test('what the loader leaves out without an error', () => {
  const codes = (text: string) => [...shown(text).matchAll(/^warning\[(\w+)\]/gm)].map(([, code]) => code);
  assert.match(
    shown(rule('Owner', 'evt.type = open and k8s.deployment.name startswith app')),
    /^warning\[LINT_ALWAYS_FALSE\]: no event meets this condition: k8s\.deployment\.name is always absent\n(?:.*\n)+warning\[WASPREY_FIELD_UNAVAILABLE\]/,
  );
  assert.deepEqual(codes(rule('Output', 'evt.type = open').replace('seen', "'%k8s.deployment.name'")), [
    'WASPREY_FIELD_UNAVAILABLE',
  ]);
  assert.deepEqual(codes(rule('Twice', 'evt.type = open') + rule('Twice', 'evt.type = execve')), [
    'WASPREY_DEFINED_TWICE',
  ]);
  assert.deepEqual(codes(`${rule('Key', 'evt.type = open')}  priority: ERROR\n`), ['WASPREY_KEY_IGNORED']);
  const list = `- list: our_tools\n  items: [a]\n${rule('List', 'evt.type = open and proc.name in (our_tools)')}`;
  assert.deepEqual(codes(`${list}${rule('Misspelt', 'evt.type = execve and proc.name in (our_tols)')}`), [
    'WASPREY_UNKNOWN_LIST',
  ]);
});

test('macros and lists of rules that are for another source are used', () => {
  const audit = rule('Audit', 'ka.verb = get and by_user and ka.target.name in (names)');
  const text = `- macro: by_user\n  condition: ka.user.name = x\n- list: names\n  items: [a]\n${audit}  source: k8s_audit\n`;
  assert.equal(shown(text), '');
  assert.match(shown(text.replace('by_user and', '')), /LINT_UNUSED_MACRO/);
});

test('what is meant as it is written is left alone', () => {
  const fine = [
    // A narrower rule first; the same condition on other events.
    rule('Narrow', 'evt.type = open and proc.name = bash and fd.name startswith /etc') +
      rule('Wide', 'evt.type = open and proc.name = bash') +
      rule('Other', 'evt.type = openat and proc.name = bash'),
    // An ancestor may have one name and another ancestor another.
    rule('Ancestors', 'evt.type = open and proc.aname = sshd and proc.aname = bash'),
    // Either end of a connection.
    rule('Ports', 'evt.type = connect and fd.port = 22 and fd.port = 8080'),
    // The usual ways to say "never" and to leave a place for own values.
    `- list: own\n  items: []\n${rule('Places', 'evt.type = open and proc.name = x and not evt.num = 0 and not proc.pname in (own)')}`,
    rule('Never', 'evt.type = open and evt.num = 0'),
    // Sockets and pipes have names that are not paths.
    rule('Socket', 'evt.type in (connect, open) and fd.name startswith 10.0.'),
    // The search comes last; of the process, it is done once.
    rule('Late', 'evt.type = open and proc.name = x and fd.name contains secret'),
    rule('Command', 'evt.type = open and proc.cmdline contains secret'),
    rule('Fifteen', 'evt.type = open and proc.name = exactly15bytes_'),
    rule('Case', 'evt.type = open and tolower(proc.name) = bash and toupper(fd.name) startswith /ETC'),
    // In one branch of two only.
    rule('Branches', '(evt.type = open and fd.name = /a) or (evt.type = execve and proc.name = y)'),
  ];
  for (const text of fine) assert.equal(shown(text), '');
});

test('the command: findings on stdout, status 1 only with --strict', () => {
  const folder = mkdtempSync(join(tmpdir(), 'wasprey-lint-'));
  try {
    writeFileSync(join(folder, 'fine.yaml'), rule('Used', 'evt.type = execve'));
    writeFileSync(join(folder, 'odd.yaml'), rule('Relative', 'evt.type = openat and fd.name = passwd'));
    const lint = (...words: string[]) => {
      const { status, stdout, stderr } = waspreyIn({ cwd: folder }, 'lint', ...words);
      return { status, last: stdout.trimEnd().split('\n').at(-1), stderr };
    };
    assert.deepEqual(lint('--strict', 'fine.yaml'), { status: 0, last: '1 rule: no findings', stderr: '' });
    assert.deepEqual(lint('odd.yaml'), { status: 0, last: '1 rule: 1 finding', stderr: '' });
    assert.deepEqual(lint('--strict', 'odd.yaml'), { status: 1, last: '1 rule: 1 finding', stderr: '' });
    assert.equal(lint('odd.yaml', '--strict', '--disable', '*').last, '0 rules: no findings');
    assert.equal(lint().status, 2);
    // Falco's files are remarked on when they are linted by themselves.
    writeFileSync(join(folder, 'falco_rules.yaml'), rule('Stock', 'evt.type = open and fd.name = passwd'));
    assert.equal(lint('falco_rules.yaml').last, '1 rule: 1 finding');
    const others = ", and 1 in Falco's files, shown when they are linted alone";
    assert.deepEqual(lint('--strict', 'falco_rules.yaml', 'fine.yaml'), {
      status: 0,
      last: `2 rules: no findings${others}`,
      stderr: '',
    });
    assert.equal(lint('falco_rules.yaml', 'odd.yaml').last, `2 rules: 1 finding${others}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
