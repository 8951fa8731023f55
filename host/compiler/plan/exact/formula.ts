// A condition as clauses state it: tests of names, of the other side and of the process, joined by `and` and `or`, and its form as alternatives.

import type { ExactName, ExactPeer } from '../../../schema/kernel-enforcement.ts';
import type { Test } from '../../ir/condition.ts';
import type { Reason } from './reasons.ts';

export type Literal =
  | { readonly kind: 'name'; readonly name: ExactName }
  | { readonly kind: 'peer'; readonly peer: ExactPeer }
  | { readonly kind: 'process'; readonly process: 'container' | 'host' };

/** A test that no clause can state. */
export interface Inexact {
  readonly test: Test;
  readonly why: Reason;
}

export type Formula =
  | { readonly kind: 'constant'; readonly value: boolean }
  | { readonly kind: 'all' | 'any'; readonly parts: readonly Formula[] }
  | { readonly kind: 'literal'; readonly literal: Literal }
  | { readonly kind: 'inexact'; readonly tests: readonly Inexact[] };

export function constantly(value: boolean): Formula {
  return { kind: 'constant', value };
}

export function literally(literal: Literal): Formula {
  return { kind: 'literal', literal };
}

export function negated(formula: Formula): Formula {
  switch (formula.kind) {
    case 'constant':
      return constantly(!formula.value);
    case 'all':
      return join('any', formula.parts.map(negated));
    case 'any':
      return join('all', formula.parts.map(negated));
    case 'literal':
      return literally(opposite(formula.literal));
    case 'inexact':
      return formula;
  }
}

function opposite(literal: Literal): Literal {
  switch (literal.kind) {
    case 'name':
      return { kind: 'name', name: flipped(literal.name) };
    case 'peer':
      return { kind: 'peer', peer: flipped(literal.peer) };
    case 'process':
      return { kind: 'process', process: literal.process === 'host' ? 'container' : 'host' };
  }
}

function flipped<Item extends { readonly not?: true }>({ not, ...item }: Item): Item {
  // What is left of the item, with or without the optional member.
  return (not ? item : { ...item, not: true }) as Item;
}

/** One part that decides the whole makes all others irrelevant, those that are not exact too. */
export function join(kind: 'all' | 'any', members: readonly Formula[]): Formula {
  const neutral = kind === 'all';
  const parts = members.flatMap((part) => (part.kind === kind ? part.parts : [part]));
  if (parts.some((part) => part.kind === 'constant' && part.value !== neutral)) return constantly(!neutral);
  const inexact = parts.flatMap((part) => (part.kind === 'inexact' ? part.tests : []));
  if (inexact.length > 0) return { kind: 'inexact', tests: inexact };
  const left = merged(
    kind,
    parts.filter(({ kind: of }) => of !== 'constant'),
  );
  const [first] = left;
  if (!first) return constantly(neutral);
  return left.length === 1 ? first : { kind, parts: left };
}

/** Tests of one text become one test, where any of them must hold. Negated ones do where all must hold. */
function merged(kind: 'all' | 'any', parts: readonly Formula[]): readonly Formula[] {
  const byPlace = Map.groupBy(parts, (part) => placeOf(kind, part));
  return [...byPlace.values()].flatMap((same) => {
    const [first, ...others] = same;
    return first && others.length > 0 ? united(first, same) : same;
  });
}

function placeOf(kind: 'all' | 'any', part: Formula): string {
  if (part.kind !== 'literal') return keyOf(part);
  const { literal } = part;
  if (literal.kind === 'name' && (literal.name.not === true) === (kind === 'all')) return `name ${literal.name.of}`;
  if (literal.kind === 'peer' && (literal.peer.not === true) === (kind === 'all'))
    return literal.peer.ports ? 'ports' : 'networks';
  return keyOf(part);
}

/** One literal of several at one place; other formulas there are the same. */
function united(first: Formula, same: readonly Formula[]): Formula {
  if (first.kind !== 'literal') return first;
  const { literal } = first;
  const literals = same.flatMap((part) => (part.kind === 'literal' ? part.literal : []));
  switch (literal.kind) {
    case 'name': {
      const names = literals.flatMap((each) => (each.kind === 'name' ? each.name : []));
      const unite = (of: 'equal' | 'beginnings' | 'endings'): string[] => [
        ...new Set(names.flatMap((name) => name[of])),
      ];
      const lists = { equal: unite('equal'), beginnings: unite('beginnings'), endings: unite('endings') };
      return literally({ kind: 'name', name: { ...literal.name, ...lists } });
    }
    case 'peer': {
      const peers = literals.flatMap((each) => (each.kind === 'peer' ? each.peer : []));
      const [networks, ports] = [
        peers.flatMap((peer) => peer.networks ?? []),
        peers.flatMap((peer) => peer.ports ?? []),
      ];
      const lists = literal.peer.ports ? { ports } : { networks };
      return literally({ kind: 'peer', peer: { ...literal.peer, ...lists } });
    }
    case 'process':
      return first;
  }
}

/** Same key, same formula. */
export function keyOf(formula: Formula): string {
  return JSON.stringify(formula);
}

/** The alternatives: each needs all its literals. Undefined if there are more than so many, or if the formula is inexact. */
export function alternatives(formula: Formula, most: number): readonly (readonly Literal[])[] | undefined {
  switch (formula.kind) {
    case 'constant':
      return formula.value ? [[]] : [];
    case 'literal':
      return [[formula.literal]];
    case 'any': {
      const each = formula.parts.map((part) => alternatives(part, most));
      const known = each.flatMap((list) => list ?? []);
      return each.includes(undefined) || known.length > most ? undefined : known;
    }
    case 'all': {
      let product: readonly (readonly Literal[])[] = [[]];
      for (const part of formula.parts) {
        const next = alternatives(part, most);
        if (!next || product.length * next.length > most) return undefined;
        product = product.flatMap((before) => next.map((after) => [...before, ...after]));
      }
      return product;
    }
    case 'inexact':
      return undefined;
  }
}
