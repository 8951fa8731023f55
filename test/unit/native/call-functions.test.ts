// The kernel's functions of system calls, to whose exits programs are attached with engine.wasprey.hooks: fexit.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CallTable, callNumber } from '../../../host/schema/events/call-numbers.ts';
import { CHANGING_CALLS } from '../../../host/schema/events/changes.ts';
import { EVENT_TYPES } from '../../../host/schema/events/index.ts';
import { testAddon } from '../../support/records/test-addon.ts';

const functions = testAddon.callFunctions();
const skip = functions ? false : 'the kernel has no type information';
const CALLS = [
  ...EVENT_TYPES.flatMap(({ name, otherCalls = [] }) => [name, ...otherCalls]),
  ...CHANGING_CALLS.flatMap(({ calls }) => calls),
];
const TABLES: readonly CallTable[] = process.arch === 'x64' ? ['x86-64', 'i386'] : ['arm64', 'arm'];

function numbersOf(of: 'native' | 'compat'): ReadonlySet<number> {
  return new Set(functions?.found.map((found) => found[of]));
}

test('each call that is captured or changes a process has its function, native and 32-bit', { skip }, () => {
  assert.deepEqual(functions?.hidden, []);
  for (const [table, numbers] of [
    [TABLES[0], numbersOf('native')],
    [TABLES[1], numbersOf('compat')],
  ] as const) {
    assert.ok(table);
    const newest = Math.max(...[...numbers].filter((number) => number !== 65_535));
    const missing = CALLS.filter((call) => {
      const number = callNumber(call, table);
      return number !== undefined && number <= newest && !numbers.has(number);
    });
    assert.deepEqual(missing, [], table);
  }
});

test('calls whose functions have other names', { skip: skip || (process.arch !== 'x64' && 'x86-64 only') }, () => {
  const nameOf = (of: 'native' | 'compat', call: string, table: CallTable): string | undefined =>
    functions?.found.find((found) => found[of] === callNumber(call, table))?.name;
  assert.equal(nameOf('native', 'umount2', 'x86-64'), '__x64_sys_umount');
  assert.equal(nameOf('native', 'setsid', 'x86-64'), '__do_sys_setsid');
  assert.equal(nameOf('compat', 'setsid', 'i386'), '__do_sys_setsid');
  assert.equal(nameOf('compat', 'umount', 'i386'), '__ia32_sys_oldumount');
  assert.equal(nameOf('compat', 'chown', 'i386'), '__ia32_sys_chown16');
  assert.equal(nameOf('compat', 'chown32', 'i386'), '__ia32_sys_chown');
  assert.equal(nameOf('compat', 'openat', 'i386'), '__ia32_compat_sys_openat');
  assert.equal(nameOf('compat', 'recvmmsg', 'i386'), '__ia32_compat_sys_recvmmsg_time32');
  assert.equal(nameOf('compat', 'setreuid', 'i386'), '__ia32_sys_setreuid16');
  assert.equal(nameOf('compat', 'setreuid32', 'i386'), '__ia32_sys_setreuid');
});
