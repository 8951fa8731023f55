// The package's scripts under systemd: what an installation, an upgrade and a removal do with the service.

import assert from 'node:assert/strict';
import { copyFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { ownArchitecture } from '../../deploy/tree/architecture.ts';
import { BootedSystem } from '../support/booted-system.ts';
import { debFile, makeNextVersion, NEXT_VERSION } from '../support/packages.ts';

/** Not below /tmp, /run, /var/log and /var/cache, which the system has of its own. */
const PACKAGE = '/root/wasprey.deb';

let system: BootedSystem;
before(async () => {
  system = await BootedSystem.bootBare();
  copyFileSync(debFile(ownArchitecture()), system.outerPath(PACKAGE));
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

test('a removal stops it in good order', () => {
  succeeds('dpkg', '--remove', 'wasprey');
  assert.equal(property('ActiveState'), 'inactive');
  const lastRun = journal().split('Starting wasprey.service').at(-1) ?? '';
  assert.match(lastRun, /^Watched for .* no event lost\.$/m);
});

test('a purge leaves nothing of it', () => {
  succeeds('dpkg', '--purge', 'wasprey');
  const folders = ['/etc', '/usr/bin', '/usr/lib', '/usr/share', '/var/cache', '/var/lib', '/var/log'];
  assert.equal(succeeds('find', ...folders, '-name', '*wasprey*'), '');
});
