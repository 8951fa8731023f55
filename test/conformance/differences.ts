// Where Wasprey differs from Falco on purpose. Each row is one of docs/differences.md.

import type { LoadResult } from '../../host/compiler/load.ts';
import type { LoadCase } from './load-suite.ts';

interface Difference {
  readonly row: string;
  /** Whether the row explains that this case came out as it did. */
  explains(loadCase: LoadCase, result: LoadResult): boolean;
}

const DIFFERENCES: readonly Difference[] = [];

/** Row that explains why a case comes out differently; undefined if none does. */
export function differenceOf(loadCase: LoadCase, result: LoadResult): string | undefined {
  return DIFFERENCES.find((difference) => difference.explains(loadCase, result))?.row;
}
