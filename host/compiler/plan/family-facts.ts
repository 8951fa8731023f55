// What is known of events by the facts by which the kernel distinguishes them: the result, the flags of an open, the kind of a descriptor.

import { DESCRIPTOR_STATE } from '../../schema/event-structs.ts';
import type { EventType } from '../../schema/events/index.ts';
import { O_CREAT, O_TRUNC, TMPFILE_BIT } from '../../schema/fields/of-open.ts';
import { OPENED, openFacts, type SocketKind } from '../../schema/kernel-filter.ts';
import { between, type EventFacts, type EventMember, exactly, type PartlyKnown, withBits } from './event-facts.ts';

const LEAST = -(2n ** 63n);
const MOST = 2n ** 63n - 1n;
export const SUCCEEDED = between(0n, MOST);
export const FAILED = between(LEAST, -1n);

/** The result, and what follows from it: calls that open return the descriptor they made. */
export function factsOfResult(result: PartlyKnown, types: readonly EventType[]): EventFacts {
  const facts = new Map<EventMember, PartlyKnown>([['header.result', result]]);
  if (types.every(({ shape }) => shape === 'open')) {
    facts.set('header.fd', result === FAILED ? exactly(-1n) : between(0n, 2n ** 31n - 1n));
  }
  return facts;
}

const CREATED = BigInt(DESCRIPTOR_STATE.CREATED);

/** Facts of a call of the open family, by the number of its combination. */
export function factsOfOpen(index: number): EventFacts {
  const { access, create, truncate, temporary, opened, created } = openFacts(index);
  const flags = access | (create ? O_CREAT : 0) | (truncate ? O_TRUNC : 0) | (temporary ? TMPFILE_BIT : 0);
  const state = withBits(CREATED, created ? CREATED : 0n);
  const kind = opened === OPENED.nothing ? 0 : (opened === OPENED.directory ? 'd' : 'f').charCodeAt(0);
  return new Map<EventMember, PartlyKnown>([
    ['open.open_flags', withBits(BigInt(3 | O_CREAT | O_TRUNC | TMPFILE_BIT), BigInt(flags))],
    ['open.state', state],
    ['descriptor.state', state],
    ['descriptor.kind', exactly(BigInt(kind))],
    ['header.result', opened === OPENED.nothing ? FAILED : SUCCEEDED],
  ]);
}

/** Undefined: of several kinds, or of a kind that rules don't distinguish. */
export const KIND_OF_SOCKET: Readonly<Record<SocketKind, string | undefined>> = {
  none: '\0',
  ipv4: '4',
  ipv6: '6',
  unix: 'u',
  other: undefined,
};

/** The kinds of descriptors that are of SocketKind `other`: all that there are, but for that of a userfaultfd. */
export const OTHER_KINDS = 'fdpeslintbrmPXo';
/** It shares its letter with unix sockets but is not a socket: calls on it fail. */
export const USERFAULTFD = 'u';

/** Facts of a descriptor of that kind, as fd.typechar has it. */
export function factsOfKind(character: string): EventFacts {
  return new Map<EventMember, PartlyKnown>([['descriptor.kind', exactly(BigInt(character.charCodeAt(0)))]]);
}
