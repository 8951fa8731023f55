// Walks: paths that unfold the arrays on their way (host/schema/audit/reading.ts).

import type { Walk } from '../../schema/audit/reading.ts';
import { type Path, parsePointer } from '../json/pointer.ts';
import { type JsonValues, NOWHERE } from '../json/values.ts';

export interface PreparedWalk {
  readonly path: Path;
  readonly failsOnHoles: boolean;
}

export function prepareWalk({ at, holes }: Walk): PreparedWalk {
  return { path: parsePointer(at), failsOnHoles: holes === 'fail' };
}

/**
 * The values that the path leads to; undefined if it leads nowhere before it meets an array, and for a hole that fails. With an index, of each array
 * on the way that element alone.
 */
export function walk(
  values: JsonValues,
  root: number,
  { path, failsOnHoles }: PreparedWalk,
  index: number | undefined,
): number[] | undefined {
  let current = [root];
  let isUnfolded = false;
  for (const key of path) {
    const next: number[] = [];
    for (const value of current) {
      if (!values.isArray(value)) {
        const member = values.member(value, key);
        if (member !== NOWHERE) next.push(member);
        else if (!isUnfolded || failsOnHoles || index !== undefined) return undefined;
        continue;
      }
      isUnfolded = true;
      for (const element of index === undefined ? values.elements(value) : [values.element(value, index)]) {
        const member = element === NOWHERE ? NOWHERE : values.member(element, key);
        if (member !== NOWHERE) next.push(member);
        else if (failsOnHoles || index !== undefined) return undefined;
      }
    }
    current = next;
  }
  return current;
}
