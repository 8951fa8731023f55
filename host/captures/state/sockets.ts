// The sockets of a network namespace, by inode, out of /proc/PID/net.
//
//   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
//    0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 20483 1 ...
//
//   Num       RefCount Protocol Flags    Type St Inode Path
//   00000000: 00000002 00000000 00010000 0001 01 20480 /run/docker.sock

import { endianness } from 'node:os';
import { readText } from './proc-file.ts';
import type { Socket } from './state.ts';
import type { TimeLimit } from './time-limit.ts';

const INTERNET = ['tcp', 'tcp6', 'udp', 'udp6'] as const;
/** Bytes of one table: a machine may have hundreds of thousands of connections. */
const MOST_BYTES = 16 << 20;

/** linux/include/net/tcp_states.h */
const TCP_STATES = [
  'unknown',
  'established',
  'syn-sent',
  'syn-received',
  'fin-wait-1',
  'fin-wait-2',
  'time-wait',
  'close',
  'close-wait',
  'last-ack',
  'listen',
  'closing',
  'syn-received',
];

/** Between two looks at the time. */
const LINES_AT_ONCE = 256;

export interface Sockets {
  readonly byInode: ReadonlyMap<string, Socket>;
  /** False if the time was over before. */
  readonly isComplete: boolean;
}

/** @param pid a process in the namespace @param proc where procfs is mounted */
export function socketsOf(pid: number, limit: TimeLimit, proc = '/proc'): Sockets {
  const byInode = new Map<string, Socket>();
  let parsed = 0;
  const addAll = (sockets: Iterable<[string, Socket]>): void => {
    for (const [inode, socket] of sockets) {
      if (!byInode.has(inode)) byInode.set(inode, socket);
      if (++parsed % LINES_AT_ONCE === 0 && limit.isOver) return;
    }
  };
  const table = (name: string): string => readText(`${proc}/${pid}/net/${name}`, MOST_BYTES, limit) ?? '';
  for (const protocol of INTERNET) addAll(parseInternet(table(protocol), protocol));
  // Names of unix sockets may imitate lines, also of sockets of the internet: those come first, and win. Nor do a million of them hide these.
  addAll(parseUnix(table('unix')));
  return { byInode, isComplete: !limit.isOver };
}

export function* parseInternet(table: string, protocol: (typeof INTERNET)[number]): Generator<[string, Socket]> {
  for (const line of table.split('\n').slice(1)) {
    const [, local, remote, state, , , , , , inode] = line.trim().split(/\s+/);
    if (local === undefined || remote === undefined || state === undefined || inode === undefined) continue;
    const [here, there] = [parseAddress(local), parseAddress(remote)];
    if (here === undefined || there === undefined) continue;
    const isConnected = !/:0000$/.test(remote);
    const status = protocol.startsWith('tcp') ? TCP_STATES[Number.parseInt(state, 16)] : undefined;
    yield [
      inode,
      { protocol, local: here, ...(isConnected && { peer: there }), ...(status !== undefined && { status }) },
    ];
  }
}

/** linux/net/unix/af_unix.c, unix_seq_show(). A name may have line feeds: what follows them does not look like this by chance. */
const UNIX_LINE = /^[\da-f]{8,16}: [\dA-F]{8} [\dA-F]{8} [\dA-F]{8} [\dA-F]{4} [\dA-F]{2} +(\d+)(?: (.*))?$/;

export function* parseUnix(table: string): Generator<[string, Socket]> {
  for (const line of table.split('\n').slice(1)) {
    const found = UNIX_LINE.exec(line);
    const [, inode, path = ''] = found ?? [];
    if (inode !== undefined) yield [inode, { protocol: 'unix', local: path }];
  }
}

const SWAPPED = endianness() === 'LE';

/** `0100007F:1F90` is 127.0.0.1:8080: words of 32 bits in the processor's order, the port as a number. */
export function parseAddress(text: string): string | undefined {
  const found = /^([\dA-F]{8}|[\dA-F]{32}):([\dA-F]{4})$/.exec(text);
  const [, address, port] = found ?? [];
  if (address === undefined || port === undefined) return undefined;
  const bytes = Buffer.from(address, 'hex');
  if (SWAPPED) bytes.swap32();
  const number = Number.parseInt(port, 16);
  if (bytes.length === 4) return `${bytes.join('.')}:${number}`;
  const mapped = bytes.subarray(0, 12).equals(MAPPED);
  return mapped ? `${bytes.subarray(12).join('.')}:${number}` : `[${compressed(bytes)}]:${number}`;
}

/** ::ffff:0:0/96 */
const MAPPED = Buffer.from('00000000000000000000ffff', 'hex');

/** RFC 5952: the longest run of zero groups, the first of equals, is `::`. */
function compressed(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(2 * index).toString(16));
  const text = groups.join(':');
  const runs = [...text.matchAll(/(?:^|(?<=:))0(?::0)+(?=:|$)/g)].sort((one, other) => other[0].length - one[0].length);
  const [run] = runs;
  if (!run) return text;
  const before = text.slice(0, run.index).replace(/:$/, '');
  const after = text.slice(run.index + run[0].length).replace(/^:/, '');
  return `${before}::${after}`;
}
