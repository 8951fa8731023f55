// The state of processes at the time of an alert: read from this machine's /proc, and parsed from texts that a hostile process made.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { parseMounts } from '../../../host/captures/state/mounts.ts';
import { openBelow } from '../../../host/captures/state/open-below.ts';
import { descendants, parseMaps, parseStat } from '../../../host/captures/state/processes.ts';
import { parseAddress, parseInternet, parseUnix } from '../../../host/captures/state/sockets.ts';
import { STATE_LIMITS } from '../../../host/captures/state/state.ts';
import { takeState } from '../../../host/captures/state/take-state.ts';
import { TimeLimit } from '../../../host/captures/state/time-limit.ts';
import { changedFiles } from '../../../host/captures/state/upper-layer.ts';
import { directoryForTests } from '../../support/directory.ts';
import { until } from '../../support/until.ts';

const directory = directoryForTests();
/** Far more than it takes, on a loaded machine too. */
const PATIENT = { ...STATE_LIMITS, milliseconds: 60_000 };

describe('captures: the state of a tree of processes', () => {
  let shell: ChildProcess;
  let server: Server;
  before(async () => {
    server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    shell = spawn('/bin/sh', ['-c', 'exec 9>/dev/null; sleep 1000 & sleep 1001 & wait'], {
      cwd: directory,
      env: { SECRET: 'hunter2', PATH: '/usr/bin:/bin' },
    });
    await until(() => takeState({ kind: 'process_tree', pid: shell.pid ?? 0 }, PATIENT).processes.length === 3);
  });
  after(() => {
    server.close();
    for (const { pid } of takeState({ kind: 'process_tree', pid: shell.pid ?? 0 }, PATIENT).processes)
      process.kill(pid);
  });

  it('has each process, with what it was started with and what it has open', () => {
    const state = takeState({ kind: 'process_tree', pid: shell.pid ?? 0 }, PATIENT);
    const [root, ...children] = state.processes;
    assert.ok(root);
    assert.equal(root.pid, shell.pid);
    assert.equal(root.parent, process.pid);
    assert.equal(root.directory, directory);
    assert.deepEqual(root.environment.toSorted(), ['PATH', 'SECRET']);
    assert.ok(!JSON.stringify(state).includes('hunter2'), 'values of the environment are secrets');
    assert.ok(Math.abs(root.started - Date.now()) < 600_000, String(new Date(root.started)));
    assert.equal(root.details?.descriptors.find(({ number }) => number === 9)?.target, '/dev/null');
    assert.equal(root.details?.descriptors.find(({ number }) => number === 9)?.access, 'w');
    assert.ok(root.details?.executableMaps.some(({ path }) => path === root.executable?.path));
    assert.deepEqual(children.map((child) => child.arguments).toSorted(), [
      ['sleep', '1000'],
      ['sleep', '1001'],
    ]);
    assert.equal(root.executable?.sha256, sha256(root.executable?.path ?? ''));
    assert.ok(state.mounts.some(({ point }) => point === '/'));
  });

  it('has what listens', () => {
    const { listening } = takeState({ kind: 'process_tree', pid: process.pid }, PATIENT);
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    const found = listening.find((listener) => listener.address === `127.0.0.1:${address.port}`);
    assert.deepEqual(found, { protocol: 'tcp', address: `127.0.0.1:${address.port}`, pids: [process.pid] });
  });

  it('says what a bound has cut', () => {
    const scope = { kind: 'process_tree', pid: shell.pid ?? 0 } as const;
    assert.deepEqual(takeState(scope, { ...PATIENT, processes: 1, hashedBytes: 0 }).missing, [
      'Only 1 of 3 processes were read, within 60000 ms.',
      'Hashes are missing for 1 file: the limit of bytes or of time was reached.',
    ]);
    const { missing, processes } = takeState(scope, { ...PATIENT, milliseconds: 0 });
    assert.equal(processes.length, 0);
    assert.ok(missing.includes('Only 0 of 3 processes were read, within 0 ms.'), missing.join('\n'));
  });

  it('says that nothing was left', () => {
    const { processes, missing } = takeState({ kind: 'container', id: 'f'.repeat(64) }, PATIENT);
    assert.deepEqual(processes, []);
    assert.deepEqual(missing.slice(0, 2), ['No process of it was left.', 'Its mounts are unknown.']);
  });
});

function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

describe('captures: what /proc has', () => {
  it('stat of a process whose name imitates it', () => {
    const fields = `S 7 8 9 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 4711 0`;
    assert.deepEqual(parseStat(`12 (a) R 1 1 1\n) ${fields}\n`), {
      name: 'a) R 1 1 1\n',
      status: 'S',
      parent: 7,
      session: 9,
      terminal: false,
      startTicks: 4711,
    });
    assert.equal(parseStat('12 (cut'), undefined);
    assert.equal(parseStat(''), undefined);
  });

  it('a tree, though parents go round in a circle', () => {
    const relations = [
      { pid: 1, parent: 3, session: 8 },
      { pid: 2, parent: 1, session: 8 },
      { pid: 3, parent: 2, session: 8 },
      { pid: 4, parent: 9, session: 7 },
    ];
    assert.deepEqual(descendants(1, relations), [1, 2, 3]);
    assert.deepEqual(descendants(5, relations), []);
    // A session whose leader is gone.
    assert.deepEqual(descendants(7, relations), [4]);
  });

  it('addresses', () => {
    assert.equal(parseAddress('0100007F:1F90'), '127.0.0.1:8080');
    assert.equal(parseAddress('00000000000000000000000001000000:0050'), '[::1]:80');
    assert.equal(parseAddress('0000000000000000FFFF00000100007F:0050'), '127.0.0.1:80');
    assert.equal(parseAddress('B80D0120000000000000000001000000:01BB'), '[2001:db8::1]:443');
    assert.equal(parseAddress('00000000000000000000000000000000:0000'), '[::]:0');
    assert.equal(parseAddress('junk'), undefined);
  });

  it('tables of sockets, with lines that are cut off', () => {
    const head = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
    const rest = '00000000:00000000 00:00000000 00000000     0        0';
    const table = `${head}   0: 0100007F:1F90 00000000:0000 0A ${rest} 20483 1\n   1: 0100007F:1F90 0200007F:0050 01 ${rest} 20484 1\n   2: 0100`;
    assert.deepEqual(
      [...parseInternet(table, 'tcp')],
      [
        ['20483', { protocol: 'tcp', local: '127.0.0.1:8080', status: 'listen' }],
        ['20484', { protocol: 'tcp', local: '127.0.0.1:8080', peer: '127.0.0.2:80', status: 'established' }],
      ],
    );
    const unix =
      'Num\n0000: 00000002 00000000 00010000 0001 01 20480 /run/a b.sock\n0000: 00000002 00000000 0 1 01 7\n';
    assert.deepEqual(
      [...parseUnix(unix)],
      [
        ['20480', { protocol: 'unix', local: '/run/a b.sock' }],
        ['7', { protocol: 'unix', local: '' }],
      ],
    );
  });

  it('mounts: the last on / has the upper layer', () => {
    const overlay = 'overlay overlay rw,lowerdir=/l,upperdir=/var/lib/a\\054b,workdir=/w';
    const text = `1 0 0:1 / / rw - ext4 /dev/sda rw\n2 1 0:2 / / rw,relatime - ${overlay}\n3 2 0:3 /x /a\\040b ro shared:1 - tmpfs t rw\ncut off\n`;
    const { mounts, upperLayer } = parseMounts(text);
    assert.equal(upperLayer, '/var/lib/a,b');
    assert.deepEqual(mounts.at(-1), { point: '/a b', type: 'tmpfs', source: 't', root: '/x', options: 'ro' });
  });

  it('maps: those that may be executed', () => {
    assert.deepEqual(
      parseMaps('1000-2000 r-xp 0 08:01 7     /a b\n2000-3000 rw-p 0 0:0 0\n3000-4000 rwxp 0 0:0 0 \n'),
      [
        { from: '1000', to: '2000', access: 'r-xp', path: '/a b' },
        { from: '3000', to: '4000', access: 'rwxp', path: '' },
      ],
    );
  });
});

describe('captures: the upper layer of a container', () => {
  const layer = `${directory}/layer`;
  before(() => {
    mkdirSync(`${layer}/tmp/deep`, { recursive: true });
    writeFileSync(`${layer}/tmp/dropped`, 'content', { mode: 0o755 });
    symlinkSync('/etc', `${layer}/tmp/way-out`);
  });

  it('has each file, and follows no link', () => {
    const found = changedFiles(layer, 100, new TimeLimit(60_000));
    assert.ok(found?.isComplete);
    assert.deepEqual(found.files.map(({ path, kind }) => [path, kind]).toSorted(), [
      ['/tmp', 'directory'],
      ['/tmp/deep', 'directory'],
      ['/tmp/dropped', 'file'],
      ['/tmp/way-out', 'link'],
    ]);
    assert.deepEqual(
      found.files.filter(({ kind }) => kind === 'file').map(({ size, mode }) => [size, mode]),
      [[7, 0o755]],
    );
  });

  it('is cut at a bound, and absent where it is not there', () => {
    assert.equal(changedFiles(layer, 2, new TimeLimit(60_000))?.isComplete, false);
    assert.equal(changedFiles(layer, 100, new TimeLimit(0))?.isComplete, false);
    assert.equal(changedFiles(`${layer}/none`, 100, new TimeLimit(60_000)), undefined);
  });

  it('files in it are opened without following a link on the way', () => {
    const inside = openBelow(layer, '/tmp/dropped', 'file');
    assert.ok(inside !== undefined);
    assert.equal(readFileSync(inside, 'utf8'), 'content');
    closeSync(inside);
    assert.equal(openBelow(layer, '/tmp/way-out/passwd', 'file'), undefined);
    assert.equal(openBelow(layer, '/tmp/way-out', 'folder'), undefined);
  });

  it('another device is not a removed file', () => {
    assert.equal(
      changedFiles('/dev', 10_000, new TimeLimit(60_000))?.files.find(({ path }) => path === '/null')?.kind,
      'other',
    );
  });
});
