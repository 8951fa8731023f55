// open, openat, openat2, creat: what was opened, by which name, with what result; on the host and in a container.

import assert from 'node:assert/strict';
import { linkSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { directoryForTests } from '../support/directory.ts';
import { type AlertLine, assertFields, type FieldOutput } from '../support/live/alert-line.ts';
import { act, type Call, type Step, str } from '../support/live/live-act.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import { Container } from '../support/live/live-container.ts';
import { AT_FDCWD, CLONE_NEWNS, errno, MS_BIND, MS_PRIVATE, MS_REC, O } from '../support/live/live-numbers.ts';
import { HAS_OLD_CALLS, open, unlink } from '../support/live/old-calls.ts';
import { probe } from '../support/live/probe.ts';
import { widened } from '../support/live/time-factor.ts';

const OPEN = probe(
  ['open', 'openat', 'openat2', 'creat'],
  [
    ...[
      'evt.res',
      'evt.failed',
      'evt.category',
      'evt.cpu',
      'evt.is_open_read',
      'evt.is_open_write',
      'evt.is_open_exec',
    ],
    ...[
      'evt.is_open_create',
      'evt.arg.fd',
      'evt.arg.dirfd',
      'evt.arg.name',
      'evt.arg.flags',
      'evt.arg.mode',
      'evt.arg.ino',
    ],
    ...[
      'evt.arg.resolve',
      'evt.arg.creat_flags',
      'evt.args',
      'fd.num',
      'fd.type',
      'fd.typechar',
      'fd.name',
      'fd.nameraw',
    ],
    ...['fd.realpath', 'fd.directory', 'fd.filename', 'fd.dev.major', 'fd.dev.minor', 'fd.ino', 'fd.is_upper_layer'],
    ...['fd.is_lower_layer', 'fd.l4proto', 'fd.sip', 'fs.path.name', 'fs.path.nameraw', 'proc.name', 'thread.ismain'],
    ...['proc.cwd', 'user.uid', 'proc.exepath'],
  ],
);

const directory = directoryForTests();
const file = `${directory}/file`;

before(() => {
  writeFileSync(file, 'content');
  mkdirSync(`${directory}/sub`);
});
const agent = LiveAgent.forTests([OPEN.rule]);

/** What fstat of the descriptor says, in the product's fields. */
function opened(call: Call): Record<string, FieldOutput | number> {
  const device = BigInt(call.device ?? 0);
  return {
    'evt.rawres': call.result,
    'evt.res': 'SUCCESS',
    'evt.failed': false,
    'fd.num': call.result,
    'fd.ino': call.inode ?? 0,
    'evt.arg.ino': String(call.inode),
    'fd.dev.major': Number((device >> 8n) & 0xfffn),
    'fd.dev.minor': Number((device & 0xffn) | ((device >> 12n) & 0xfff00n)),
    'fd.realpath': Buffer.from(call.link ?? '', 'latin1').toString(),
  };
}

async function one(steps: Parameters<typeof act>[0], run?: typeof act): Promise<{ call: Call; alert: AlertLine }> {
  const observed = (await agent.observe(OPEN, steps, run)).at(-1);
  if (!observed) throw new Error('act opened nothing');
  return observed;
}

test('openat: an absolute path', async () => {
  const { call, alert } = await one([['openat', AT_FDCWD, str(file), O.RDONLY | O.CLOEXEC]]);
  assertFields(alert, {
    ...opened(call),
    'evt.type': 'openat',
    'evt.category': 'file',
    'evt.cpu': call.cpu,
    'evt.is_open_read': true,
    'evt.is_open_write': false,
    'evt.is_open_exec': false,
    'evt.is_open_create': false,
    'evt.arg.fd': `<f>${file}`,
    'evt.arg.dirfd': 'AT_FDCWD',
    'evt.arg.name': file,
    'evt.arg.flags': 'O_RDONLY|O_CLOEXEC',
    'evt.arg.mode': '0',
    'evt.arg.resolve': null,
    'fd.type': 'file',
    'fd.typechar': 'f',
    'fd.name': file,
    'fd.nameraw': file,
    'fd.directory': directory,
    'fd.filename': 'file',
    'fd.is_upper_layer': false,
    'fd.is_lower_layer': false,
    'fd.l4proto': '<NA>',
    'fd.sip': null,
    'fs.path.name': file,
    'fs.path.nameraw': file,
    'proc.name': 'act',
    'proc.pid': call.pid,
    'proc.vpid': call.pid,
    'thread.tid': call.tid,
    'thread.ismain': true,
    'container.id': 'host',
  });
});

test('the time of an event lies between the moments before and after the call', async () => {
  const { call, alert } = await one([['openat', AT_FDCWD, str(file), O.RDONLY]]);
  const time = BigInt(String(alert.output_fields['evt.rawtime']));
  // The clock that BPF has is set against the wall clock once a second.
  const tolerance = widened(1_000_000n);
  assert.ok(time >= call.before - tolerance && time <= call.after + tolerance, `${call.before} ${time} ${call.after}`);
});

test('open and creat: they have no directory descriptor', async () => {
  const opening = await one([['open', str(file), O.RDWR]]);
  assertFields(opening.alert, {
    ...opened(opening.call),
    'evt.type': 'open',
    'evt.arg.dirfd': null,
    'evt.arg.flags': 'O_RDWR',
    'evt.is_open_read': true,
    'evt.is_open_write': true,
    'fd.name': file,
    'fd.typechar': 'f',
  });
  const creating = await one([['creat', str(`${directory}/creat`), 0o640]]);
  assertFields(creating.alert, {
    ...opened(creating.call),
    'evt.type': 'creat',
    'evt.arg.name': `${directory}/creat`,
    'evt.arg.mode': '0640',
    'evt.arg.flags': null,
    'evt.is_open_write': false, // Falco leaves creat out
    'evt.is_open_create': true,
    'fd.name': `${directory}/creat`,
  });
});

test('openat2: its structure is read', async () => {
  const how = `how:${O.RDONLY | O.NONBLOCK},0,${0x08 | 0x02}`; // RESOLVE_BENEATH, RESOLVE_NO_MAGICLINKS
  const { call, alert } = await one([
    ['openat', AT_FDCWD, str(directory), O.DIRECTORY],
    ['openat2', 'r', str('sub/../file'), how, 'len'],
  ]);
  assertFields(alert, {
    ...opened(call),
    'evt.type': 'openat2',
    'evt.arg.flags': 'O_NONBLOCK|O_RDONLY',
    'evt.arg.mode': '0',
    'evt.arg.resolve': 'RESOLVE_BENEATH|RESOLVE_NO_MAGICLINKS',
    'evt.arg.dirfd': `<d>${directory}`,
    'evt.arg.name': file,
    'fd.name': file,
    'fd.nameraw': 'sub/../file',
  });
});

test('a file that the call makes', async () => {
  const path = `${directory}/made`;
  const flags = O.WRONLY | O.CREAT | O.EXCL | O.TRUNC | O.APPEND;
  const { call, alert } = await one([['openat', AT_FDCWD, str(path), flags, 0o754]]);
  assertFields(alert, {
    ...opened(call),
    'evt.arg.flags': 'O_TRUNC|O_EXCL|O_APPEND|O_CREAT|O_WRONLY',
    'evt.arg.mode': '0754',
    'evt.is_open_write': true,
    'evt.is_open_read': false,
    'evt.is_open_exec': true,
    'evt.is_open_create': true,
    'fd.ino': statSync(path).ino,
  });
  const again = await one([['openat', AT_FDCWD, str(path), O.WRONLY | O.CREAT, 0o644]]);
  assertFields(again.alert, {
    'evt.is_open_create': false,
    'evt.arg.flags': 'O_CREAT|O_WRONLY',
    'evt.is_open_exec': false,
  });
});

test('a directory, and a file that never gets a name', async () => {
  const opening = await one([['openat', AT_FDCWD, str(`${directory}/sub/`), O.RDONLY | O.DIRECTORY]]);
  assertFields(opening.alert, {
    ...opened(opening.call),
    'fd.type': 'directory',
    'fd.typechar': 'd',
    'fd.name': `${directory}/sub`,
    'fd.nameraw': `${directory}/sub/`,
    'fd.directory': `${directory}/sub`,
    'fd.filename': null,
    'evt.arg.fd': `<d>${directory}/sub`,
    'evt.arg.flags': 'O_DIRECTORY|O_RDONLY',
  });
  const temporary = await one([['openat', AT_FDCWD, str(directory), O.TMPFILE | O.RDWR, 0o600]]);
  assertFields(temporary.alert, {
    'evt.rawres': temporary.call.result,
    'fd.ino': temporary.call.inode ?? 0,
    'evt.is_open_create': true,
    // The name is that of the directory, as in Falco: nothing by that name is written.
    'fd.openpath': directory,
    'fd.type': 'directory',
    'fd.typechar': 'd',
  });
});

test('calls that fail: no descriptor, but the path', async () => {
  const missing = `${directory}/missing`;
  const OLD: readonly Step[] = [
    ['open', str(missing), O.RDONLY],
    ['creat', str(`${missing}/below`), 0o600],
  ];
  const steps: readonly Step[] = [
    ['openat', AT_FDCWD, str(missing), O.RDONLY],
    ['openat', AT_FDCWD, str(`${file}/below`), O.WRONLY],
    ['openat2', AT_FDCWD, str(missing), 'how:0,0,0', 'len'],
    ['openat', 77, str('relative'), O.RDONLY],
    ...(HAS_OLD_CALLS ? OLD : []),
  ];
  const observed = await agent.observe(OPEN, steps);
  const expected = [
    { 'evt.res': 'ENOENT', 'fd.name': missing, 'fd.typechar': 'f', 'evt.arg.fd': 'ENOENT', 'fd.directory': directory },
    { 'evt.res': 'ENOTDIR', 'fd.name': `${file}/below`, 'evt.is_open_write': true },
    { 'evt.res': 'ENOENT', 'fd.name': missing },
    { 'evt.res': 'EBADF', 'fd.name': '<UNKNOWN>relative' },
    { 'evt.res': 'ENOENT', 'fd.name': missing, 'fd.typechar': 'o' }, // as Falco guesses
    { 'evt.res': 'ENOENT', 'fd.name': `${missing}/below`, 'evt.arg.mode': '0600' },
  ];
  for (const [index, { call, alert }] of observed.entries()) {
    assertFields(alert, {
      'evt.rawres': call.result,
      'evt.failed': true,
      'fd.num': -1,
      'fd.ino': null,
      'fd.realpath': null,
      'fd.type': null,
      'fd.filename': null,
      ...expected[index],
    });
  }
});

test('without the right to: EACCES of another user', async () => {
  writeFileSync(`${directory}/private`, '', { mode: 0o600 });
  const { call, alert } = await one([['openat', AT_FDCWD, str(`${directory}/private`), O.RDONLY]], (steps) =>
    act(steps, { uid: 12345, gid: 12345 }),
  );
  assertFields(alert, {
    'evt.rawres': -errno('EACCES'),
    'evt.res': 'EACCES',
    'user.uid': 12345,
    'fd.name': `${directory}/private`,
  });
  assertFields(alert, { 'evt.rawres': call.result });
});

test('a thread that is not the first', async () => {
  const { call, alert } = await one([['@thread'], ['openat', AT_FDCWD, str(file), O.RDONLY]]);
  assert.notEqual(call.tid, call.pid);
  assertFields(alert, {
    ...opened(call),
    'thread.tid': call.tid,
    'proc.pid': call.pid,
    'thread.ismain': false,
    'proc.name': 'act',
    'fd.name': file,
  });
});

test('in a container: its names, its layers, its process ids', async () => {
  const container = new Container();
  try {
    const steps = [
      ['openat', AT_FDCWD, str('/etc/passwd'), O.RDONLY],
      ['openat', AT_FDCWD, str('/etc/new'), O.WRONLY | O.CREAT, 0o644],
      ['openat', AT_FDCWD, str('/etc/passwd'), O.WRONLY | O.APPEND], // copied up
      ['openat', AT_FDCWD, str('/etc/missing'), O.RDONLY],
    ] as const;
    const observed = await agent.observe(OPEN, steps, (words) => container.act(words));
    const expected = [
      { 'fd.is_lower_layer': true, 'fd.is_upper_layer': false, 'fd.realpath': '/etc/passwd' },
      { 'fd.is_lower_layer': false, 'fd.is_upper_layer': true, 'fd.realpath': '/etc/new', 'evt.is_open_create': true },
      { 'fd.is_lower_layer': false, 'fd.is_upper_layer': true, 'fd.realpath': '/etc/passwd' },
      { 'fd.is_lower_layer': null, 'fd.is_upper_layer': null, 'fd.realpath': null, 'evt.res': 'ENOENT' },
    ];
    for (const [index, { call, alert }] of observed.entries()) {
      const name = String(steps[index]?.[2]).slice(2);
      assertFields(alert, {
        'evt.rawres': call.result,
        'fd.name': name,
        'fd.ino': call.inode ?? null,
        'container.id': container.shortId,
        'proc.vpid': call.pid,
        'proc.exepath': '/usr/bin/act',
        'fd.directory': '/etc',
        ...expected[index],
      });
    }
  } finally {
    container.stop();
  }
});

test('the current directory is followed', async () => {
  const observed = await agent.observe(OPEN, [
    ['chdir', str(`${directory}/sub`)],
    ['openat', AT_FDCWD, str('../file'), O.RDONLY],
    ['openat', AT_FDCWD, str(directory), O.RDONLY | O.DIRECTORY],
    ['fchdir', 'r'],
    open(str('./sub/.././/file'), O.RDONLY),
  ]);
  const [parent, , dotted] = observed;
  if (!parent || !dotted) throw new Error('events are missing');
  assertFields(parent.alert, {
    ...opened(parent.call),
    'fd.name': file,
    'fd.nameraw': '../file',
    'evt.arg.name': file,
    'proc.cwd': `${directory}/sub/`,
  });
  assertFields(dotted.alert, {
    ...opened(dotted.call),
    'fd.name': file,
    'fd.nameraw': './sub/.././/file',
    'proc.cwd': `${directory}/`,
  });
});

test('links: the name as written, and the file that the kernel found', async () => {
  symlinkSync(file, `${directory}/symbolic`);
  symlinkSync('sub', `${directory}/linked`);
  writeFileSync(`${directory}/sub/inner`, '');
  linkSync(file, `${directory}/hard`);
  const observed = await agent.observe(OPEN, [
    ['openat', AT_FDCWD, str(`${directory}/symbolic`), O.RDONLY],
    ['openat', AT_FDCWD, str(`${directory}/linked/inner`), O.RDONLY],
    ['openat', AT_FDCWD, str(`${directory}/linked/../file`), O.RDONLY],
    ['openat', AT_FDCWD, str(`${directory}/hard`), O.RDONLY],
  ]);
  const names = [
    { 'fd.name': `${directory}/symbolic`, 'fd.realpath': file },
    { 'fd.name': `${directory}/linked/inner`, 'fd.realpath': `${directory}/sub/inner` },
    { 'fd.name': file, 'fd.realpath': file, 'fd.nameraw': `${directory}/linked/../file` },
    { 'fd.name': `${directory}/hard`, 'fd.realpath': `${directory}/hard`, 'fd.ino': statSync(file).ino },
  ];
  for (const [index, { call, alert }] of observed.entries()) assertFields(alert, { ...opened(call), ...names[index] });
});

test('bind mounts, in a mount namespace of its own', async () => {
  mkdirSync(`${directory}/mountpoint`);
  const { call, alert } = await one([
    ['unshare', CLONE_NEWNS],
    ['mount', 'null', str('/'), 'null', MS_REC | MS_PRIVATE, 'null'],
    ['mount', str(`${directory}/sub`), str(`${directory}/mountpoint`), 'null', MS_BIND, 'null'],
    ['openat', AT_FDCWD, str(`${directory}/mountpoint/bound`), O.WRONLY | O.CREAT, 0o600],
  ]);
  assertFields(alert, {
    ...opened(call),
    'fd.name': `${directory}/mountpoint/bound`,
    'fd.realpath': `${directory}/mountpoint/bound`,
    'fd.ino': statSync(`${directory}/sub/bound`).ino,
  });
});

test('a change of root', async () => {
  const { call, alert } = await one([
    ['chroot', str(directory)],
    ['openat', AT_FDCWD, str('/file'), O.RDONLY],
  ]);
  // As d_path has it and the process sees it: from its own root.
  assertFields(alert, { ...opened(call), 'fd.name': '/file', 'fd.realpath': '/file' });
});

test('a file that was deleted, by way of its descriptor', async () => {
  const path = `${directory}/deleted`;
  writeFileSync(path, '');
  const { call, alert } = await one([
    ['openat', AT_FDCWD, str(path), O.RDONLY],
    unlink(str(path)),
    open(str('/proc/self/fd/3'), O.RDONLY),
  ]);
  assert.equal(call.link, `${path} (deleted)`);
  assertFields(alert, { 'evt.rawres': call.result, 'fd.name': '/proc/self/fd/3', 'fd.ino': call.inode ?? 0 });
  assert.match(String(alert.output_fields['fd.realpath']), new RegExp(`^${path}( \\(deleted\\))?$`));
});
