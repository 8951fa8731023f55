// Responses on real containers: how long they are in force, and what is left alone. responses-cgroups.test.ts has the actions themselves.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, readlinkSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { findGroups } from '../../host/responses/cgroups/container-groups.ts';
import { isFreezing } from '../../host/responses/cgroups/freezer.ts';
import { findHierarchies } from '../../host/responses/cgroups/hierarchies.ts';
import { BPF_FS } from '../../host/responses/isolation/isolations.ts';
import { directoryForTests } from '../support/directory.ts';
import { mountBpfFileSystem } from '../support/live/machine-bpf-file-system.ts';
import { startWasprey } from '../support/live/run-process.ts';
import { assertDone, container, processesIn, targetIn, whyRefused } from '../support/responses/response-containers.ts';
import { openPerformer, type PerformerScene, responseOf, stateOf } from '../support/responses/response-scene.ts';
import { until } from '../support/until.ts';

const PAUSE = responseOf('pause_container');
const KILL = responseOf('kill_container');
const SLEEP_AS_RUNTIME = ['/bin/sh', '-c', 'cp /usr/bin/sleep /tmp/containerd; exec /tmp/containerd 1000'];
/** Mounts a file system, answers its first request, and no other: a process waits for the second, and no freezer can stop it there. */
const UNSERVED = `
import ctypes, os, stat, struct, time
os.mknod('/dev/fuse', stat.S_IFCHR | 0o600, os.makedev(10, 229))
fuse = os.open('/dev/fuse', os.O_RDWR)
options = f'fd={fuse},rootmode=40000,user_id=0,group_id=0'
assert ctypes.CDLL(None).mount(b'fuse', b'/srv', b'fuse', 0, options.encode()) == 0
_, _, unique = struct.unpack('<IIQ', os.read(fuse, 65536)[:16])
init = struct.pack('<IIIIHHI', 7, 31, 65536, 0, 12, 10, 65536).ljust(64, bytes(1))
os.write(fuse, struct.pack('<IiQ', 16 + len(init), 0, unique) + init)
if os.fork() == 0:
    os.close(fuse)
    os.stat('/srv/file')
print('mounted', flush=True)
time.sleep(1000)
`;
const directory = directoryForTests();
let scene: PerformerScene;

before(async () => {
  scene = await openPerformer(join(directory, 'ledger'), () => undefined);
});
after(async () => {
  await scene?.performer.close();
});

/** The kernel's function in which it waits. */
function waitsFor(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/wchan`, 'utf8');
  } catch {
    return '';
  }
}

describe('pause_container', () => {
  test('undone after its time', async () => {
    const box = container();
    const began = performance.now();
    assertDone(await scene.performer.perform({ ...PAUSE, undoAfterMs: 700 }, targetIn(box)));
    assert.equal((await scene.performer.list()).length, 1);
    await until(() => scene.performer.inForce.entries.length === 0);
    assert.ok(performance.now() - began >= 700);
  });
  test('resumed by the command, where no agent runs', async (context) => {
    const box = container();
    const folder = join(directory, 'resumed');
    const { performer } = await openPerformer(folder, () => undefined);
    assertDone(await performer.perform(PAUSE, targetIn(box, { containerName: 'b\u001b[31mx' })));
    await performer.close();
    const groups = await findGroups(await findHierarchies(), box.id, box.pid);
    const path = join(directory, 'wasprey.yaml');
    // Of an agent with another ledger.
    const unmount = mountBpfFileSystem();
    const isolated = join(BPF_FS, 'wasprey-isolated', 'f'.repeat(64));
    mkdirSync(isolated, { recursive: true });
    context.after(() => {
      rmdirSync(isolated);
      unmount();
    });
    writeFileSync(path, `responses: {folder: ${folder}}\ncontrol: {enabled: true, socket: ${directory}/none.sock}\n`);
    const resume = async (word: string): Promise<[status: number | null, said: string]> => {
      const command = startWasprey(['responses', 'resume', word, '-c', path]);
      return [await command.ended, command.stdout()];
    };
    assert.deepEqual(await resume('another'), [1, '']);
    assert.equal(await isFreezing(groups), true);
    const [status, said] = await resume(box.id.slice(0, 8));
    assert.equal(status, 0);
    assert.match(said, /^undone: pause_container of b.+x \([0-9a-f]{6}\)\n$/);
    assert.ok(!said.includes('\u001b'));
    assert.equal(await isFreezing(groups), false);
    assert.ok(existsSync(isolated), 'what is isolated stays so');
  });
  test('not: one that its runtime has paused; a container that has ended', async () => {
    const box = container();
    await once(spawn('runc', ['pause', box.id]), 'close');
    assert.equal(whyRefused(await scene.performer.perform(PAUSE, targetIn(box))), 'already');
    await once(spawn('runc', ['resume', box.id]), 'close');
    box.stop();
    assert.equal(whyRefused(await scene.performer.perform(PAUSE, targetIn(box))), 'gone');
  });
  test('one whose process waits for a file system that nobody serves', { timeout: 60_000 }, async () => {
    const box = container({ root: 'host', privileged: true });
    const child = box.start(['/usr/bin/python3', '-c', UNSERVED]);
    await once(child.stdout as NodeJS.ReadableStream, 'data');
    await until(async () => (await processesIn(box)).some((each) => waitsFor(each) === 'request_wait_answer'));
    const outcome = await scene.performer.perform(PAUSE, targetIn(box));
    assertDone(outcome);
    assert.match(outcome.what, /; a process in it that is blocked in the kernel stops when its call returns$/);
    assertDone(await scene.performer.perform(KILL, targetIn(box)));
  });
  test('one that has ended since is forgotten', async () => {
    const box = container();
    assertDone(await scene.performer.perform(PAUSE, targetIn(box)));
    box.stop();
    assert.deepEqual(await scene.performer.list(), []);
  });
});

describe('what is never touched', () => {
  test('a container with a runtime in it', async () => {
    const box = container({ root: 'host', privileged: true, program: SLEEP_AS_RUNTIME });
    await until(() => readlinkSync(`/proc/${box.pid}/exe`) === '/tmp/containerd');
    assert.equal(whyRefused(await scene.performer.perform(KILL, targetIn(box))), 'protected');
    assert.equal(whyRefused(await scene.performer.perform(PAUSE, targetIn(box))), 'protected');
    assert.match(stateOf(box.pid), /[RS]/);
  });
  test('a container without privileges has no runtime, whatever its programs are called', async () => {
    const box = container({ root: 'host', program: SLEEP_AS_RUNTIME });
    await until(() => readlinkSync(`/proc/${box.pid}/exe`) === '/tmp/containerd');
    assertDone(await scene.performer.perform(KILL, targetIn(box)));
  });
  test("the agent's own container, however it is matched", async () => {
    const box = container();
    const own = await openPerformer(join(directory, 'own'), () => undefined, {}, box.pid);
    assert.equal(whyRefused(await own.performer.perform(KILL, targetIn(box))), 'protected');
    assert.equal(whyRefused(await own.performer.perform(PAUSE, targetIn(box))), 'protected');
    await own.performer.close();
    assert.match(stateOf(box.pid), /[RS]/);
  });
});

test('of two control groups with its id neither is touched: another container may have made one', async () => {
  const [box, other] = [container(), container()];
  const groups = Object.values(await findGroups(await findHierarchies(), other.id, 0));
  const made = groups.map(({ folder }) => join(folder, box.id));
  for (const folder of made) {
    mkdirSync(folder);
    writeFileSync(join(folder, 'cgroup.procs'), String(other.pid));
  }
  const outcome = await scene.performer.perform(KILL, targetIn(box));
  assert.equal(whyRefused(outcome), 'incomplete');
  assert.match(JSON.stringify(outcome), /2 control groups have the id of the container/);
  // A process that is in it shows which one it is.
  assertDone(await scene.performer.perform(KILL, targetIn(box, { pid: box.pid })));
  assert.match(stateOf(other.pid), /[RS]/);
  for (const [index, folder] of made.entries()) {
    writeFileSync(join(groups[index]?.folder ?? '', 'cgroup.procs'), String(other.pid));
    rmdirSync(folder);
  }
});

describe('limits', () => {
  test('of 1,000 matches, as many are acted on as the limit says', async () => {
    const box = container();
    const folder = join(directory, 'limits');
    const limited = { perNode: { count: 5, milliseconds: 60_000 } };
    const { performer } = await openPerformer(folder, () => undefined, limited);
    const undo = async (): Promise<void> => {
      for (const { id } of await performer.list()) await performer.undo(id);
    };
    let done = 0;
    for (let match = 0; match < 1000; match++) {
      const outcome = await performer.perform(PAUSE, targetIn(box));
      if (outcome.kind === 'done') done++;
      else assert.equal(whyRefused(outcome), 'limit');
      await undo();
    }
    assert.equal(done, 5);
    await performer.close();
    // A restart does not make room.
    const again = await openPerformer(folder, () => undefined, limited);
    assert.equal(whyRefused(await again.performer.perform(PAUSE, targetIn(box))), 'limit');
    await again.performer.close();
  });
  test('matches at once: one is acted on', async () => {
    const box = container();
    const { performer } = await openPerformer(join(directory, 'at-once'), () => undefined);
    const outcomes = await Promise.all(Array.from({ length: 1000 }, () => performer.perform(PAUSE, targetIn(box))));
    assert.equal(outcomes.filter(({ kind }) => kind === 'done').length, 1);
    for (const { id } of await performer.list()) await performer.undo(id);
    await performer.close();
  });
  test('observe: the same but for the act', async () => {
    const box = container();
    const { performer } = await openPerformer(join(directory, 'observe'), () => undefined, {
      mode: 'observe',
      perContainer: { count: 2, milliseconds: 60_000 },
    });
    const what = `pause container box (${box.shortId})`;
    for (let match = 0; match < 2; match++) {
      assert.deepEqual(await performer.perform(PAUSE, targetIn(box)), { kind: 'observed', what });
    }
    assert.equal(whyRefused(await performer.perform(PAUSE, targetIn(box))), 'limit');
    assert.match(stateOf(box.pid), /[RS]/);
    await performer.close();
  });
});

describe('the ledger', () => {
  test('a damaged one is kept and reported, and a new one is begun', async () => {
    const folder = join(directory, 'damaged');
    const first = await openPerformer(folder, () => undefined);
    await first.performer.close();
    writeFileSync(join(folder, 'ledger'), 'wasprey responses 1 00\n{"entries":[]}\n');
    const second = await openPerformer(folder, () => undefined);
    assert.match(second.failures.join(), /damaged: its checksum is wrong; it is kept as .*ledger\.damaged/);
    await second.performer.close();
  });
  test('of one process at a time', async () => {
    const folder = join(directory, 'taken');
    const first = await openPerformer(folder, () => undefined);
    await assert.rejects(
      openPerformer(folder, () => undefined),
      { code: 'RESPONSES_TAKEN' },
    );
    await first.performer.close();
    const second = await openPerformer(folder, () => undefined);
    await second.performer.close();
  });
});
