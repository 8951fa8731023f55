// Calls on or making a descriptor: dup, dup2, dup3, setns, finit_module, memfd_create, bpf. What it stands for comes from the
// kernel's file, so that a descriptor that was open before the agent came is known as well.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { directoryForTests } from '../support/directory.ts';
import { assertFields } from '../support/live/alert-line.ts';
import { type Step, str } from '../support/live/live-act.ts';
import { LiveAgent } from '../support/live/live-agent.ts';
import { Container } from '../support/live/live-container.ts';
import { NO_MODULE } from '../support/live/live-kernel.ts';
import { AF_INET, AT_FDCWD, CLONE_NEWUTS, O, SOCK_DGRAM } from '../support/live/live-numbers.ts';
import { probe } from '../support/live/probe.ts';

const DESCRIPTOR = probe(
  ['dup', 'dup2', 'dup3', 'setns', 'finit_module', 'memfd_create', 'bpf'],
  [
    ...[
      'evt.res',
      'evt.failed',
      'evt.args',
      'evt.arg.res',
      'evt.arg.fd',
      'evt.arg.oldfd',
      'evt.arg.newfd',
      'evt.arg.flags',
      'evt.arg.nstype',
    ],
    ...[
      'evt.arg.uargs',
      'evt.arg.name',
      'evt.arg.cmd',
      'fd.num',
      'fd.name',
      'fd.typechar',
      'fd.type',
      'fd.realpath',
      'fd.ino',
    ],
    ...['fd.sip', 'fd.sport', 'fd.cip', 'fd.l4proto', 'fd.connected'],
  ],
);

const directory = directoryForTests();
const file = `${directory}/file`;
writeFileSync(file, 'content');

const agent = LiveAgent.forTests([DESCRIPTOR.rule]);

const check = agent.checks(DESCRIPTOR);

test('dup, dup2 and dup3 of a file', async () => {
  const known = { 'fd.name': file, 'fd.typechar': 'f', 'fd.realpath': file };
  await check(
    [
      ['openat', AT_FDCWD, str(`${directory}/./file`), O.RDONLY],
      ['dup', 'r0'],
      ['dup2', 'r0', 77],
      ['dup3', 'r0', 78, O.CLOEXEC],
      ['dup2', 'r0', 'r0'],
      ['dup', 99],
      ['dup2', 99, 1],
    ],
    [
      { ...known, 'fd.num': 4, 'evt.arg.res': `<f>${file}`, 'evt.arg.oldfd': `<f>${file}` },
      { ...known, 'fd.num': 77, 'evt.arg.newfd': `<f>${file}` },
      { ...known, 'fd.num': 78, 'evt.arg.flags': 'O_CLOEXEC' },
      { ...known, 'fd.num': 3 },
      { 'evt.res': 'EBADF', 'fd.num': -1, 'fd.ino': null },
      { 'evt.res': 'EBADF', 'fd.num': -1 },
    ],
  );
});

test('a socket made standard input', async () => {
  const observed = await check(
    [
      ['socket', AF_INET, SOCK_DGRAM, 0],
      ['connect', 'r0', 'in:127.0.0.1:53', 'len'],
      ['dup2', 'r0', 0],
    ],
    [
      {
        'fd.num': 0,
        'fd.typechar': '4',
        'fd.sip': '127.0.0.1',
        'fd.sport': 53,
        'fd.l4proto': 'udp',
        'fd.connected': true,
      },
    ],
  );
  const { alert, call } = observed[0] ?? assert.fail();
  // The call's own report: descriptor 0 was asked with getsockname.
  assertFields(alert, { 'fd.name': `${call.local}->127.0.0.1:53`, 'fd.cip': '127.0.0.1' });
});

test('kinds of descriptors', async () => {
  await check(
    [
      ['eventfd2', 0, 0],
      ['dup', 'r0'],
      ['pipe2', 'out', 0],
      ['dup', 5],
      ['pidfd_open', 'self', 0],
      ['dup', 'r4'],
      ['openat', AT_FDCWD, str(directory), O.DIRECTORY],
      ['dup', 'r6'],
    ],
    [
      { 'fd.typechar': 'e', 'fd.type': 'event' },
      { 'fd.typechar': 'p', 'fd.type': 'pipe', 'fd.name': '' },
      { 'fd.typechar': 'P', 'fd.type': 'pidfd' },
      { 'fd.typechar': 'd', 'fd.type': 'directory', 'fd.name': directory },
    ],
  );
});

test('memfd_create', async () => {
  await check(
    [
      ['memfd_create', str('payload'), 1],
      ['memfd_create', str('line\n\x1b'), 0],
      ['dup', 'r0'],
      ['memfd_create', 'null', 0],
    ],
    [
      {
        'fd.typechar': 'm',
        'fd.type': 'memfd',
        'fd.name': 'payload',
        'fd.num': 3,
        'evt.arg.name': 'payload',
        'evt.arg.flags': 'MFD_CLOEXEC',
      },
      { 'fd.name': 'line\n\x1b', 'evt.arg.flags': '0' },
      { 'fd.typechar': 'm', 'fd.name': 'payload', 'fd.num': 5 },
      { 'evt.res': 'EFAULT', 'fd.num': -1 },
    ],
  );
});

test('setns into a namespace of its own', async () => {
  await check(
    [
      ['openat', AT_FDCWD, str('/proc/self/ns/uts'), O.RDONLY],
      ['setns', 'r0', CLONE_NEWUTS],
      ['setns', 'r0', 0],
      ['setns', 99, 0],
    ],
    [
      { 'evt.res': 'SUCCESS', 'evt.arg.nstype': 'CLONE_NEWUTS', 'fd.num': 3 },
      { 'evt.res': 'SUCCESS', 'evt.arg.nstype': '0', 'fd.num': 3 },
      { 'evt.res': 'EBADF', 'fd.num': 99 },
    ],
  );
});

test('bpf: the command, and the object made', async () => {
  const words = new Uint32Array([2, 4, 4, 1]); // BPF_MAP_TYPE_ARRAY, 4-byte key and value, one element
  const attributes = str(Buffer.from(words.buffer));
  await check(
    [
      ['bpf', 0, attributes, 16],
      ['bpf', 11, 'out', 72],
      ['bpf', 5, 'out', 48],
    ],
    [
      { 'evt.arg.cmd': 'BPF_MAP_CREATE', 'evt.res': 'SUCCESS', 'fd.typechar': 'b', 'fd.type': 'bpf', 'fd.num': 3 },
      { 'evt.arg.cmd': 'BPF_PROG_GET_NEXT_ID', 'evt.res': 'SUCCESS' },
      { 'evt.arg.cmd': 'BPF_PROG_LOAD', 'evt.failed': true, 'fd.num': -1 },
    ],
  );
});

test('finit_module: refused, and seen', async () => {
  const steps: readonly Step[] = [
    ['openat', AT_FDCWD, str(file), O.RDONLY],
    ['finit_module', 'r0', str('debug=1'), 2],
  ];
  await check(steps, [
    {
      'evt.res': NO_MODULE,
      'fd.name': file,
      'evt.arg.uargs': 'debug=1',
      'evt.arg.flags': 'MODULE_INIT_IGNORE_VERMAGIC',
    },
  ]);
});

test('in a container, a descriptor that was open before', async () => {
  const container = new Container();
  try {
    await check(
      [
        ['openat', AT_FDCWD, str('/etc/passwd'), O.RDONLY],
        ['dup', 'r0'],
      ],
      [{ 'fd.name': '/etc/passwd', 'fd.realpath': '/etc/passwd', 'container.id': container.shortId }],
      (steps) => container.act(steps),
    );
  } finally {
    container.stop();
  }
});
