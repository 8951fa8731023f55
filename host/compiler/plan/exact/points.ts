// The facts by which the kernel distinguishes events of a type, in all combinations: at each point a condition is left with tests of
// names, addresses and the process.

import type { EventType } from '../../../schema/events/index.ts';
import {
  familyOf,
  OPEN_COMBINATIONS,
  OPENED,
  openFacts,
  SOCKET_KINDS,
  type SocketKind,
} from '../../../schema/kernel-filter.ts';
import type { Test } from '../../ir/condition.ts';
import { decide, type EventFacts, exactly, type Truth } from '../event-facts.ts';
import {
  FAILED,
  factsOfKind,
  factsOfOpen,
  factsOfResult,
  KIND_OF_SOCKET,
  OTHER_KINDS,
  SUCCEEDED,
} from '../family-facts.ts';

export interface Point {
  readonly result: 'succeeded' | 'failed';
  /** For the open family: the number of the combination. */
  readonly open?: number;
  readonly socket?: SocketKind;
  /** One, or one for each kind of descriptor that is not told apart. */
  readonly facts: readonly EventFacts[];
}

export function pointsOf(type: EventType): readonly Point[] {
  const known = KNOWN.get(type) ?? makePoints(type);
  KNOWN.set(type, known);
  return known;
}

const KNOWN = new Map<EventType, readonly Point[]>();

function makePoints(type: EventType): readonly Point[] {
  switch (familyOf(type.shape)) {
    case 'open':
      return OPENS.map((open): Point => {
        const result = openFacts(open).opened === OPENED.nothing ? 'failed' : 'succeeded';
        return { result, open, facts: [new Map([...ofResult(result, type), ...factsOfOpen(open)])] };
      });
    case 'network':
      return RESULTS.flatMap((result) =>
        SOCKET_KINDS.map((socket) => ({
          result,
          socket,
          facts: [...(KIND_OF_SOCKET[socket] ?? OTHER_KINDS)].map(
            (character) => new Map([...ofResult(result, type), ...factsOfKind(character)]),
          ),
        })),
      );
    case 'exec':
    case 'other':
      return RESULTS.map((result) => ({ result, facts: [ofResult(result, type)] }));
  }
}

const RESULTS = ['succeeded', 'failed'] as const;

/** The possible combinations: what was not opened was not created. */
const OPENS = Array.from({ length: OPEN_COMBINATIONS }, (_, index) => index).filter((index) => {
  const { opened, created } = openFacts(index);
  return opened <= OPENED.directory && !(created && opened === OPENED.nothing);
});

function ofResult(result: Point['result'], type: EventType): EventFacts {
  if (result === 'failed') return factsOfResult(FAILED, [type]);
  return factsOfResult(returnsZero(type) ? exactly(0n) : SUCCEEDED, [type]);
}

/** If it succeeds. */
export function returnsZero({ name, shape }: EventType): boolean {
  return shape === 'exec' || name === 'connect' || name === 'bind' || name === 'listen';
}

/** Whether a test is true at a point, if that decides it. */
export function truthAt(test: Test, { facts }: Point): Truth {
  const [first, ...others] = facts.map((each) => decide(test, each));
  return others.every((truth) => truth === first) ? first : undefined;
}
