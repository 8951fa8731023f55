// The capture by itself, without rules: what it says where it can't start, changing what is attached, the snapshot at the
// start, and what it leaves behind.

import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Capture } from '../../host/capture/native.ts';
import { type OpenCapture, openCapture } from '../../host/capture/open.ts';
import { EventMemory } from '../../host/fields/memory.ts';
import { type EventRecord, ImageRecord } from '../../host/fields/record.ts';
import { changeTypes } from '../support/live/change-types.ts';
import { polledEvents } from '../support/live/polled-events.ts';
import { text } from '../support/records/records.ts';

const SCRIPT = `
  import { openCapture } from ${JSON.stringify(new URL('../../host/capture/open.ts', import.meta.url).href)};
  const { capture } = openCapture({ source: 'bpf' });
  try {
    capture.start(['openat']);
    console.log(JSON.stringify({ code: 'started' }));
  } catch (error) {
    console.log(JSON.stringify({ code: error.code, message: error.message, detail: error.detail }));
  }
  capture.close();
`;

/** By this namespace's numbers: the tests may run in a pid namespace of their own. */
const PID_NAMESPACE = statSync('/proc/self/ns/pid').ino;

function isOfThisNamespace(image: ImageRecord): boolean {
  return image.number('pid_namespace') === PID_NAMESPACE;
}

function isMainThreadOfThis(event: EventRecord): boolean {
  const { image } = event;
  if (!image || !isOfThisNamespace(image)) return false;
  return image.number('vpid') === process.pid && event.number('tid') === image.number('pid');
}

/** What becomes of starting a capture by this command, which gets Node's command line appended. */
function startBy(...command: string[]): { code: string; message?: string; detail?: string } {
  const [program = '', ...words] = [...command, process.execPath, '--input-type=module', '-e', SCRIPT];
  const { stdout, stderr } = spawnSync(program, words, { encoding: 'utf8' });
  assert.ok(stdout.startsWith('{'), `${stdout}${stderr}`);
  return JSON.parse(stdout);
}

function startOn(object: string): unknown {
  const { capture } = openCapture({ source: 'bpf', object });
  try {
    capture.start(['openat']);
    return 'started';
  } catch (error) {
    return (error as { code: string }).code;
  } finally {
    capture.close();
  }
}

test('an object that is missing or damaged', () => {
  const folder = mkdtempSync(join(tmpdir(), 'wasprey-object-'));
  try {
    assert.equal(startOn(join(folder, 'none.o')), 'CAPTURE_OBJECT');
    writeFileSync(join(folder, 'damaged.o'), '\x7fELF and nothing else');
    assert.equal(startOn(join(folder, 'damaged.o')), 'CAPTURE_OBJECT');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('without the capabilities it names those that are missing', () => {
  const without = startBy('setpriv', '--bounding-set=-sys_admin,-bpf,-perfmon', '--inh-caps=-sys_admin,-bpf,-perfmon');
  assert.equal(without.code, 'CAPTURE_PERMISSION');
  assert.match(without.message ?? '', /missing CAP_BPF, CAP_PERFMON/);
});

/** What becomes of a start where an empty file system lies over some places. */
function startWithout(...paths: string[]): { code: string; message?: string } {
  const mounts = paths.map((path) => `mount -t tmpfs none ${path}`).join('; ');
  return startBy('unshare', '--mount', 'sh', '-c', `${mounts}; exec "$@"`, 'sh');
}

test('without type information it says what to do', () => {
  assert.equal(startWithout('/sys/kernel/btf').code, 'CAPTURE_NO_BTF');
});

test('the tracing file system is not needed', () => {
  const tracing = ['/sys/kernel/tracing', '/sys/kernel/debug'].filter((path) => existsSync(path));
  assert.equal(startWithout(...tracing).code, 'started');
});

test('an event type that there is not', () => {
  const { capture } = openCapture({ source: 'bpf' });
  assert.throws(() => capture.start(['openat', 'opendoor']), { code: 'CAPTURE_EVENT_TYPE', message: /opendoor/ });
  assert.throws(() => capture.beginChange(['openat']), { code: 'CAPTURE_STATE' });
  capture.close();
});

/** Own events of the main thread that come within the time, as texts made by `describe`. */
function ownEvents(open: OpenCapture, describe: (event: EventRecord) => string, act: () => void): string[] {
  const { capture, memory } = open;
  drain(capture);
  act();
  const view = new EventMemory(memory.buffer);
  const segments = new Uint32Array(64);
  const found: string[] = [];
  for (let pairs = capture.poll(segments, 100); pairs > 0; pairs = capture.poll(segments, 20)) {
    for (const event of polledEvents(view, segments, pairs)) {
      if (isMainThreadOfThis(event)) found.push(describe(event));
    }
    capture.release();
  }
  return found;
}

function drain(capture: Capture): void {
  const segments = new Uint32Array(64);
  while (capture.poll(segments, 0) > 0) capture.release();
}

test('what was loaded before the start is used, and what the start needs beyond it is loaded then', () => {
  const open = openCapture({ source: 'bpf' });
  const folder = mkdtempSync(join(tmpdir(), 'wasprey-load-'));
  const file = join(folder, 'file');
  try {
    open.capture.load(['openat', 'connect']);
    const before = open.capture.loadedPrograms();
    assert.ok(before.includes('on_open') && !before.includes('on_path'), before.join());
    open.capture.start(['openat', 'unlink']);
    assert.ok(open.capture.loadedPrograms().includes('on_path'));
    const types = ownEvents(
      open,
      (event) => event.type.name,
      () => {
        closeSync(openSync(file, 'w'));
        rmSync(file);
      },
    );
    assert.deepEqual([...new Set(types)].sort(), ['openat', 'unlink']);
  } finally {
    open.capture.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

test('the set of event types changes while it runs', async () => {
  const open = openCapture({ source: 'bpf' });
  const folder = mkdtempSync(join(tmpdir(), 'wasprey-attach-'));
  const file = join(folder, 'file');
  try {
    const act = () => {
      closeSync(openSync(file, 'w'));
      rmSync(file);
    };
    const typesOf = () => [...new Set(ownEvents(open, (event) => event.type.name, act))].sort();
    open.capture.start(['openat']);
    assert.deepEqual(typesOf(), ['openat']);
    await changeTypes(open.capture, ['openat', 'unlink', 'unlinkat', 'rmdir']);
    assert.deepEqual(typesOf(), ['openat', 'unlink']);
    await changeTypes(open.capture, ['unlink']);
    assert.deepEqual(typesOf(), ['unlink']);
    await changeTypes(open.capture, []);
    assert.deepEqual(typesOf(), []);
    await changeTypes(open.capture, ['openat']);
    assert.deepEqual(typesOf(), ['openat']);
    const { produced, evaluated, dropped, malformed, unknownImages } = open.capture.counters();
    const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
    assert.equal(sum(produced), sum(evaluated) + sum(dropped));
    assert.deepEqual([malformed, unknownImages], [0, 0]);
  } finally {
    open.capture.close();
    rmSync(folder, { recursive: true });
  }
});

function runningPids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** Undefined if there is no such process any more. */
function parentOf(pid: number): number | undefined {
  const stat = ifRunning(() => readFileSync(`/proc/${pid}/stat`, 'latin1'));
  return stat === undefined ? undefined : Number(stat.slice(stat.lastIndexOf(')')).split(' ')[2]);
}

/** Likewise. */
function commandLineOf(pid: number): string | undefined {
  return ifRunning(() => readFileSync(`/proc/${pid}/cmdline`, 'latin1'));
}

function ifRunning(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

test('the snapshot knows every process that ran before, with its parent', async () => {
  // A pid namespace of the tests' own may have no others.
  const older = Array.from({ length: 24 }, () => spawn('sleep', ['60']));
  await Promise.all(older.map((child) => once(child, 'spawn')));
  const open = openCapture({ source: 'bpf' });
  try {
    const before = new Map(runningPids().map((pid) => [pid, { parent: parentOf(pid), words: commandLineOf(pid) }]));
    open.capture.start([]);
    const addresses = new Uint32Array(100_000);
    const count = open.capture.takeImages(addresses);
    const view = new EventMemory(open.memory.buffer);
    const images = new Map<number, ImageRecord>();
    for (const address of addresses.subarray(0, count)) {
      const image = new ImageRecord(view, address);
      if (isOfThisNamespace(image)) images.set(image.number('vpid'), image);
    }
    let compared = 0;
    let missing = 0;
    for (const pid of runningPids()) {
      const parent = parentOf(pid);
      const words = commandLineOf(pid);
      if (parent === undefined || words === undefined) continue; // gone meanwhile
      const image = images.get(pid);
      const known = before.get(pid);
      // A machine may keep a process from being looked at: here it is init. Others have come meanwhile.
      if (!image && known) missing++;
      if (!image) continue;
      compared++;
      // Others may lose their parent and run another program meanwhile.
      if (images.has(parent) && known?.parent === parent)
        assert.equal(image.parent?.number('vpid'), parent, `parent of ${pid}`);
      const argv = text(image, 'argv') ?? '';
      // Programs may write over their arguments (as sshd does), which the memory shows and we too; not what runs on behind them.
      const isTitle = !argv.slice(0, -1).includes('\0') && words.startsWith(argv.slice(0, -1));
      if (argv.length < 2000 && known?.words === words && !isTitle) assert.equal(argv, words, `arguments of ${pid}`);
    }
    assert.ok(compared > 20 && missing < compared / 10, `${compared} processes were compared, ${missing} not known`);
    assert.ok(images.has(process.pid));
    assert.equal(images.get(process.pid)?.parent?.number('vpid'), process.ppid);
  } finally {
    for (const child of older) child.kill();
    open.capture.close();
  }
});

/** Ids of the BPF links that this process has descriptors of. */
function ownLinks(): Set<number> {
  const ids = new Set<number>();
  for (const fd of readdirSync('/proc/self/fdinfo')) {
    try {
      const id = /^link_id:\s+(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1];
      if (id !== undefined) ids.add(Number(id));
    } catch {
      // The descriptor that the folder was read by.
    }
  }
  return ids;
}

test('close leaves no descriptor of a hook, and what the kernel still has to do ends by itself', async () => {
  const links = (): { id: number }[] =>
    JSON.parse(execFileSync('bpftool', ['-j', 'link', 'show'], { encoding: 'utf8' }));
  const { capture } = openCapture({ source: 'bpf' });
  capture.start(['openat', 'openat2', 'open', 'unlink', 'unlinkat']);
  const own = ownLinks();
  assert.ok(own.size >= 5, `${own.size} links`);
  capture.close();
  assert.equal(ownLinks().size, 0);
  for (let waited = 0; links().some(({ id }) => own.has(id)); waited++) {
    assert.ok(waited < 600, 'hooks are still attached after a minute');
    await sleep(100);
  }
});
