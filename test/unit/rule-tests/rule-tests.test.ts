// `wasprey test`: what it prints of tests that pass, of tests that fail, and of test files that are wrong.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { waspreyIn } from '../../support/command-line.ts';

const RULES = `
- list: sensitive
  items: [/etc/shadow, /etc/gshadow]
- macro: open_read
  condition: evt.type in (open, openat) and evt.is_open_read = true
- rule: Read secrets
  desc: a program reads them
  condition: open_read and fd.name in (sensitive) and not proc.name in (sshd, login)
  output: secrets read (file=%fd.name by=%proc.name parent=%proc.aname[2] user=%user.name)
  priority: WARNING
- rule: Child of a shell
  desc: whatever a shell starts
  condition: evt.type = execve and proc.aname = bash
  output: child %proc.name
  priority: NOTICE
`;

const TESTS = `rules: [rules.yaml]
tests:
  - name: cat reads the shadow file
    event: {evt.type: openat, evt.is_open_read: true, fd.name: /etc/shadow, proc.name: cat, 'proc.aname[2]': bash}
    expect:
      Read secrets: secrets read (file=/etc/shadow by=cat parent=bash user=<NA>)
  - name: sshd <may>
    event: {evt.type: openat, evt.is_open_read: true, fd.name: /etc/shadow, proc.name: sshd}
    expect: [Read secrets]
  - name: grandchild
    event: {evt.type: execve, proc.name: ls, 'proc.aname[2]': bash}
    expect: none
  - name: another output
    event: {evt.type: open, evt.is_open_read: true, fd.name: /etc/gshadow, proc.name: a b}
    expect: {Read secrets: other}
  - name: another event type
    event: {evt.type: execve, fd.name: ''}
    expect: Read secrets
`;

let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'wasprey-test-'));
  writeFileSync(join(folder, 'rules.yaml'), RULES);
});
after(() => rmSync(folder, { recursive: true }));

test('fields of the exec session are given like others', () => {
  writeFileSync(
    join(folder, 'sessions.yaml'),
    `
- rule: By a person
  desc: d
  condition: evt.type = execve and k8s.user.groups intersects (dev, ops) and not k8s.user.name startswith system
  output: "%k8s.user.name"
  priority: NOTICE
- rule: From outside
  desc: d
  condition: evt.type = execve and session.kind = ssh and not session.net in (10.0.0.0/8)
  output: "%session.user"
  priority: NOTICE
`,
  );
  const { status, stdout } = run(`rules: [sessions.yaml]
tests:
  - name: a person
    event: {evt.type: execve, k8s.user.name: alice, k8s.user.groups: [all, dev]}
    expect: {By a person: alice}
  - name: a robot
    event: {evt.type: execve, k8s.user.name: 'system:robot', k8s.user.groups: [dev]}
    expect: none
  - name: nobody
    event: {evt.type: execve}
    expect: none
  - name: from outside
    event: {evt.type: execve, session.kind: ssh, session.user: alice, session.net: 192.0.2.7}
    expect: {From outside: alice}
  - name: from inside
    event: {evt.type: execve, session.kind: ssh, session.user: alice, session.net: 10.9.8.7}
    expect: none
  - name: from nowhere
    event: {evt.type: execve, session.kind: ssh, session.user: bob}
    expect: {From outside: bob}
`);
  assert.equal(status, 0, stdout);
});

function run(tests: string, ...words: readonly string[]) {
  writeFileSync(join(folder, 'tests.yaml'), tests);
  return waspreyIn({ cwd: folder }, 'test', 'tests.yaml', ...words);
}

test('a failure shows what was expected, what came, and which part of the rule was false', () => {
  const { status, stdout, stderr } = run(TESTS, '--junit', 'junit.xml');
  assert.equal(stderr, '');
  assert.equal(
    stdout,
    `ok    cat reads the shadow file
FAIL  sshd <may>
        expected  Read secrets
        got       none
      - Read secrets
          false: not proc.name in (sshd, login)
                 proc.name = sshd
FAIL  grandchild
        expected  none
        got       Child of a shell
      + Child of a shell
          child ls
FAIL  another output
        expected  Read secrets
        got       Read secrets
      ~ Read secrets: another output
          - other
          + secrets read (file=/etc/gshadow by=a b parent=<NA> user=<NA>)
FAIL  another event type
        expected  Read secrets
        got       none
      - Read secrets
          is only evaluated on open, openat, not on execve
          false: evt.type in (open, openat)
                 evt.type = execve
          false: evt.is_open_read = true
                 evt.is_open_read is absent
          false: fd.name in (/etc/shadow, /etc/gshadow)
                 fd.name = ""
1 passed, 4 failed
`,
  );
  assert.equal(status, 1);
  const junit = readFileSync(join(folder, 'junit.xml'), 'utf8');
  assert.match(junit, /^<testsuites tests="5" failures="4">$/m);
  assert.match(junit, /^ {4}<testcase classname="tests.yaml" name="cat reads the shadow file"\/>$/m);
  assert.match(junit, /name="sshd &lt;may&gt;">\n {6}<failure message="missing Read secrets">FAIL {2}sshd/);
});

test('all tests pass: status 0', () => {
  const { status, stdout } = run(TESTS.replace(/ {2}- name: sshd.*/s, ''));
  assert.equal(stdout, 'ok    cat reads the shadow file\n1 passed, 0 failed\n');
  assert.equal(status, 0);
});

test('a mistake in a test file is shown at its place, with what was probably meant', () => {
  const { status, stdout, stderr } = run(`rules: [rules.yaml]
tests:
  - name: x
    event: {evt.type: openat, fd.nmae: /etc/shadow}
    expect: none
`);
  assert.equal(stdout, '');
  assert.equal(
    stderr,
    `error[LOAD_ERR_YAML_VALIDATE]: Unknown field fd.nmae
  --> tests.yaml:4:31
   |
 4 |     event: {evt.type: openat, fd.nmae: /etc/shadow}
   |                               ^^^^^^^
   = help: did you mean fd.name?

wasprey: the tests were not run
  correct the errors above
`,
  );
  assert.equal(status, 1);
});

test('ports are numbers or services, as in rules, and what a condition saw of both ends is shown', () => {
  writeFileSync(
    join(folder, 'ports.yaml'),
    `- rule: Ssh
  desc: d
  condition: evt.type = connect and fd.sport = ssh and fd.net = 10.0.0.0/8
  output: port %fd.sport
  priority: INFO
`,
  );
  const { stdout, stderr } = run(`rules: [ports.yaml]
tests:
  - name: service
    event: {evt.type: connect, fd.sport: ssh, fd.sip: 10.1.2.3, fd.cip: 192.0.2.7}
    expect: {Ssh: port 22}
  - name: number
    event: {evt.type: connect, fd.sport: 22, fd.sip: 10.1.2.3}
    expect: {Ssh: port 22}
  - name: other address
    event: {evt.type: connect, fd.sport: 23, fd.sip: 203.0.113.9, fd.cip: 192.0.2.7}
    expect: Ssh
`);
  assert.equal(stderr, '');
  assert.equal(
    stdout,
    `ok    service
ok    number
FAIL  other address
        expected  Ssh
        got       none
      - Ssh
          false: fd.sport = ssh
                 fd.sport = 23
          false: fd.net = 10.0.0.0/8
                 fd.net = (192.0.2.7,203.0.113.9)
2 passed, 1 failed
`,
  );
});

const given = (fields: string): string =>
  `rules: [rules.yaml]\ntests:\n  - {name: x, event: {${fields}}, expect: none}\n`;

for (const [what, tests, message] of [
  [
    'a parameter that no event has',
    given('evt.type: openat, evt.arg.flgas: O_RDWR'),
    /openat has no parameter flgas\n.*did you mean flags\?/s,
  ],
  [
    'a parameter of another event',
    given('evt.type: openat, evt.arg.uid: 0'),
    /its parameters are fd, dirfd, name, flags,/,
  ],
  ['a parameter past the last', given("evt.type: openat, 'evt.arg[7]': 0"), /openat has no parameter 7/],
  ['a port past the last', given('evt.type: connect, fd.sport: 65536'), /fd\.sport is from 0 to 65535/],
  ['a service that there is not', given('evt.type: connect, fd.port: sssh'), /sssh is not a port/],
  ['a number that is too small', given('evt.type: connect, user.uid: -5'), /user\.uid is from 0 to 4294967295/],
  ['a number of 70 bits', given(`evt.type: connect, proc.pid: ${2n ** 70n}`), /out of range/],
  [
    'what follows from another field',
    given('evt.type: connect, fd.snet: 10.0.0.1'),
    /fd\.snet follows from fd\.sip: set that instead/,
  ],
  ['a field that is given twice', given('evt.type: connect, fd.name: a, fd.name: b'), /fd\.name is given twice/],

  ['a rule that there is not', TESTS.replace('[Read secrets]', '[Read secret]'), /did you mean Read secrets\?/],
  ['a value of another type', TESTS.replace('is_open_read: true', 'is_open_read: 1'), /1 is not true or false/],
  ['an event type that there is not', TESTS.replace('openat,', 'opneat,'), /did you mean openat\?/],
  ['no event type', TESTS.replace('evt.type: openat, ', ''), /An event needs evt.type/],
  ['an unknown key', TESTS.replace('expect: none', 'expcet: none'), /did you mean expect\?/],
  ['no tests', 'rules: [rules.yaml]', /There are no tests/],
  ['a list of tests that is empty', 'rules: [rules.yaml]\ntests: []', /There are no tests/],
  [
    'rules that are not there',
    'rules: [rules.yaml, other.yaml]\ntests: [{name: x, event: {evt.type: open}, expect: none}]',
    /can't read other\.yaml: no such file or directory\n {2}--> tests\.yaml:1:21\n/,
  ],
  [
    'a key that is given twice',
    TESTS.replace('expect: none', 'expect: none\n    expect: Read secrets'),
    /'expect' is given twice/,
  ],
  ['a second document', `${TESTS}---\n${TESTS}`, /A test file is one document/],
] as const) {
  test(`refused: ${what}`, () => {
    const { status, stderr } = run(tests);
    assert.match(stderr, message);
    assert.equal(status, 1);
  });
}

test('home and shell of the user are given as any field', () => {
  writeFileSync(
    join(folder, 'home.yaml'),
    `- rule: Home of a login
  desc: d
  condition: evt.type = setsid and user.shell in (/bin/sh, /bin/bash) and not user.homedir startswith /home/
  output: home=%user.homedir shell=%user.shell
  priority: INFO
`,
  );
  const { stdout, stderr } = run(`rules: [home.yaml]
tests:
  - name: matches
    event: {evt.type: setsid, user.shell: /bin/sh, user.homedir: /root}
    expect: {Home of a login: home=/root shell=/bin/sh}
  - name: another home
    event: {evt.type: setsid, user.shell: /bin/sh, user.homedir: /home/eva}
    expect: none
  - name: no shell
    event: {evt.type: setsid, user.homedir: /root}
    expect: none
`);
  assert.equal(stderr, '');
  assert.equal(stdout, 'ok    matches\nok    another home\nok    no shell\n3 passed, 0 failed\n');
});
