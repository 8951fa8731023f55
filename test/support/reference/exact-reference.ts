// What a program of the kernel does with an ExactRule, in plain TypeScript, from what it knows of an event. Undefined: it does not know enough, and
// leaves the event to the host.

import type { ExactClause, ExactName, ExactPeer, ExactRule } from '../../../host/schema/kernel-enforcement.ts';
import type { OpenFacts, SocketKind } from '../../../host/schema/kernel-filter.ts';

/** A file by one of its names, as an event of one type. */
export interface KnownView {
  readonly type: string;
  /** Absolute; undefined: not known. Bytes, as characters 0 to 255. */
  readonly path?: string;
}

export interface EnforcedEvent {
  readonly views: readonly KnownView[];
  readonly failed: boolean;
  /** Of the rule; undefined: the image is not known yet. */
  readonly isCandidate: boolean | undefined;
  readonly inContainer?: boolean;
  readonly open?: OpenFacts;
  /** null: nothing was opened, or it has no path. */
  readonly resolved?: string | null;
  readonly socket?: SocketKind;
  /** null: there is none. */
  readonly peer?: { readonly address: readonly number[]; readonly port: number } | null;
  /** Of the program that is being run. */
  readonly executable?: string | null;
  readonly name?: string;
}

type Truth = boolean | undefined;

export function isEnforced({ clauses }: ExactRule, event: EnforcedEvent): Truth {
  return anyOf(clauses.flatMap((clause) => event.views.map((view) => meets(clause, event, view))));
}

function meets(clause: ExactClause, event: EnforcedEvent, view: KnownView): Truth {
  const { result, opens, sockets, names = [], peers = [] } = clause;
  return allOf([
    clause.types.includes(view.type),
    result === undefined || (result === 'failed') === event.failed,
    opens === undefined || (event.open && isSet(opens, event.open)),
    sockets === undefined || (event.socket && sockets.includes(event.socket)),
    processMeets(clause, event),
    ...names.map((name) => withNot(name, nameMeets(name, event, view))),
    ...peers.map((peer) => withNot(peer, peerMeets(peer, event))),
  ]);
}

function processMeets({ process }: ExactClause, { isCandidate, inContainer }: EnforcedEvent): Truth {
  switch (process) {
    case 'any':
      return true;
    case 'candidate':
      return isCandidate;
    case 'container':
      return inContainer;
    case 'host':
      return inContainer === undefined ? undefined : !inContainer;
  }
}

function isSet(opens: string, facts: OpenFacts): boolean {
  const bit = (value: boolean, place: number): number => (value ? 1 << place : 0);
  const number =
    facts.access |
    bit(facts.create, 2) |
    bit(facts.truncate, 3) |
    bit(facts.temporary, 4) |
    (facts.opened << 5) |
    bit(facts.created, 7);
  return ((BigInt(`0x${opens}`) >> BigInt(number)) & 1n) === 1n;
}

function nameMeets({ of, equal, beginnings, endings }: ExactName, event: EnforcedEvent, { path }: KnownView): Truth {
  const texts = {
    path,
    directory: path === undefined ? undefined : directoryOf(path, event),
    resolved: event.resolved,
    executable: event.executable,
    name: event.name,
  };
  const text = texts[of];
  if (text === undefined) return undefined;
  if (text === null) return false;
  const [begins, ends] = [(part: string) => text.startsWith(part), (part: string) => text.endsWith(part)];
  return equal.includes(text) || beginnings.some(begins) || endings.some(ends);
}

function directoryOf(path: string, { open }: EnforcedEvent): string {
  if (open?.opened === 2) return path;
  return path.slice(0, Math.max(1, path.lastIndexOf('/')));
}

function peerMeets({ networks, ports }: ExactPeer, { peer }: EnforcedEvent): Truth {
  if (!peer) return peer === null ? false : undefined;
  if (ports) return ports.some(({ from, to }) => peer.port >= from && peer.port <= to);
  return networks?.some(({ address, bits }) => {
    return address.length === peer.address.length && bitsOf(peer.address, bits) === bitsOf(address, bits);
  });
}

function bitsOf(address: readonly number[], bits: number): string {
  return address
    .map((byte) => byte.toString(2).padStart(8, '0'))
    .join('')
    .slice(0, bits);
}

function withNot({ not }: { readonly not?: true }, truth: Truth): Truth {
  return truth === undefined || !not ? truth : !truth;
}

function allOf(truths: readonly Truth[]): Truth {
  return truths.includes(false) ? false : truths.includes(undefined) ? undefined : true;
}

function anyOf(truths: readonly Truth[]): Truth {
  return truths.includes(true) ? true : truths.includes(undefined) ? undefined : false;
}
