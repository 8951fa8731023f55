// Tests that must all hold, as members of a clause.

import type { ExactClause, ExactName, ExactPeer, ExactProcess } from '../../../schema/kernel-enforcement.ts';
import type { Literal } from './formula.ts';
import { isAnyPeer } from './peer-literal.ts';

/** Undefined: they exclude each other. */
export function testsOfClause(
  literals: readonly Literal[],
  byCandidate: boolean,
): Pick<ExactClause, 'process' | 'names' | 'peers'> | undefined {
  const processes = new Set(literals.flatMap((literal) => (literal.kind === 'process' ? literal.process : [])));
  if (processes.size > 1) return undefined;
  const [process = byCandidate ? 'candidate' : 'any']: readonly ExactProcess[] = [...processes];
  const names = literals.flatMap((literal): ExactName[] => (literal.kind === 'name' ? [literal.name] : []));
  const peers = simplified(literals.flatMap((literal): ExactPeer[] => (literal.kind === 'peer' ? [literal.peer] : [])));
  if (!peers) return undefined;
  return { process, ...(names.length > 0 && { names }), ...(peers.length > 0 && { peers }) };
}

/** Without those that follow from others: whatever is asked of the other side, there must be one. */
function simplified(peers: readonly ExactPeer[]): readonly ExactPeer[] | undefined {
  const there = peers.filter(({ not }) => !not);
  const isAbsent = peers.some((peer) => peer.not && isAnyPeer(peer));
  if (isAbsent) return there.length > 0 ? undefined : peers.filter(isAnyPeer).slice(0, 1);
  const certain = there.filter((peer) => !isAnyPeer(peer));
  return [...(certain.length > 0 ? certain : there.slice(0, 1)), ...peers.filter(({ not }) => not)];
}
