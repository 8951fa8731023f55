// The suites of the conformance corpus, one for each of its files.

import { EVAL_SUITE } from './eval-suite.ts';
import { LOAD_SUITE } from './load-suite.ts';
import { OUTPUT_SUITE } from './output-suite.ts';
import { PARSE_SUITE } from './parse-suite.ts';
import type { Suite } from './suite.ts';

export const SUITES: readonly Suite[] = [PARSE_SUITE, LOAD_SUITE, OUTPUT_SUITE, EVAL_SUITE];
