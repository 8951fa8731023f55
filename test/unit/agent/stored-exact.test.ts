// The exact rules of a manifest: what the compiler writes is read as it is; anything else is refused, or not used.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readExact } from '../../../host/agent/modules/stored-exact.ts';
import { translateRules } from '../../../host/compiler/compile.ts';
import { exactRules } from '../../../host/compiler/plan/exact/exact-rules.ts';
import { EXACT_VERSION } from '../../../host/schema/kernel-enforcement.ts';
import { rulesOf } from '../../support/records/rule-module.ts';

const CONDITIONS = [
  'evt.type in (open, openat) and evt.is_open_read = true and fd.name startswith "/tmp/\\xff" and proc.name = cat',
  'evt.type = connect and fd.snet in ("10.0.0.0/8", "fe80::/10") and not fd.sport in (80, 443) and evt.failed = false',
  'evt.type = execve and not proc.exepath pmatch (/usr, /bin) and container.id = host',
  'evt.type = ptrace',
];
const { plan } = translateRules(rulesOf(CONDITIONS));
const types = plan.rules.map(({ bodies }) => bodies.flatMap((body) => body.types.map(({ name }) => name)));
const rules = exactRules(plan);
const stored = (of: unknown): unknown => JSON.parse(JSON.stringify({ version: EXACT_VERSION, rules: of }));

test('what the compiler writes is read as it is', () => {
  assert.equal(rules.length, CONDITIONS.length);
  assert.deepEqual(readExact(stored(rules), types), rules);
});

test('of a module of another version no rule is exact', () => {
  assert.deepEqual(readExact(undefined, types), []);
  assert.deepEqual(readExact({ version: EXACT_VERSION + 1, rules: 'anything' }, types), []);
});

/** Every value of the stored form replaced by what it can't be, one at a time, and every object given a further member. */
function* damaged(value: unknown, other: unknown): Generator<unknown> {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      for (const wrong of damaged(item, other)) yield value.with(index, wrong);
    }
  } else if (typeof value === 'object' && value !== null) {
    yield { ...value, further: true };
    for (const [name, item] of Object.entries(value)) {
      for (const wrong of damaged(item, other)) yield { ...value, [name]: wrong };
    }
  }
  yield other;
}

test('anything that is not a clause is refused, as is a member that this version does not know', () => {
  let count = 0;
  for (const other of [null, -1, 1e9, 1.5, 'x\u{100}', {}, [null]]) {
    for (const wrong of damaged(JSON.parse(JSON.stringify(rules)), other)) {
      assert.throws(() => readExact(stored(wrong), types), /exact rule/, JSON.stringify(wrong));
      count++;
    }
  }
  assert.ok(count > 500, `${count}`);
});

test('a rule can not act on events that it does not match, nor by a bit that it does not have', () => {
  const clause = { types: ['ptrace'], process: 'any' };
  assert.equal(readExact(stored([{ rule: 3, clauses: [clause] }]), types).length, 1);
  for (const wrong of [
    { rule: 3, clauses: [{ ...clause, types: ['kill'] }] },
    { rule: 0, clauses: [clause] },
    { rule: 3, clauses: [{ ...clause, types: [] }] },
    { rule: 3, clauses: [{ ...clause, sockets: ['ipv4'] }] },
    { rule: 3, clauses: [{ ...clause, opens: 'f'.repeat(64) }] },
    { rule: 3, clauses: new Array(65).fill(clause) },
    { rule: 4, clauses: [] },
  ]) {
    assert.throws(() => readExact(stored([wrong]), types), /exact rule 0/, JSON.stringify(wrong));
  }
  const many = Array.from({ length: 2049 }, () => ['ptrace']);
  assert.throws(() => readExact(stored([{ rule: 2048, clauses: [{ ...clause, process: 'candidate' }] }]), many));
});
