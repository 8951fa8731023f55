// Fields of processes: arguments, ancestors, leaders, containers.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventMemory, LONGEST_STRING } from '../../../host/fields/memory.ts';
import { EventRecord } from '../../../host/fields/record.ts';
import { NOT_AVAILABLE } from '../../../host/fields/text.ts';
import { CONTAINER_STATE } from '../../../host/schema/container.ts';
import type { StructInput } from '../../../host/schema/encode-struct.ts';
import { EVENT_STRUCTS } from '../../../host/schema/event-structs.ts';
import { EVENT_TYPES } from '../../../host/schema/events/index.ts';
import { IMAGE, IMAGE_FLAGS } from '../../../host/schema/image.ts';
import { type MemberName, member } from '../../../host/schema/layout.ts';
import { check, shown } from '../../support/records/fields.ts';
import { RecordMemory } from '../../support/records/records.ts';
import { printedFields } from '../../support/records/schema-fields.ts';

/** systemd(1) - sshd(100) - bash(200) - worker(300), the last one in a container. */
function family() {
  const memory = new RecordMemory();
  const systemd = memory.image({ comm: 'systemd', pid: 1, start_time: 10 }, ['/sbin/init', 'splash']);
  const sshd = memory.image(
    {
      comm: 'sshd',
      executable: '/usr/sbin/sshd',
      environment: 'LANG=C\0',
      environment_text: 'LANG=C',
      pid: 100,
      parent_address: systemd,
    },
    ['/usr/sbin/sshd', '-D', '-p', '2222'],
  );
  const bash = memory.image(
    {
      comm: 'bash',
      pid: 200,
      sid: 200,
      start_time: 400,
      parent_address: sshd,
    },
    ['-bash'],
  );
  const container = memory.container({
    id: '3f1a5b0c9d2e',
    full_id: '3f1a5b0c9d2e4',
    name: 'web 1',
    image_repository: 'registry.example.test:5000/shop/Web',
    image_tag: 'v1.2',
    privileged: 1,
    labels: 'app=Shop\0x=y=z\0',
    mounts: '/data\0/var/lib/data\0rw\0true\0private\0/x\0/y\0\0false\0\0',
    start_time: 500,
  });
  const worker = memory.image(
    {
      comm: 'worker',
      executable: '/opt/Work Er/worker',
      environment: 'HOME=/home/eva\0A=b=c\0EMPTY=\0',
      environment_text: 'HOME=/home/eva A=b=c EMPTY=',
      pid: 300,
      ppid: 200,
      vpid: 1,
      sid: 200,
      pgid: 300,
      vpgid: 1,
      start_time: 700,
      exe_ctime: 600,
      exe_inode: 4242,
      flags: IMAGE_FLAGS.EXE_UPPER_LAYER | IMAGE_FLAGS.EXE_WRITABLE,
      cap_effective: 3,
      cap_permitted: 1n << 40n,
      login_uid: 0xffffffff,
      user_home: '/home/eva',
      parent_address: bash,
      session_address: bash,
      container_address: container,
    },
    ['/opt/Work Er/worker', '--name=Zürich', 'two words', '', '-v'],
  );
  return { memory, worker, event: memory.event('execve', worker, { time: 1000, tid: 300, name: '/opt/x' }) };
}

test('the process and its arguments', () => {
  const { event } = family();
  check(event, {
    'proc.name': 'worker',
    'proc.exe': '/opt/Work Er/worker',
    'proc.args': '--name=Zürich two words  -v',
    'proc.args[1]': 'two words',
    'proc.args[2]': '',
    'proc.args[9]': '',
    'proc.cmdline': 'worker --name=Zürich two words  -v',
    'proc.exeline': '/opt/Work Er/worker --name=Zürich two words  -v',
    'proc.cmdnargs': '4',
    'proc.cmdlenargs': String(Buffer.byteLength('--name=Zürichtwo words-v')),
    'proc.env[HOME]': '/home/eva',
    'proc.env[A]': 'b=c',
    'proc.env[EMPTY]': '',
    'proc.env[NOPE]': '',
    'proc.cwd': '/work/',
    'proc.pid': '300',
    'proc.ppid': '200',
    'proc.duration': '300',
    'proc.ppid.duration': '600',
    'proc.exe_ino': '4242',
    'proc.exe_ino.mtime': '<NA>',
    'proc.exe_ino.ctime_duration_proc_start': '100',
    'proc.is_exe_upper_layer': 'true',
    'proc.is_exe_from_memfd': 'false',
    'proc.is_pgid_leader': 'true',
    'proc.is_vpgid_leader': 'true',
    'proc.is_sid_leader': 'false',
    'thread.cap_effective': 'CAP_CHOWN CAP_DAC_OVERRIDE',
    'thread.cap_permitted': 'CAP_CHECKPOINT_RESTORE',
    'thread.cap_inheritable': '',
    'thread.ismain': 'true',
    'user.homedir': '/home/eva',
    'user.shell': '<NA>',
    'user.loginuid': '-1',
    'user.loginname': '<NA>',
    'evt.arg.args': '--name=Z..rich.two words..-v.',
    'evt.arg.exe': '/opt/Work Er/worker',
    'evt.arg.flags': 'EXE_WRITABLE|EXE_UPPER_LAYER',
    'evt.arg.trusted_exepath': '/opt/Work Er/worker',
    'evt.arg.cap_permitted': '10000000000',
    'evt.arg.tid': 'worker',
    'evt.arg.ptid': 'bash',
    'evt.arg.loginuid': '<NONE>',
    'evt.arg.exe_ino_ctime': '1970-01-01 00:00:00.000000600',
    'evt.rawarg.exe_ino_ctime': '600',
  });
});

test('ancestors and leaders', () => {
  const { event } = family();
  check(event, {
    'proc.pname': 'bash',
    'proc.aname': 'bash sshd systemd',
    'proc.aname[0]': 'worker',
    'proc.aname[2]': 'sshd',
    'proc.aname[4]': '<NA>',
    'proc.aname[-1]': '<NA>',
    'proc.aname[99999999999]': '<NA>',
    'proc.aexepath[2]': '/usr/sbin/sshd',
    'proc.acmdline[3]': 'systemd splash',
    'proc.apid': '300',
    'proc.apid[3]': '1',
    'proc.aargs[2]': '-D -p 2222',
    'proc.aenv[LANG]': 'C',
    'proc.aenv[NOPE]': '<NA>',
    'proc.aenv[2]': 'LANG=C',
    'proc.sname': 'bash',
    'proc.sid.exe': '-bash',
    'proc.vpgid.name': '',
    'proc.loginshellid': '200',
  });
});

test('the container', () => {
  const { event, memory } = family();
  check(event, {
    'container.id': '3f1a5b0c9d2e',
    'container.name': 'web 1',
    'container.image.repository': 'registry.example.test:5000/shop/Web',
    'container.image.digest': '<NA>',
    'container.privileged': 'true',
    'container.label[app]': 'Shop',
    'container.label[x]': 'y=z',
    'container.label[no]': '<NA>',
    'container.mount[0]': '/data:/var/lib/data:rw:true:private',
    'container.mount.dest[/data]': '/var/lib/data',
    'container.mount.dest[/da*]': '/var/lib/data',
    'container.mount.source[/y]': '/x',
    'container.mount.rdwr[1]': 'false',
    'container.mount.dest[/no]': '<NA>',
    'container.start_ts': '500',
    'container.duration': '500',
  });
  check(memory.event('execve', memory.image({}), { time: 1000 }), {
    'container.id': 'host',
    'container.image.repository': '',
    'container.privileged': 'false',
    'container.start_ts': '<NA>',
    'k8s.pod.name': '<NA>',
  });
});

test('a container starts when its runtime says, or else when its pid namespace did; the host is no container', () => {
  const memory = new RecordMemory();
  const startOf = (container: StructInput): string | undefined => {
    const image = memory.image({ container_address: memory.container(container), pidns_start_time: 300 });
    return shown(memory.event('execve', image, { time: 1000 }), 'container.start_ts');
  };
  const { HOST, PENDING, KNOWN } = CONTAINER_STATE;
  assert.equal(startOf({ state: KNOWN, start_time: 500 }), '500');
  assert.equal(startOf({ state: KNOWN, start_time: 0 }), '300');
  assert.equal(startOf({ state: PENDING, start_time: 0 }), '300');
  // Such as a process after `unshare --pid`.
  assert.equal(startOf({ state: HOST, start_time: 0 }), '<NA>');
});

test('a loop of parents ends', () => {
  const memory = new RecordMemory();
  const image = memory.image({ comm: 'loop' });
  new DataView(memory.buffer).setUint32(image + offsetOf('parent_address'), image, true);
  const event = memory.event('execve', image, {});
  assert.equal(shown(event, 'proc.aname').split(' ').length, 1024);
  assert.equal(shown(event, 'proc.aname[4294967295]'), NOT_AVAILABLE);
});

function offsetOf(name: MemberName<typeof IMAGE>): number {
  return member(IMAGE, name).offset;
}

test('nothing outside of the memory is read, whatever a record says', () => {
  const memory = new RecordMemory(1 << 16);
  const image = memory.image({ comm: 'x' });
  const view = new DataView(memory.buffer);
  for (const type of EVENT_TYPES) {
    const event = memory.event(type.name, image, {});
    // Every byte behind the header a pointer to somewhere else.
    for (const filler of [0xff, 0x7f, 0x01]) {
      const { size } = EVENT_STRUCTS[type.shape];
      for (let at = 64; at < size; at++) view.setUint8(event.address + at, filler);
      for (const name of printedFields()) assert.ok(shown(event, name).length <= 2 * LONGEST_STRING);
    }
    if (event.address > 50_000) return;
  }
});

test('an address that holds no record gives none', () => {
  const memory = new EventMemory(new ArrayBuffer(4096));
  for (const address of [0, 64, 4090, 4096, -1, 2 ** 32]) assert.equal(EventRecord.at(memory, address), undefined);
});

test('every field that an output may print is read on every type of event', () => {
  const memory = new RecordMemory();
  const image = memory.image({ comm: 'x' });
  for (const type of EVENT_TYPES) {
    const event = memory.event(type.name, image, {});
    for (const name of printedFields()) assert.doesNotThrow(() => shown(event, name));
  }
});
