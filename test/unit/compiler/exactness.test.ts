// What of a condition the kernel can't decide, and the error that its author gets; and which clauses come of what it can.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { meansOf } from '../../../host/capture/enforcement-means.ts';
import { translateRules } from '../../../host/compiler/compile.ts';
import { parseCondition } from '../../../host/compiler/conditions/parser.ts';
import { enforcedRule, enforcementProblems, exactnessOf } from '../../../host/compiler/exactness.ts';
import { proveExact } from '../../../host/compiler/plan/exact/exact-rules.ts';
import { REASONS } from '../../../host/compiler/plan/exact/reasons.ts';
import { loadRules } from '../../../host/compiler/rules/load.ts';
import { ruleSourceOf } from '../../../host/compiler/rules/rule.ts';
import { renderDiagnostic } from '../../../host/diagnostics/diagnostic-text.ts';
import type { ExactClause } from '../../../host/schema/kernel-enforcement.ts';
import { missingFalco } from '../../support/falco-data.ts';
import { rulesOf } from '../../support/records/rule-module.ts';
import { STOCK_FILES, stockRules } from '../../support/stock-rules.ts';

function clausesOf(condition: string, unless?: string): readonly ExactClause[] {
  const [rule] = rulesOf([condition]);
  assert.ok(rule);
  const source = enforcedRule(rule, unless === undefined ? undefined : parseCondition(unless));
  const [planned] = translateRules([source]).plan.rules;
  assert.ok(planned);
  const proof = proveExact(planned);
  assert.ok(proof.isExact, JSON.stringify(proof));
  return proof.rule.clauses;
}

/** The reasons why a condition is not exact. */
function reasons(condition: string): readonly string[] {
  const [rule] = rulesOf([condition]);
  assert.ok(rule);
  const { isExact, parts, whole } = exactnessOf(rule);
  assert.ok(!isExact, `${condition} is exact`);
  return [...parts.map(({ why }) => why), ...whole];
}

const name = (of: string, names: object, not = false) => {
  return { of, equal: [], beginnings: [], endings: [], ...names, ...(not && { not }) };
};

describe('clauses', () => {
  test('of a program that is run: its own name and path; of one that is not, the candidate bit of who tried', () => {
    assert.deepEqual(clausesOf('evt.type = execve and container.id != host and proc.name in (nc, ncat)'), [
      {
        types: ['execve'],
        result: 'succeeded',
        process: 'container',
        names: [name('name', { equal: ['nc', 'ncat'] })],
      },
      { types: ['execve'], result: 'failed', process: 'candidate' },
    ]);
    assert.deepEqual(clausesOf('evt.type = execve and evt.rawres = 0 and not proc.exepath startswith /usr/'), [
      {
        types: ['execve'],
        result: 'succeeded',
        process: 'any',
        names: [name('executable', { beginnings: ['/usr/'] }, true)],
      },
    ]);
  });

  test('of a file: all tests of its name hold of the same name', () => {
    const [clause, ...others] = clausesOf(
      'evt.type = openat and evt.is_open_write = true and fd.name pmatch (/etc) and not fd.name in (/etc/mtab, /etc/a) and proc.name = vi',
    );
    assert.deepEqual(others, []);
    assert.equal(clause?.process, 'candidate');
    assert.deepEqual(
      clause?.names?.map((each) => ({ ...each, beginnings: each.beginnings.filter((text) => text.startsWith('/')) })),
      [
        name('path', { equal: ['/etc'], beginnings: ['/etc/'] }),
        name('path', { equal: ['/etc/mtab', '/etc/a'] }, true),
      ],
    );
  });

  test('of a glob with one star: its beginning, its end, and not what is too short for both', () => {
    const [clause] = clausesOf('evt.type = openat and fd.name glob /proc/*/environ');
    assert.deepEqual(clause?.names, [
      name('path', { equal: ['/proc/environ'] }, true),
      name('path', { beginnings: ['/proc/'] }),
      name('path', { endings: ['/environ'] }),
    ]);
    const [other] = clausesOf('evt.type = openat and fd.name glob /etc/*.conf');
    assert.deepEqual(
      other?.names?.map((each) => each.not),
      [undefined, undefined],
    );
  });

  test('of a connection: a network that is not of it holds without a peer too', () => {
    assert.deepEqual(clausesOf('evt.type = connect and not fd.snet in ("10.0.0.0/8") and fd.sport = 443'), [
      {
        types: ['connect'],
        sockets: ['ipv4'],
        process: 'any',
        peers: [{ ports: [{ from: 443, to: 443 }] }, { not: true, networks: [{ address: [10, 0, 0, 0], bits: 8 }] }],
      },
      { types: ['connect'], sockets: ['ipv6'], process: 'any', peers: [{ ports: [{ from: 443, to: 443 }] }] },
    ]);
  });

  test('of a process of which only matters whether it is in a container: that, and no bit', () => {
    for (const [condition, process] of [
      ['container.id != host', 'container'],
      ['container.id = host', 'host'],
      ['not container.id = host', 'container'],
      ['container.id != host and proc.name = nc', 'candidate'],
      ['(container.id = host or proc.name = nc)', 'candidate'],
    ]) {
      const [clause, ...others] = clausesOf(`evt.type = connect and ${condition} and fd.sport = 443`);
      assert.deepEqual(others, []);
      assert.equal(clause?.process, process, condition);
      const exact = { rule: 0, clauses: clause ? [clause] : [] };
      const [means] = meansOf({ exact, action: 'deny' }, undefined).clauses;
      assert.equal(means?.by, process === 'candidate' ? 'cgroup-process' : 'cgroup', condition);
    }
  });

  test('of an exception of the response: excluded, its process too', () => {
    assert.deepEqual(clausesOf('evt.type = ptrace', 'proc.name = gdb or evt.failed = true'), [
      { types: ['ptrace'], process: 'candidate', result: 'succeeded' },
    ]);
  });
});

test('what is not exact has a reason', () => {
  const cases: readonly (readonly [condition: string, why: keyof typeof REASONS])[] = [
    ['evt.type = execve and proc.args contains x', 'program'],
    ['evt.type = execve and proc.pname = sshd', 'program'],
    ['evt.type = execve and user.name = root', 'program'],
    ['evt.type = openat and container.name = web', 'metadata'],
    ['evt.type = openat and k8s.ns.name = prod', 'metadata'],
    ['evt.type = openat and fd.name contains shadow', 'within'],
    ['evt.type = openat and fd.name glob /home/*/.ssh/*', 'within'],
    ['evt.type = openat and fd.name icontains shadow', 'case'],
    ['evt.type = openat and tolower(fd.name) = /etc/shadow', 'case'],
    ['evt.type = openat and fd.nameraw = ../x', 'passed'],
    ['evt.type = openat and evt.arg.name = /etc/shadow', 'passed'],
    ['evt.type = openat and fd.openpath = /etc/shadow', 'passed'],
    ['evt.type = openat and evt.res = ENOENT', 'result'],
    ['evt.type = openat and evt.rawres = 3', 'result'],
    ['evt.type = openat and evt.is_open_exec = true', 'flags'],
    ['evt.type = openat and (proc.name = a or fd.name = /b)', 'process'],
    ['evt.type = openat and proc.name = val(fd.name)', 'values'],
    ['evt.type = openat and proc.duration < 5', 'time'],
    [`evt.type = openat and fd.name = /${'x'.repeat(300)}`, 'long'],
    ['evt.type = unlink and fs.path.name = /etc/shadow', 'unopened'],
    ['evt.type = mkdir and evt.arg.path startswith /etc', 'passed'],
    ['evt.type = accept and fd.sip = "1.2.3.4"', 'peer'],
    ['evt.type = connect and fd.ip = "1.2.3.4"', 'peer'],
    ['evt.type = connect and fd.lport = 22', 'peer'],
    ['evt.type = connect and fd.sip.name = example.com', 'host'],
    ['evt.type = connect and fd.l4proto = tcp', 'descriptor'],
    ['evt.type = ptrace and evt.arg.request = PTRACE_ATTACH', 'argument'],
  ];
  for (const [condition, why] of cases)
    assert.ok(reasons(condition).includes(REASONS[why]), `${condition}: ${reasons(condition)}`);
});

test('a name or address of both sides of `or` is one list; what multiplies has a limit', () => {
  const either = Array.from(
    { length: 8 },
    (_, n) => `(fd.name = /${n} and not fd.name startswith /x${n} or fd.name startswith /y${n})`,
  );
  const few = `evt.type = openat and (${either.join(' or ')})`;
  assert.ok(clausesOf(few).length > 1);
  assert.deepEqual(reasons(`evt.type = openat and ${either.join(' and ')}`), [REASONS.complex]);
});

const RULES = `
- macro: secrets
  condition: (fd.name startswith /etc/secrets or fd.name contains token)
- list: readers
  items: [vault]
- rule: Secret read
  desc: d
  condition: evt.type in (open, openat) and secrets and not proc.name in (readers)
  output: x
  priority: INFO
- rule: Shadow read
  desc: d
  condition: evt.type in (open, openat) and fd.name = /etc/shadow and not proc.name in (readers)
  output: x
  priority: INFO
`;

function loaded(named: string) {
  const { rules } = loadRules([{ name: 'rules.yaml', text: RULES }]);
  return rules.find((rule) => rule.name === named) ?? assert.fail();
}

describe('for a response in the kernel', () => {
  test('a part that is not exact is named where it was written, in a macro too', () => {
    const [problem, ...others] = enforcementProblems(loaded('Secret read'));
    assert.deepEqual(others, []);
    assert.ok(problem?.in === 'rule');
    assert.equal(
      renderDiagnostic(problem.diagnostic),
      `\
error[WASPREY_NOT_EXACT]: fd.name contains token is not exact in the kernel: only whole names, beginnings and endings are compared in the kernel
  --> rules.yaml:3:50
   |
 3 |   condition: (fd.name startswith /etc/secrets or fd.name contains token)
   |                                                  ^^^^^^^^^^^^^^^^^^^^^^
   = in rule "Secret read"
   = help: leave it out in a rule of its own for this response, or let the response act on the host (\`where: host\`)`,
    );
  });

  test('so is one of its exception', () => {
    const unless = 'proc.name = backup or container.name = web';
    assert.deepEqual(enforcementProblems(loaded('Shadow read'), parseCondition('proc.name = backup')), []);
    const [problem, ...others] = enforcementProblems(loaded('Shadow read'), parseCondition(unless));
    assert.deepEqual(others, []);
    assert.ok(problem?.in === 'unless');
    assert.equal(unless.slice(problem.span.start, problem.span.end), 'container.name = web');
    assert.match(problem.message, /^container\.name = web is not exact in the kernel: metadata of the container/);
  });
});

test("of Falco's stock rules, those that are exact", { skip: missingFalco(...STOCK_FILES) }, () => {
  const { rules } = loadRules(STOCK_FILES.map((file) => ({ name: file, text: stockRules(file) })));
  const { plan } = translateRules(rules.map(ruleSourceOf));
  const exact = plan.rules.filter((rule) => proveExact(rule).isExact).map(({ source }) => source.name);
  assert.equal(rules.length, 97);
  assert.equal(exact.length, 22, exact.join('\n'));
  for (const one of ['Write below binary dir', 'Launch Suspicious Network Tool in Container'])
    assert.ok(exact.includes(one));
});
