// Sockets of another process by inode number, from the tables in /proc/PID/net: its network namespace's own.

import { addressText, isMapped } from './address.ts';
import { readBeginning } from './read-beginning.ts';

/** Bytes of a table that are looked at: a host may have a hundred thousand connections. */
const LONGEST_TABLE = 256 * 1024;

interface Table {
  readonly file: string;
  /** fd.type of its sockets. */
  readonly type: 'ipv4' | 'ipv6' | 'unix' | 'netlink';
  /** Column of the inode number. */
  readonly inode: number;
}

const TABLES: readonly Table[] = [
  ...(['tcp', 'udp', 'raw', 'icmp'] as const).flatMap((protocol): Table[] => [
    { file: protocol, type: 'ipv4', inode: 9 },
    { file: `${protocol}6`, type: 'ipv6', inode: 9 },
  ]),
  { file: 'unix', type: 'unix', inode: 6 },
  { file: 'netlink', type: 'netlink', inode: 9 },
];

/** `ipv4`, `ipv6`, `unix` or `netlink`; `<NA>` for a socket that no table has. `directory` is /proc/PID. */
export function socketType(directory: string, inode: string): string {
  return find(directory, inode)?.table.type ?? '<NA>';
}

/** A TCP socket. */
export interface TcpSocket {
  readonly local: SocketEnd;
  /** Port 0: it is not connected. */
  readonly remote: SocketEnd;
  readonly isListening: boolean;
}

export interface SocketEnd {
  /** `203.0.113.9:22`, `[2001:db8::9]:22` */
  readonly text: string;
  /** 4 bytes or 16. */
  readonly address: Uint8Array;
  readonly port: number;
}

/** Bytes of a table of TCP sockets that are looked at: some 7,000 sockets, in a few ms. */
const LONGEST_TCP_TABLE = 1024 * 1024;
const LISTEN = '0A';
/** So few inode numbers are looked for in a line before it is taken apart, which takes ten times as long. */
const FEW = 16;

/** Sockets of these inode numbers, as far as the tables are looked at. `directory` is /proc/PID. */
export function tcpSockets(directory: string, inodes: ReadonlySet<string>): readonly TcpSocket[] {
  if (inodes.size === 0) return [];
  const few = inodes.size > FEW ? undefined : [...inodes];
  return ['tcp', 'tcp6'].flatMap((file) =>
    beginningOf(`${directory}/net/${file}`, LONGEST_TCP_TABLE)
      .split('\n')
      .filter((line) => few?.some((inode) => line.includes(inode)) ?? true)
      .flatMap((line) => {
        const [, local, remote, state, , , , , , inode = ''] = line.trim().split(/\s+/);
        if (!inodes.has(inode)) return [];
        return [{ local: bracketed(local), remote: bracketed(remote), isListening: state === LISTEN }];
      }),
  );
}

/**
 * The socket's fd.name: client to server, where the end with the higher port is taken for the client, because the kernel does not record who
 * connected; one end alone if it listens; the path of a unix socket. Undefined if no table has it.
 */
export function socketName(directory: string, inode: string): string | undefined {
  const found = find(directory, inode);
  if (!found) return undefined;
  const { table, columns } = found;
  if (table.type === 'unix') return columns.slice(7).join(' ');
  if (table.type === 'netlink') return '';
  const [local, remote] = [endOf(columns[1]), endOf(columns[2])];
  if (remote.port === 0) return local.port === 0 ? '' : local.text;
  return local.port > remote.port ? `${local.text}->${remote.text}` : `${remote.text}->${local.text}`;
}

function find(directory: string, inode: string): { table: Table; columns: readonly string[] } | undefined {
  for (const table of TABLES) {
    for (const line of beginningOf(`${directory}/net/${table.file}`).split('\n')) {
      if (!line.includes(inode)) continue;
      const columns = line.trim().split(/\s+/);
      if (columns[table.inode] === inode) return { table, columns };
    }
  }
  return undefined;
}

function beginningOf(path: string, most = LONGEST_TABLE): string {
  try {
    return readBeginning(path, most).toString('latin1');
  } catch {
    return ''; // it ended, or the kernel has no such protocol
  }
}

/** `0100007F:1F90`: 32-bit words as the machine has them, which is little-endian on what we run on; and the port. */
function endOf(column = ''): SocketEnd {
  const [words = '', port = '0'] = column.split(':');
  const bytes = Buffer.from(words, 'hex');
  bytes.swap32();
  // A copy: sending a slice of Node's shared pool would copy all of that.
  const address = Uint8Array.from(isMapped(bytes) ? bytes.subarray(12) : bytes);
  const number = Number.parseInt(port, 16);
  return { address, text: `${addressText(address)}:${number}`, port: number };
}

function bracketed(column: string | undefined): SocketEnd {
  const end = endOf(column);
  return end.address.length === 4 ? end : { ...end, text: `[${addressText(end.address)}]:${end.port}` };
}
