// Where Wasprey differs from Falco on purpose. Each row is one of test/conformance/DIFFERENCES.md.

import type { LoadResult } from '../../host/compiler/rules/load.ts';
import type { LoadCase } from './load-suite.ts';

interface Difference {
  readonly row: string;
  /** Whether the row explains that this case came out as it did. */
  explains(loadCase: LoadCase, result: LoadResult): boolean;
}

const DIFFERENCES: readonly Difference[] = [
  {
    row: 'unterminated quote',
    explains: (_, { errors: [error] }) =>
      error?.code === 'LOAD_ERR_YAML_PARSE' && /^unexpected end of the stream within a \w+ quoted/.test(error.message),
  },
  {
    row: 'exception field without argument',
    explains: ({ expect: { errors } }, { errors: [error] }) =>
      errors[0]?.code === 'LOAD_ERR_VALIDATE' &&
      errors[0].item_type === 'rules content' &&
      error?.code === 'LOAD_ERR_VALIDATE' &&
      error.context.at(-1)?.type === 'exception',
  },
  {
    row: 'exceptions replaced by override',
    explains: ({ expect: { errors }, files }, { successful }) =>
      errors[0]?.code === 'LOAD_ERR_COMPILE_CONDITION' &&
      successful &&
      files.some(({ yaml }) => /exceptions: *replace/.test(yaml)),
  },
];

/** Row that explains why a case comes out differently; undefined if none does. */
export function differenceOf(loadCase: LoadCase, result: LoadResult): string | undefined {
  return DIFFERENCES.find((difference) => difference.explains(loadCase, result))?.row;
}
