// The package's scripts under systemd: what an installation, an upgrade and a removal do with the service.

import assert from 'node:assert/strict';
import { appendFileSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { after, before, test } from 'node:test';
import { ownArchitecture } from '../../deploy/tree/architecture.ts';
import { BootedSystem } from '../support/machines/booted-system.ts';
import { debFile, makeNextVersion, NEXT_VERSION } from '../support/machines/packages.ts';

/** Not below /tmp, /run, /var/log and /var/cache, which the system has of its own. */
const PACKAGE = '/root/wasprey.deb';

/** A control group as Docker would name that of a container. */
const CONTAINER = `/sys/fs/cgroup/docker/${'c'.repeat(64)}`;
const ISOLATIONS = '/sys/fs/bpf/wasprey-isolated';
/** What isolate_container needs beside what the package gives. */
const DROP_IN = '/etc/systemd/system/wasprey.service.d/isolate.conf';
const RULE =
  '- {rule: Frozen, desc: d, condition: "evt.type in (mkdir, mkdirat) and evt.arg.path = /root/frozen", output: made, priority: INFO}\n';
/** No runtime knows the container, so that nothing may be said of it in \`never\`. */
const RESPONSES = `
responses:
  mode: act
  never: {namespaces: [], labels: {}}
  actions:
  - {name: cut it off, match: {rules: [Frozen]}, do: isolate_container}
  - {name: freeze it, match: {rules: [Frozen]}, do: pause_container}
`;

let system: BootedSystem;
before(async () => {
  system = await BootedSystem.bootBare();
  copyFileSync(debFile(ownArchitecture()), system.outerPath(PACKAGE));
  mkdirSync(system.outerPath(dirname(DROP_IN)), { recursive: true });
  writeFileSync(system.outerPath(DROP_IN), '[Service]\nCapabilityBoundingSet=CAP_NET_ADMIN\n');
});
after(() => system?.[Symbol.asyncDispose]());

function succeeds(program: string, ...words: readonly string[]): string {
  const { status, stdout, stderr } = system.run(program, ...words);
  assert.equal(status, 0, `${program} ${words.join(' ')}: ${stdout}${stderr}\n${journal()}`);
  return stdout.trim();
}

function property(name: string): string {
  return succeeds('systemctl', 'show', '--value', '-p', name, 'wasprey');
}

function journal(): string {
  return system.run('journalctl', '--no-pager', '-o', 'cat', '-u', 'wasprey').stdout;
}

test('an installation enables the service and starts it, by the program in the package', async () => {
  succeeds('dpkg', '--install', PACKAGE);
  assert.equal(succeeds('systemctl', 'is-enabled', 'wasprey'), 'enabled');
  assert.equal(succeeds('systemctl', 'is-active', 'wasprey'), 'active');
  assert.match(property('StatusText'), /^watching by \d+ rules$/);
  const program = succeeds('readlink', `/proc/${property('MainPID')}/exe`);
  assert.match(program, /^\/usr\/lib\/wasprey\/node_modules\/node-linux-\w+\/bin\/node$/);
  system.run('cat', '/etc/shadow');
  await system.until('an alert', () => /Sensitive file read by cat: \/etc\/shadow /.test(journal()));
});

test('the journal keeps what happens, as the package configures it', async () => {
  writeFileSync(
    system.outerPath('/root/kept.yaml'),
    '- {rule: kept, desc: d, condition: "evt.type in (mkdir, mkdirat) and proc.name = mkdir", output: made, priority: INFO}\n',
  );
  succeeds('mkdir', '/root/kept-by-the-journal');
  const fired = (): boolean => {
    const { stdout } = system.run('wasprey', 'backtest', '/root/kept.yaml', '--json');
    return /"alerts":\s*[1-9]/.test(stdout);
  };
  await system.until('the event in the journal', fired);
  assert.equal(succeeds('stat', '-c', '%a %U', '/var/lib/wasprey'), '700 root');
  // Its status says that the segment which is being written has no end yet.
  system.run('wasprey', 'export', '-o', '/root/kept.scap');
  assert.notEqual(succeeds('stat', '-c', '%s', '/root/kept.scap'), '0');
});

test('an upgrade restarts it', () => {
  const pid = property('MainPID');
  makeNextVersion(system.outerPath(PACKAGE));
  succeeds('dpkg', '--install', PACKAGE);
  assert.equal(succeeds('dpkg-query', '--show', 'wasprey'), `wasprey\t${NEXT_VERSION}`);
  assert.equal(succeeds('systemctl', 'is-active', 'wasprey'), 'active');
  assert.notEqual(property('MainPID'), pid);
});

test('an upgrade leaves one alone that the administrator has disabled', () => {
  succeeds('systemctl', 'disable', '--now', 'wasprey');
  succeeds('dpkg', '--install', PACKAGE);
  assert.equal(property('ActiveState'), 'inactive');
  succeeds('systemctl', 'enable', '--now', 'wasprey');
});

test('a container is isolated and paused by what its program did', async () => {
  writeFileSync(system.outerPath('/etc/wasprey/rules.d/frozen.yaml'), RULE);
  appendFileSync(system.outerPath('/etc/wasprey/wasprey.yaml'), RESPONSES);
  succeeds('systemctl', 'reload', 'wasprey');
  succeeds('mkdir', '-p', CONTAINER);
  succeeds('systemd-run', 'sh', '-c', `echo 0 >${CONTAINER}/cgroup.procs; mkdir /root/frozen; sleep 1000`);
  await system.until('the alert', () =>
    /wasprey\.response=cut it off: isolated .*; freeze it: paused /.test(journal()),
  );
  assert.equal(succeeds('cat', `${CONTAINER}/cgroup.freeze`), '1');
  assert.notEqual(succeeds('ls', ISOLATIONS), '');
});

test('a removal stops it in good order, and leaves nothing paused or isolated', () => {
  succeeds('dpkg', '--remove', 'wasprey');
  assert.equal(property('ActiveState'), 'inactive');
  assert.equal(succeeds('cat', `${CONTAINER}/cgroup.freeze`), '0');
  assert.equal(system.run('ls', ISOLATIONS).stdout, '');
  // What the administrator has added is theirs to remove.
  succeeds('rm', '-r', dirname(DROP_IN), '/etc/wasprey/rules.d/frozen.yaml');
  const lastRun = journal().split('Starting wasprey.service').at(-1) ?? '';
  assert.match(lastRun, /^Watched for .* no event lost\.$/m);
});

test('a purge leaves nothing of it', () => {
  succeeds('dpkg', '--purge', 'wasprey');
  const folders = ['/etc', '/usr/bin', '/usr/lib', '/usr/share', '/var/cache', '/var/lib', '/var/log'];
  assert.equal(succeeds('find', ...folders, '-name', '*wasprey*'), '');
});
