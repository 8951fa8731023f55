// An alert as the page shows it: the line of its processes, and what is remarkable about the one that fired.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shownAlert } from '../../../host/daemon/console/shown-alert.ts';
import { boolean, text } from '../../../host/fields/value.ts';
import type { Alert } from '../../../host/outputs/alert.ts';

const GROUP = { id: 1, rule: 'Shell', priority: 'Warning', source: 'syscall' };

function shown(details: Alert['details']) {
  const alert: Alert = {
    ...{ time: 1n, rule: 'Shell', priority: 'Warning', source: 'syscall', tags: [], hostname: 'node', message: 'x' },
    fields: [{ key: 'proc.name', value: text('sh') }],
    ...(details && { details }),
  };
  return shownAlert('abc', 7, alert, GROUP).process;
}

const NAME = { key: 'proc.name', value: text('sh') };

test('a program in memory, one that its image does not have, and a deleted one have remarks', () => {
  const remarks = (...details: NonNullable<Alert['details']>) => shown([NAME, ...details])?.line.at(-1)?.remarks;
  const is = (key: string, value: boolean) => ({ key, value: boolean(value) });
  const path = (value: string) => ({ key: 'proc.exepath', value: text(value) });
  assert.deepEqual(remarks(path('/usr/bin/sh'), is('proc.is_exe_from_memfd', false)), []);
  assert.deepEqual(remarks(path('memfd:x'), is('proc.is_exe_from_memfd', true)), ['run from memory']);
  assert.deepEqual(remarks(path('/tmp/x'), is('proc.is_exe_upper_layer', true)), ['not in the image']);
  assert.deepEqual(remarks(path('/tmp/x (deleted)')), ['deleted']);
});

test('the line of processes begins with the oldest, and ends where one has no name', () => {
  const ancestor = (generation: number, name: string) => ({ key: `proc.aname[${generation}]`, value: text(name) });
  const process = shown([NAME, ancestor(1, 'bash'), ancestor(2, 'sshd'), ancestor(4, 'init')]);
  assert.deepEqual(
    process?.line.map(({ name }) => name),
    ['sshd', 'bash', 'sh'],
  );
  // Those have their place in the line, and the name is a field of the alert.
  assert.deepEqual(process?.details, []);
});

test('without details there is no process', () => {
  assert.equal(shown(undefined), undefined);
});
