// Packages on machines as people have them: Debian 12 and 13 with no npm, compiler or header, on this kernel.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { NEWEST, OLDEST } from '../../deploy/debian/releases.ts';
import { ownArchitecture } from '../../deploy/tree/architecture.ts';
import { version } from '../../host/diagnostics/version.ts';
import { DebianMachine } from '../support/machines/debian-machine.ts';
import { archiveFile, debFile, makeNextVersion, NEXT_VERSION } from '../support/machines/packages.ts';

/** Where a machine is given a package. */
const PACKAGE = 'root/package.deb';

const CONFIGURATION = 'etc/wasprey/wasprey.yaml';

const OWN_RULES = 'etc/wasprey/rules.d/own.yaml';

/** What a start takes, many times over: other work may be done at the same time. */
const PATIENCE_MS = 60_000;

for (const { suite, number } of [OLDEST, NEWEST]) {
  describe(`Debian ${number}`, () => {
    let machine: DebianMachine;
    before(() => {
      machine = new DebianMachine(suite);
      cpSync(debFile(ownArchitecture()), join(machine.folder, PACKAGE));
    });
    after(() => machine?.[Symbol.dispose]());

    test('lacks what a build needs', async () => {
      const words = [
        'for name in node npm gcc clang make; do ! command -v $name || exit 1; done; ! test -e /usr/include/stdio.h',
      ];
      await machine.run('sh', '-c', ...words);
    });

    test('the package installs, and its service is enabled', async () => {
      await machine.run('dpkg', '--install', `/${PACKAGE}`);
      assert.equal((await machine.run('wasprey', '--version')).stdout, `wasprey ${version()}\n`);
      const link = '/etc/systemd/system/multi-user.target.wants/wasprey.service';
      assert.match((await machine.run('readlink', '-f', link)).stdout, /\/lib\/systemd\/system\/wasprey\.service\n$/);
    });

    test('the agent starts without compiling rules, and raises an alert', async () => {
      const said: string[] = [];
      const alert = await alertOf(machine, ['wasprey', 'run', '-o', 'json_output=true'], said);
      assert.deepEqual(
        said.filter((line) => line.includes('rule module')),
        [],
      );
      assert.match(alert, /"rule":"Sensitive file read"/);
      assert.match(alert, /"fd.name":"\/etc\/shadow"/);
    });

    test("an alert's capture is read, exported as .scap and replayed", async () => {
      const captures = ['enabled=true', 'mode=all_rules', 'default_duration=500', 'path_prefix=/root/captures/c'];
      const options = ['json_output=true', ...captures.map((each) => `capture.${each}`)].flatMap((each) => [
        '-o',
        each,
      ]);
      const alert = JSON.parse(await alertOf(machine, ['wasprey', 'run', ...options]));
      const file = `/root/captures/${alert.output_fields['wasprey.capture']}`;
      const shown = await machine.run('wasprey', 'captures', 'show', file, '--json');
      assert.equal(JSON.parse(shown.stdout).alerts[0].rule, 'Sensitive file read');
      await machine.run('wasprey', 'export', file, '-o', '/root/captures/c.scap');
      // Whether a rule fires on it depends on what a .scap file has of the event.
      const { stderr } = await machine.run('wasprey', 'replay', '/root/captures/c.scap', '--json');
      assert.match(stderr, /^Replayed [1-9][\d,]* events: /m);
    });

    test('nothing is written into the installation', async () => {
      const { stdout } = await machine.run('dpkg', '--verify', 'wasprey');
      assert.equal(stdout, '');
      const listed = new Set((await machine.run('dpkg', '--listfiles', 'wasprey')).stdout.split('\n'));
      const found = (await machine.run('find', '/usr/lib/wasprey')).stdout.trim().split('\n');
      assert.deepEqual(
        found.filter((path) => !listed.has(path)),
        [],
      );
    });

    test('an upgrade keeps a configuration that was changed, and the agent raises alerts', async () => {
      const configuration = join(machine.folder, CONFIGURATION);
      appendFileSync(configuration, '# of this machine\n');
      makeNextVersion(join(machine.folder, PACKAGE));
      await machine.run('dpkg', '--install', `/${PACKAGE}`);
      const { stdout } = await machine.run('dpkg-query', '--show', 'wasprey');
      assert.equal(stdout, `wasprey\t${NEXT_VERSION}\n`);
      assert.match(readFileSync(configuration, 'utf8'), /# of this machine\n$/);
      const alert = await alertOf(machine, ['wasprey', 'run', '-o', 'json_output=true']);
      assert.match(alert, /"rule":"Sensitive file read"/);
    });

    test('a purge leaves the rules of the administrator and nothing else', async () => {
      writeFileSync(join(machine.folder, OWN_RULES), '[]\n');
      await machine.run('dpkg', '--purge', 'wasprey');
      const { stdout } = await machine.run('find', '/', '-xdev', '-path', '*wasprey*', '!', '-type', 'd');
      assert.equal(stdout, `/${OWN_RULES}\n`);
      const folders = (await machine.run('find', '/', '-xdev', '-path', '*wasprey*', '-type', 'd')).stdout;
      assert.equal(folders, '/etc/wasprey\n/etc/wasprey/rules.d\n');
    });

    test('the archive works wherever it is unpacked, by a link too', async () => {
      const place = '/opt/somewhere';
      await machine.run('mkdir', '-p', place);
      execFileSync('tar', ['-xzf', archiveFile(ownArchitecture()), '-C', join(machine.folder, place)]);
      await machine.run('ln', '-s', `${place}/usr/bin/wasprey`, '/usr/local/bin/wasprey');
      const { stdout } = await machine.run('/usr/local/bin/wasprey', '--version');
      assert.equal(stdout, `wasprey ${version()}\n`);
      const alert = await alertOf(machine, [`${place}/usr/bin/wasprey`, 'run', '-o', 'json_output=true']);
      assert.match(alert, /"rule":"Sensitive file read"/);
    });
  });
}

/**
 * Starts an agent, reads /etc/shadow once it watches, and returns the alert of it.
 * @param said gets its lines on stderr
 */
async function alertOf(machine: DebianMachine, command: readonly string[], said: string[] = []): Promise<string> {
  const mark = `read-by-${process.pid}-${command[0]?.length}`;
  const agent = machine.start(...command);
  const { stdout, stderr } = agent;
  if (stdout === null || stderr === null) throw new TypeError('an agent needs pipes');
  const signal = AbortSignal.timeout(PATIENCE_MS);
  signal.addEventListener('abort', () => agent.kill('SIGKILL'));
  const ended = new Promise((resolve) => agent.once('close', resolve));
  createInterface({ input: stderr }).on('line', (line) => {
    said.push(line);
    if (line.includes('watching by'))
      machine.run('sh', '-c', `cat /etc/shadow; : ${mark}`).catch((error: unknown) => said.push(String(error)));
  });
  try {
    for await (const line of createInterface({ input: stdout })) if (line.includes(mark)) return line;
    throw new Error(`the agent ended without the alert:\n${said.join('\n')}`);
  } finally {
    agent.kill('SIGINT');
    await ended;
  }
}
