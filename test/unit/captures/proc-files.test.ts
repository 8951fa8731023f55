// What the state of processes is read from: files of /proc, with texts that a hostile process made.

import assert from 'node:assert/strict';
import { closeSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import { FileSystems, parseMountTypes } from '../../../host/captures/state/file-systems.ts';
import { parseMounts } from '../../../host/captures/state/mounts.ts';
import { namesOfVariables, parseMaps, parseStat } from '../../../host/captures/state/processes.ts';
import { descendants, isOfContainer, processesIn } from '../../../host/captures/state/scope-processes.ts';
import { parseAddress, parseInternet, parseUnix, socketsOf } from '../../../host/captures/state/sockets.ts';
import { TimeLimit } from '../../../host/captures/state/time-limit.ts';
import { directoryForTests } from '../../support/directory.ts';

const directory = directoryForTests();
const PATIENT = new TimeLimit(60_000);

/** Is over after so many looks at the time. */
class Looks extends TimeLimit {
  #left: number;

  constructor(count: number) {
    super(60_000);
    this.#left = count;
  }

  override get isOver(): boolean {
    return --this.#left < 0;
  }
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

  it('a scan that takes too long is cut', () => {
    const proc = `${directory}/proc`;
    for (let pid = 1; pid <= 1100; pid++) mkdirSync(`${proc}/${pid}`, { recursive: true });
    const { pids, looked, all } = processesIn({ kind: 'process_tree', pid: 1 }, new TimeLimit(0), proc);
    assert.deepEqual([pids, looked, all], [[1], 1024, 1100]);
  });

  it('control groups that name a container', () => {
    const id = 'ab'.repeat(32);
    for (const path of [
      `/docker/${id}`,
      `/system.slice/docker-${id}.scope`,
      `/system.slice:docker:${id}`,
      `/kubepods.slice/cri-containerd-${id}.scope/init`,
      `/kubepods/burstable/pod1/crio-${id}`,
    ]) {
      assert.ok(isOfContainer(`1:cpu:/other\n0::${path}\n`, id), path);
    }
    assert.ok(isOfContainer('0::/lxc.payload.web/x', 'web'));
    assert.ok(isOfContainer('0::/machine.slice/machine-web.scope/payload', 'web'));
    for (const [path, other] of [
      [`/crio-conmon-${id}.scope`, id],
      [`/x${id}`, id],
      ['/user.slice/user-0.slice/session-1.scope', 'scope'],
      ['/user.slice/user-0.slice/session-1.scope', '0'],
      ['/user.slice', ''],
    ] as const) {
      assert.ok(!isOfContainer(`0::${path}\n`, other), `${path} ${other}`);
    }
  });

  it('names of variables', () => {
    assert.deepEqual(namesOfVariables(Buffer.from('A=1\0secret\0=x\0B=\0C=d=e')), ['A', 'B', 'C']);
  });

  it('types of mounts, by id', () => {
    const overlay = 'overlay overlay rw,lowerdir=/l,upperdir=/u,workdir=/w';
    const text = `7 0 0:1 / / rw shared:1 - fuse.evil x rw\n8 7 0:2 / /a rw - ${overlay}\ncut off\n`;
    assert.deepEqual(
      [...parseMountTypes(text)],
      [
        [7, { type: 'fuse.evil', device: '0:1', upperLayer: undefined }],
        [8, { type: 'overlay', device: '0:2', upperLayer: '/u' }],
      ],
    );
  });

  it("an overlay is taken for the host's only if the host or the agent has it", () => {
    const proc = `${directory}/overlays`;
    const line = (device: string, upper: string): string =>
      `9 0 ${device} / /m rw - overlay o rw,lowerdir=/l,upperdir=${upper},workdir=/w\n`;
    for (const [who, table] of [
      ['1', line('0:50', '/of-host')],
      ['self', line('0:51', '/of-agent')],
      ['77', line('0:52', '/etc')],
    ] as const) {
      mkdirSync(`${proc}/${who}`, { recursive: true });
      writeFileSync(`${proc}/${who}/mountinfo`, table);
    }
    const files = new FileSystems(proc);
    assert.deepEqual(
      ['0:50', '0:51', '0:52', ''].map((device) => files.upperLayer(device)),
      ['/of-host', '/of-agent', undefined, undefined],
    );
  });

  it('files of another file system than a local one are not opened', () => {
    writeFileSync(`${directory}/program`, 'x');
    const own = new FileSystems();
    const local = own.open(`${directory}/program`, process.pid);
    assert.ok(local !== undefined);
    closeSync(local);
    // A file of procfs, as one of any file system that is not known to answer.
    assert.equal(own.open('/proc/self/status', process.pid), undefined);
    assert.equal(own.refused, 1);
    assert.equal(own.open('/dev/null', process.pid), undefined);
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
      'Num\n00000000: 00000002 00000000 00010000 0001 01 20480 /run/a b.sock\n00000000: 00000002 00000000 00000000 0001 01     7\n';
    assert.deepEqual(
      [...parseUnix(unix)],
      [
        ['20480', { protocol: 'unix', local: '/run/a b.sock' }],
        ['7', { protocol: 'unix', local: '' }],
      ],
    );
  });

  it('a unix socket whose name imitates a line of the internet', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const real = [...socketsOf(process.pid, PATIENT).byInode].find(([, { local, status }]) => {
      const address = server.address();
      return typeof address === 'object' && local === `127.0.0.1:${address?.port}` && status === 'listen';
    });
    const [inode] = real ?? [];
    assert.ok(inode !== undefined);
    const name = `\0\n00000000: 00000002 00000000 00010000 0001 01 ${inode} /run/x`;
    const imitating = createServer();
    await new Promise<void>((resolve, reject) => imitating.once('error', reject).listen(name, resolve));
    const found = socketsOf(process.pid, PATIENT).byInode.get(inode);
    imitating.close();
    server.close();
    assert.equal(found?.protocol, 'tcp');
  });

  it('tables of sockets are read within the time, those of the internet first', () => {
    const net = `${directory}/crowd/1/net`;
    mkdirSync(net, { recursive: true });
    const connection = (inode: number): string =>
      `   0: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0\n`;
    const table = Array.from({ length: 50_000 }, (_, index) => connection(index + 1)).join('');
    const names = Array.from(
      { length: 50_000 },
      (_, index) => `0000000000000000: 00000002 00000000 00010000 0001 01 ${100_000 + index} /x\n`,
    );
    const read = (looks: number) => socketsOf(1, new Looks(looks), `${directory}/crowd`);

    writeFileSync(`${net}/tcp`, `head\n${connection(7)}`);
    writeFileSync(`${net}/unix`, `head\n${names.join('')}`);
    const behind = read(20);
    assert.equal(behind.byInode.get('7')?.protocol, 'tcp');
    assert.ok(!behind.isComplete && behind.byInode.size < 20_000, String(behind.byInode.size));

    writeFileSync(`${net}/tcp`, `head\n${table}`);
    const cut = read(20);
    assert.ok(!cut.isComplete && cut.byInode.size < 20_000, String(cut.byInode.size));
    const whole = read(10_000);
    assert.deepEqual([whole.isComplete, whole.byInode.size], [true, 100_000]);
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
