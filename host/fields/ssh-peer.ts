// Where a session by ssh came from: the other end of its connection, as the kernel has it in the tables of sockets. The session's environment
// (SSH_CONNECTION) is not read, because the user of the session can change it.

import { readdirSync, readlinkSync } from 'node:fs';
import { isSshDoor } from './entry.ts';
import { directoryBelow, processDirectory } from './procfs.ts';
import type { ImageRecord } from './record.ts';
import { type SocketEnd, type TcpSocket, tcpSockets } from './socket-table.ts';
import { isSameStart } from './time.ts';
import { TimeBudget } from './time-budget.ts';

/** Descriptors of an sshd that are looked at: it has a dozen, and some for each forwarded connection. */
const MOST_DESCRIPTORS = 4_096;
/** Connections that are remembered: they stay the same as long as their process. */
const MOST_KNOWN = 4_096;

/** Processes of sshd that a session came through: usually three or four. A longer line would make each look-up slower. */
const MOST_DOORS = 8;
/**
 * Share of the evaluating thread's time. A look-up takes some ms, and 30 on a machine with thousands of sockets: anybody who reaches sshd's port causes
 * three of them with each connection.
 */
const SHARE = 0.05;
const MOST_MS = 1_000;

interface KnownPeer {
  readonly start: bigint;
  /** Undefined: it is not known for sure. */
  readonly peer: SocketEnd | undefined;
}

export class SshPeers {
  /** Peers by pid. */
  readonly #known = new Map<number, KnownPeer>();
  readonly #budget = new TimeBudget(SHARE, MOST_MS);

  /**
   * A process image that has just come. If it is of sshd, its connection is looked up now: a session may be over before its first event is evaluated, and
   * its user can open further connections.
   */
  see(image: ImageRecord): void {
    if (!isSshDoor(image) || this.#find(image) || !this.#budget.isLeft) return;
    const connected = this.#budget.spend(() => connectionsOf(image));
    const [only, ...others] = connected ?? [];
    if (only && others.length === 0) this.#remember(image, only.remote);
  }

  /**
   * The other end of the connection. Undefined unless it is certain: the connection may be over, or there may be several.
   * @param doors the processes of sshd that the session came through, the nearest first
   */
  of(doors: readonly ImageRecord[]): SocketEnd | undefined {
    for (const door of doors.toReversed()) {
      const peer = this.#find(door)?.peer;
      if (peer !== undefined) return peer;
    }
    const [nearest] = doors;
    if (!nearest || this.#find(nearest) || doors.length > MOST_DOORS || !this.#budget.isLeft) return undefined;
    const peer = this.#budget.spend(() => findPeer(doors.toReversed()));
    this.#remember(nearest, peer);
    return peer;
  }

  /** Whether of() has the same answer from now on: what could not be looked up for lack of time may be later. */
  isSettled(doors: readonly ImageRecord[]): boolean {
    return doors.length > MOST_DOORS || doors.some((door) => this.#find(door));
  }

  #find(door: ImageRecord): KnownPeer | undefined {
    const known = this.#known.get(door.number('pid'));
    return known && isSameStart(known.start, door.big('start_time')) ? known : undefined;
  }

  #remember(door: ImageRecord, peer: SocketEnd | undefined): void {
    const pid = door.number('pid');
    this.#known.delete(pid);
    this.#known.set(pid, { start: door.big('start_time'), peer });
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MOST_KNOWN) break;
      this.#known.delete(oldest);
    }
  }
}

/** Connections of a process of sshd. Undefined if it listens: then it has connections of others for a moment. */
function connectionsOf(door: ImageRecord): readonly TcpSocket[] | undefined {
  const directory = trustedDirectory(door);
  if (directory === undefined) return undefined;
  const sockets = socketsOf(directory);
  return sockets.some(({ isListening }) => isListening) ? undefined : sockets.filter(isConnected);
}

/** Its `/proc/PID`. A user with namespaces of their own can put another program in the place of sshd, but not run it as root of the machine. */
function trustedDirectory(door: ImageRecord): string | undefined {
  return door.number('uid') === 0 ? (processDirectory(door) ?? directoryBelow(door)) : undefined;
}

function isConnected({ remote }: TcpSocket): boolean {
  return remote.port !== 0;
}

/** @param doors the outermost first */
function findPeer(doors: readonly ImageRecord[]): SocketEnd | undefined {
  const ports = new Set<number>();
  for (const [index, door] of doors.entries()) {
    const directory = trustedDirectory(door);
    if (directory === undefined) continue;
    const sockets = socketsOf(directory);
    const listening = sockets.filter(({ isListening }) => isListening);
    // The one that waits for all has the connections of others for a moment.
    if (index === 0 && doors.length > 1 && listening.length > 0) {
      for (const { local } of listening) ports.add(local.port);
      continue;
    }
    const connected = sockets.filter(isConnected);
    if (connected.length === 0) continue;
    // What it forwards has other ports here.
    const own = connected.length === 1 ? connected : connected.filter(({ local }) => ports.has(local.port));
    const [peer, ...others] = new Map(own.map(({ remote }) => [remote.text, remote])).values();
    return others.length === 0 ? peer : undefined;
  }
  return undefined;
}

/** @param directory `/proc/PID` */
function socketsOf(directory: string): readonly TcpSocket[] {
  const inodes = new Set<string>();
  try {
    for (const name of readdirSync(`${directory}/fd`).slice(0, MOST_DESCRIPTORS)) {
      const [, inode] = /^socket:\[(\d+)\]$/.exec(readlinkSync(`${directory}/fd/${name}`)) ?? [];
      if (inode !== undefined) inodes.add(inode);
    }
  } catch {
    return []; // it ended
  }
  return tcpSockets(directory, inodes);
}
