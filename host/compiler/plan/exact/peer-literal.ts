// Tests of the other side of a connection: of its address, of its port, or that it is known.

import { reachesOut } from '../../../schema/events/effects.ts';
import type { Comparison } from '../../../schema/integers.ts';
import type { ExactPeer } from '../../../schema/kernel-enforcement.ts';
import type { OperatorName, Value } from '../../ir/value.ts';
import { constantly, type Formula, literally, negated } from './formula.ts';
import { isOnIp, type Place } from './place.ts';

/** On calls that reach out, the other side is the server. */
const ADDRESSES: readonly OperatorName[] = ['fdSip', 'fdRip'];
const PORTS: readonly OperatorName[] = ['fdSport', 'fdRport'];
const MOST = 0xffff;

/** Whether it holds for every peer, or with `not` for none. */
export function isAnyPeer({ networks = [], ports = [] }: ExactPeer): boolean {
  const isOpen = (length: number): boolean =>
    networks.some(({ address, bits }) => bits === 0 && address.length === length);
  return (isOpen(4) && isOpen(16)) || ports.some(({ from, to }) => from === 0 && to === MOST);
}

const ANY_ADDRESS = literally({
  kind: 'peer',
  peer: {
    networks: [
      { address: [0, 0, 0, 0], bits: 0 },
      { address: new Array<number>(16).fill(0), bits: 0 },
    ],
  },
});

/**
 * A formula that says the same as a value that is a bool; undefined: it tests something else. The lowering reads an address only where it is
 * there (lower/number-check.ts), so a test of an address needs one.
 */
export function peerFormula(value: Value, place: Place): Formula | undefined {
  if (!reachesOut(place.type)) return undefined;
  if (value.node === 'call' && value.operator === 'isInIpv6Net')
    return isOnIp(place) ? inIpv6Net(value.arguments) : NEVER;
  if (value.node !== 'comparison' || value.right.node !== 'integer') return undefined;
  const { left, operator, right } = value;
  if (isOneOf(left, ADDRESSES)) {
    if (right.value !== 0n || (operator !== '!=' && operator !== '==')) return undefined;
    const isThere = isOnIp(place) ? ANY_ADDRESS : NEVER;
    return operator === '!=' ? isThere : negated(isThere);
  }
  const port = left.node === 'cast' && left.to === 'i64' ? left.value : left;
  if (isOneOf(port, PORTS))
    return isOnIp(place) ? portFormula(operator, right.value) : constantly(compares(-1, operator, right.value));
  if (operator !== '==') return undefined;
  const masked = withMask(left);
  if (masked?.read.node !== 'call' || masked.read.operator !== 'ipv4') return undefined;
  const [address] = masked.read.arguments;
  if (!address || !isOneOf(address, ADDRESSES)) return undefined;
  return isOnIp(place) ? inIpv4Net(right.value, masked.mask) : NEVER;
}

const NEVER = constantly(false);

function isOneOf(value: Value, operators: readonly OperatorName[]): boolean {
  return value.node === 'call' && operators.includes(value.operator);
}

function withMask(value: Value): { readonly read: Value; readonly mask: bigint } | undefined {
  if (value.node !== 'arithmetic') return { read: value, mask: 0xffffffffn };
  return value.operator === '&' && value.right.node === 'integer'
    ? { read: value.left, mask: value.right.value }
    : undefined;
}

function inIpv4Net(address: bigint, mask: bigint): Formula | undefined {
  return network(bigEndian(address), bigEndian(mask));
}

function inIpv6Net([address, ...halves]: readonly Value[]): Formula | undefined {
  if (!address || !isOneOf(address, ADDRESSES)) return undefined;
  const [first, firstMask, second, secondMask] = halves.flatMap((half) => (half.node === 'integer' ? half.value : []));
  if (first === undefined || firstMask === undefined || second === undefined || secondMask === undefined)
    return undefined;
  const bytes = (one: bigint, other: bigint): number[] => [...littleEndian(one), ...littleEndian(other)];
  return network(bytes(first, second), bytes(firstMask, secondMask));
}

function network(address: readonly number[], mask: readonly number[]): Formula | undefined {
  const bits = mask.map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const length = bits.indexOf('0') < 0 ? bits.length : bits.indexOf('0');
  if (bits.includes('1', length)) return undefined;
  return literally({ kind: 'peer', peer: { networks: [{ address, bits: length }] } });
}

function bigEndian(number: bigint): number[] {
  return [24n, 16n, 8n, 0n].map((shift) => Number((number >> shift) & 0xffn));
}

function littleEndian(number: bigint): number[] {
  return Array.from({ length: 8 }, (_, index) => Number((number >> BigInt(8 * index)) & 0xffn));
}

/** A port that is not there reads -1. */
function portFormula(operator: Comparison, constant: bigint): Formula {
  const ifAbsent = compares(-1, operator, constant);
  const ports = chosenPorts(constant, (port) => compares(port, operator, constant) !== ifAbsent);
  if (ports.length === 0) return constantly(ifAbsent);
  const formula = literally({ kind: 'peer', peer: { ports } });
  return ifAbsent ? negated(formula) : formula;
}

type Range = { readonly from: number; readonly to: number };

/** The chosen ones of three ranges: ports below a number, the number itself, and ports above it. */
function chosenPorts(number: bigint, isChosen: (port: number) => boolean): readonly Range[] {
  const isPort = number >= 0n && number <= MOST;
  const starts = isPort ? new Set([0, Number(number), Number(number) + 1]) : new Set([0]);
  const ranges: Range[] = [];
  for (const [index, from] of [...starts].entries()) {
    const to = ([...starts][index + 1] ?? MOST + 1) - 1;
    if (from > to || !isChosen(from)) continue;
    const last = ranges.at(-1);
    if (last && last.to === from - 1) ranges.splice(-1, 1, { from: last.from, to });
    else ranges.push({ from, to });
  }
  return ranges;
}

function compares(port: number, operator: Comparison, constant: bigint): boolean {
  const value = BigInt(port);
  switch (operator) {
    case '==':
      return value === constant;
    case '!=':
      return value !== constant;
    case '<':
      return value < constant;
    case '<=':
      return value <= constant;
    case '>':
      return value > constant;
    case '>=':
      return value >= constant;
  }
}
