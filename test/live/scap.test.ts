// Savefiles of what really happened: a recording and its export raise the same alerts with the same fields, and libs' own code reads the
// processes as they were.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { PROJECT } from '../../host/setup/paths.mjs';
import { wasprey } from '../support/command-line.ts';
import { rulesFileForTests } from '../support/live/rules-file.ts';
import { startWasprey } from '../support/live/run-process.ts';

const SHELL = 'scapshell';

/** Fields of a process that libs has as well. */
const PROCESS = [
  ...['proc.name', 'proc.pname', 'proc.aname[2]', 'proc.cmdline', 'proc.exepath', 'proc.cwd', 'proc.sid', 'proc.vpid'],
  ...['proc.tty', 'user.name', 'container.id'],
];
const FIELDS = [
  ...[
    'evt.rawtime',
    'evt.type',
    'thread.tid',
    'evt.rawres',
    ...PROCESS,
    'proc.pid',
    'proc.pcmdline',
    'proc.aname[3]',
    'user.uid',
  ],
  ...[
    'group.gid',
    'user.loginuid',
    'fd.name',
    'fd.typechar',
    'fd.realpath',
    'fd.l4proto',
    'fd.sip',
    'fd.sport',
    'fd.cip',
  ],
  ...[
    'fd.name_changed',
    'fd.connected',
    'fd.is_server',
    'fs.path.name',
    'fs.path.source',
    'fs.path.target',
    'evt.arg.flags',
  ],
  ...[
    'evt.arg.mode',
    'evt.arg.uid',
    'evt.arg.domain',
    'proc.is_exe_writable',
    'thread.cap_effective',
    'proc.stdio.connection',
  ],
];

const RULES = `
- rule: Everything of the shell
  desc: d
  condition: evt.num > 0 and (proc.name = ${SHELL} or proc.aname = ${SHELL})
  output: "${FIELDS.map((field) => `%${field}`).join(' ')}"
  priority: INFO
`;

/** Programs, threads, links, sockets, changes of user and directory, a pid namespace, a parent that is gone. */
const SCRIPT = `
cd "$1"
cat /etc/shadow > /dev/null
ln -s /etc/shadow link; cat link > /dev/null; rm link
cp /bin/true tool; chmod u+s tool; ./tool; mkdir d; rmdir d; mv tool tool2; rm tool2
cd /etc; cat ./shadow > /dev/null; cd "$1"
unshare -m true
unshare -p -f sh -c 'cat /etc/hostname > /dev/null; cat /etc/hostname > /dev/null'
(sh -c 'sleep 0.3; cat /etc/hostname' > /dev/null &)
python3 - <<'P'
import os, socket, threading
server = socket.socket(); server.bind(('127.0.0.1', 0)); server.listen(1)
client = socket.socket(); client.connect(server.getsockname()); peer, _ = server.accept()
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))
thread = threading.Thread(target=lambda: open('/etc/shadow').read()); thread.start(); thread.join()
def child(act):
    pid = os.fork()
    if pid == 0:
        act(); os._exit(0)
    os.waitpid(pid, 0)
def shell():
    os.dup2(client.fileno(), 0); os.execv('/bin/sh', ['sh', '-c', 'cat /etc/shadow > /dev/null'])
def other():
    os.setgid(65534); os.setuid(65534); os.open('/etc/hostname', os.O_RDONLY)
child(shell); child(other)
P
sleep 0.5
`;

const { directory, rules } = rulesFileForTests(() => RULES);
const [recording, savefile] = [join(directory, 'live.wsp'), join(directory, 'live.scap')];

type Row = Readonly<Record<string, unknown>>;

function succeeding(...words: string[]) {
  const ended = wasprey(...words);
  assert.equal(ended.status, 0, ended.stderr);
  return ended;
}

function alertsOf(path: string): Row[] {
  const { stdout } = succeeding('replay', path, '-r', rules, '--json');
  // Times have more digits than JavaScript's numbers.
  const lines = stdout.split('\n').slice(0, -1);
  const rows = lines.map((line): Row => JSON.parse(line.replace(/: ?(\d{16,})/g, ': "$1"')).output_fields);
  const keyOf = (row: Row) => `${row['evt.rawtime']} ${row['thread.tid']}`;
  return rows
    .map(withoutDirectory)
    .map(withoutEnds)
    .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

/** The open of a directory always has that flag in a savefile, because readers know by it that it is one. */
function withoutDirectory(row: Row): Row {
  return { ...row, 'evt.arg.flags': String(row['evt.arg.flags']).replace('O_DIRECTORY|', '') };
}

/**
 * A call that failed has no addresses in a savefile, so a reader does not know the kernel's pointer of a unix socket that was not connected.
 * Such a call, for example, asks a daemon for a user's name where none runs.
 */
function withoutEnds(row: Row): Row {
  const isFailed = Number(row['evt.rawres']) < 0 && row['fd.typechar'] === 'u';
  return isFailed ? { ...row, 'fd.name': String(row['fd.name']).replace(/^[0-9a-f]+->0 /, '0->0 ') } : row;
}

/**
 * Fields that libs has for a process. Of one in a pid namespace it does not know whether it is in a container, unless its cgroup says so. Of one
 * that has changed its user since it ran its program it has the user of before: its table has no parameters of the events that change users.
 */
function fieldsInLibs(row: Row, hasChangedUser: boolean): string[] {
  const isUnclear = row['container.id'] === 'host' && row['proc.vpid'] !== row['proc.pid'];
  return PROCESS.filter(
    (field) => !(isUnclear && field === 'container.id') && !(hasChangedUser && field === 'user.name'),
  );
}

describe('a live recording as a savefile', () => {
  let own: Row[];
  before(async () => {
    const shell = join(directory, SHELL);
    copyFileSync('/bin/bash', shell);
    const script = join(directory, 'script.sh');
    writeFileSync(script, SCRIPT);
    await using capturing = startWasprey(['capture', '-o', recording]);
    await capturing.says(/recording \d+ event types/);
    const { status, stderr } = spawnSync(shell, [script, directory], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    capturing.kill('SIGINT');
    assert.equal(await capturing.ended, 0, capturing.stderr());
    assert.match(succeeding('export', recording, '-o', savefile).stderr, /Exported [\d,]+ events of 1 recording/);
    own = alertsOf(recording);
    assert.ok(own.length > 200, `${own.length} events`);
  });

  test('its replay has the same events, field by field', () => {
    const exported = alertsOf(savefile);
    assert.equal(exported.length, own.length);
    for (const [index, row] of own.entries()) assert.deepEqual(exported[index], row);
  });

  test("libs' own code reads the same processes, threads and ancestors", () => {
    const reader = join(directory, 'scap-reader');
    const { stdout: flags } = spawnSync('pkg-config', ['--cflags', '--libs', 'libsinsp', 'libscap'], {
      encoding: 'utf8',
    });
    const source = join(PROJECT, 'test/support/programs/scap-reader.cc');
    const words = [
      '-std=c++17',
      '-w',
      '-I/usr/include/falcosecurity',
      '-o',
      reader,
      source,
      ...flags.trim().split(/\s+/),
    ];
    // The compiler that the build needs.
    const built = spawnSync('clang++-19', words, { encoding: 'utf8' });
    assert.equal(built.status, 0, built.stderr);
    const keys = ['evt.rawtime', 'evt.type', 'thread.tid', ...PROCESS];
    const format = `*${keys.map((key) => `%${key}`).join('\x01')}`;
    const read = spawnSync(reader, [savefile, format], { encoding: 'latin1', maxBuffer: 1 << 28 });
    assert.equal(read.status, 0, read.stderr);
    const lines = read.stdout.split('\n').map((line) => line.split('\x01'));
    const byEvent = new Map(
      lines.map(([time, type, tid, ...rest]) => [
        `${time} ${type} ${tid}`,
        new Map(rest.map((value, index) => [PROCESS[index], value])),
      ]),
    );
    let compared = 0;
    const changed = new Set<unknown>();
    for (const row of own) {
      if (row['evt.type'] === 'setuid') changed.add(row['thread.tid']);
      const found = byEvent.get(`${row['evt.rawtime']} ${row['evt.type']} ${row['thread.tid']}`);
      if (!found) continue;
      const fields = fieldsInLibs(row, changed.has(row['thread.tid']));
      assert.deepEqual(
        fields.map((field) => [field, found.get(field) || '<NA>']),
        fields.map((field) => [field, String(row[field] ?? '<NA>') || '<NA>']),
      );
      compared++;
    }
    // Its table of events is older: it stops at those with more parameters.
    assert.ok(compared > own.length * 0.9, `${compared} of ${own.length}: ${read.stderr}`);
  });

  test('only its owner can read it, and it is packed', () => {
    const bytes = readFileSync(savefile);
    assert.deepEqual([...bytes.subarray(0, 2)], [0x1f, 0x8b]);
  });
});
