// Checks of fd.ip, fd.port and fd.net, which hold if they do for either end of a socket.

import type { Check, Operand } from '../../../host/compiler/conditions/ast.ts';
import { inNetwork, sameAddress } from './addresses.ts';
import { literals, portOf } from './check-constants.ts';
import { compareIntegers } from './comparisons.ts';
import { ipAddress } from './operator-values.ts';
import type { RawEvent } from './raw-record.ts';

/** Both ends of a socket, whatever its role; its own alone of one that is a server's and has no peer. */
export function endsOf(
  operand: Operand,
  event: RawEvent,
): readonly { address: Uint8Array; port: bigint }[] | undefined {
  if (operand.kind !== 'field' || !/^fd\.(ip|port|net)$/.test(operand.name)) return undefined;
  const { type, event: record } = event;
  if ((!type.createsFd && !type.usesFd) || !record.has('kind')) return [];
  const kind = String.fromCharCode(Number(record.number('kind')));
  if (kind !== '4' && kind !== '6') return [];
  const [local, remote] = ['local', 'remote'].map((side) => ({
    address: ipAddress(record, `${side}_address`),
    port: record.number(`${side}_port`),
  }));
  if (!local || !remote) return [];
  const alone = record.number('role') === 2n && remote.port === 0n && remote.address.every((byte) => byte === 0);
  return alone ? [local] : [local, remote];
}

export function endsHold(check: Check, ends: readonly { address: Uint8Array; port: bigint }[]): boolean {
  if (ends.length === 0 || check.left.kind !== 'field') return false;
  if (check.operator === 'exists') return true;
  const { name } = check.left;
  const values = name === 'fd.net' && check.operator === 'in' ? literals(check).slice(0, 1) : literals(check);
  const holds = (end: { address: Uint8Array; port: bigint }, value: string): boolean => {
    if (name === 'fd.port') return compareIntegers(check.operator, end.port, portOf(value));
    const inside = name === 'fd.net' ? inNetwork(end.address, value) : sameAddress(end.address, value);
    return check.operator === '!=' ? !inside : inside;
  };
  return values.some((value) =>
    check.operator === '!=' ? ends.every((end) => holds(end, value)) : ends.some((end) => holds(end, value)),
  );
}
