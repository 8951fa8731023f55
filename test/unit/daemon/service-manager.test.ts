// The service manager that an environment names.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { takeServiceManager } from '../../../host/daemon/service-notify.ts';

it('is taken out of the environment, and nothing else is', () => {
  const environment = { PATH: '/usr/bin', NOTIFY_SOCKET: '/run/systemd/notify', WATCHDOG_USEC: '30000000' };
  assert.deepEqual(takeServiceManager(environment), { socket: '/run/systemd/notify', watchdogMs: 30_000 });
  assert.deepEqual(environment, { PATH: '/usr/bin' });
});

it('has a watchdog for the process that it names alone', () => {
  const given = { NOTIFY_SOCKET: '@manager', WATCHDOG_USEC: '1000' };
  assert.deepEqual(takeServiceManager({ ...given, WATCHDOG_PID: String(process.pid) }), {
    socket: '@manager',
    watchdogMs: 1,
  });
  assert.deepEqual(takeServiceManager({ ...given, WATCHDOG_PID: '1' }), { socket: '@manager' });
  for (const WATCHDOG_USEC of ['', '0', '-1', 'soon'])
    assert.deepEqual(takeServiceManager({ ...given, WATCHDOG_USEC }), { socket: '@manager' }, WATCHDOG_USEC);
});

it('is absent where no address of a Unix socket is given', () => {
  for (const NOTIFY_SOCKET of [undefined, '', '/', '@', 'notify', 'vsock:2:1234'])
    assert.equal(takeServiceManager({ NOTIFY_SOCKET }), undefined, NOTIFY_SOCKET);
});
