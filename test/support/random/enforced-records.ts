// Random events of programs that are run, of connects and sends, and of others, as the capture makes them; and what a program of the kernel knows
// of them.

import fc from 'fast-check';
import type { StructInput } from '../../../host/schema/encode-struct.ts';
import { findEventType } from '../../../host/schema/events/index.ts';
import type { SocketKind } from '../../../host/schema/kernel-filter.ts';
import type { EnforcedEvent } from '../reference/exact-reference.ts';
import { type RandomEvent, randomEvent } from './random-events.ts';

function shapeOf(type: string): string | undefined {
  return findEventType(type)?.shape;
}

/** A program that is run is reported as execve, and returns 0; the kernel's path of it has no empty components. */
export const execEvent: fc.Arbitrary<RandomEvent> = randomEvent
  .filter(({ type }) => shapeOf(type) === 'exec')
  .map((event) => {
    const failed = Number(event.members.result) < 0;
    const chain = event.chain.map(({ members, words }) => {
      const { executable } = members;
      const resolved = typeof executable === 'string' ? executable.replaceAll('//', '/') : executable;
      return { members: { ...members, executable: resolved }, words };
    });
    return failed ? event : { ...event, chain, type: 'execve', members: { ...event.members, result: 0n } };
  });

const REACHING: readonly string[] = ['connect', 'sendto', 'sendmsg'];

/** The socket is the client's; a connect returns 0. */
export const peerEvent: fc.Arbitrary<RandomEvent> = fc
  .tuple(
    randomEvent.filter(({ type }) => REACHING.includes(type)),
    fc.constantFrom(...'4466u\0fpo'),
  )
  .map(([event, kind]) => {
    const { members, type } = event;
    const result = type === 'connect' && Number(members.result) > 0 ? 0n : members.result;
    const remote = members.remote_address;
    // Of IPv4 the other bytes are 0.
    const remote_address =
      kind !== '6' && remote instanceof Uint8Array ? remote.map((byte, index) => (index < 4 ? byte : 0)) : remote;
    return { ...event, members: { ...members, result, remote_address, role: 1, kind: kind.charCodeAt(0) } };
  });

export const otherEvent: fc.Arbitrary<RandomEvent> = randomEvent.filter(
  ({ type }) => !['open', 'exec', 'network'].includes(shapeOf(type) ?? ''),
);

/** @param isCandidate whether the rule's bit is set in the image that the event has */
export function knownOfRecord(event: RandomEvent, isCandidate: boolean): EnforcedEvent {
  const { type, members, chain, container } = event;
  const failed = Number(members.result) < 0;
  const isNew = shapeOf(type) === 'exec' && !failed;
  const own = chain[0]?.members ?? {};
  return {
    views: [{ type }],
    failed,
    // The image of a program that is being run is not known in time.
    isCandidate: isNew ? undefined : isCandidate,
    inContainer: container,
    ...(isNew && { executable: bytesOf(own.executable), name: bytesOf(own.comm) }),
    ...(shapeOf(type) === 'network' && { socket: socketOf(members), peer: peerOf(members) }),
  };
}

function bytesOf(text: unknown): string {
  return typeof text === 'string' ? Buffer.from(text).toString('latin1') : '';
}

function socketOf({ kind }: StructInput): SocketKind {
  const kinds: Readonly<Record<string, SocketKind>> = { '\0': 'none', 4: 'ipv4', 6: 'ipv6', u: 'unix' };
  return kinds[String.fromCharCode(Number(kind))] ?? 'other';
}

function peerOf(members: StructInput): NonNullable<EnforcedEvent['peer']> | null {
  const socket = socketOf(members);
  if (socket !== 'ipv4' && socket !== 'ipv6') return null;
  const all = members.remote_address instanceof Uint8Array ? [...members.remote_address] : [];
  const address = socket === 'ipv4' ? all.slice(0, 4) : all;
  const port = Number(members.remote_port);
  return port === 0 && address.every((byte) => byte === 0) ? null : { address, port };
}
