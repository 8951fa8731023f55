// Random operands that a function makes of fields: tolower(), basename(), concat() and the like; and checks of the lists that getopt() makes.

import fc from 'fast-check';
import { translateRules } from '../../../host/compiler/compile.ts';
import { rulesOf } from '../records/rule-module.ts';
import { list, oneOf, quote } from './condition-parts.ts';
import { RIGHT } from './condition-pools.ts';

/** Fields that b64() and basename() can read on all events: of a text in pieces the compiler warns that they can't. */
const CONTIGUOUS = RIGHT.filter((field) => {
  const rules = rulesOf([`b64(${field}) exists and basename(${field}) exists`]);
  return !translateRules(rules).diagnostics.some(({ code }) => code === 'condition-not-supported');
});
export const transformed = fc
  .tuple(
    fc.constantFrom('tolower', 'toupper', 'basename', 'b64'),
    oneOf(RIGHT),
    oneOf([...CONTIGUOUS, 'basename(fd.name)']),
  )
  .map(([name, field, contiguous]) => `${name}(${name === 'b64' || name === 'basename' ? contiguous : field})`);
export const joined = fc
  .tuple(oneOf(RIGHT), oneOf(RIGHT), oneOf(['concat', 'join']))
  .map(([a, b, name]) => (name === 'concat' ? `concat(${a}, ${b})` : `join("|", (${a}, ${b}))`));

/** Words of the event and constants, as getopt() takes them. */
const words = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: oneOf(['proc.args[0]', 'proc.args[1]', 'proc.args[2]', 'proc.name']) },
      { weight: 2, arbitrary: oneOf(['-k', '-kc', '-cKey', '-c', '--', '--long', 'cat', '', '-Kx']).map(quote) },
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((items) => `(${items.join(', ')})`);
const SPECIFICATIONS = ['c:k', ':kc:K', 'kKcx', 'x:', ''].map(quote);
const optionList = fc.tuple(words, oneOf(SPECIFICATIONS)).map(([list, known]) => `getopt(${list}, ${known})`);
const listTransformed = fc
  .tuple(oneOf(['', '', 'tolower', 'toupper', 'basename', 'b64']), optionList)
  .map(([name, list]) => (name === '' ? list : `${name}(${list})`));
const OPTION_TEXTS = ['c', 'k', 'K', '?', ':', 'Key', 'key', 'cat', 'aGVsbG8=', 'hello', 'shadow', ''];
export const listChecks: fc.Arbitrary<string> = fc.oneof(
  fc.tuple(listTransformed, oneOf(['in', 'intersects']), list(OPTION_TEXTS)).map((parts) => parts.join(' ')),
  fc
    .tuple(
      listTransformed,
      oneOf(['in', 'intersects']),
      oneOf([
        'tolower(proc.name)',
        'basename(proc.args[1])',
        'concat(proc.args[1], "")',
        'val(proc.name)',
        'val(evt.res)',
      ]),
    )
    .map((parts) => parts.join(' ')),
  fc
    .tuple(oneOf(['proc.name', 'proc.args[1]']), oneOf(['in', 'intersects']), listTransformed)
    .map((parts) => parts.join(' ')),
  fc
    .tuple(
      optionList,
      oneOf(['c', 'k', 'x']),
      oneOf(['=', '!=', 'startswith', 'endswith']),
      oneOf(OPTION_TEXTS).map(quote),
    )
    .map(([all, letter, operator, text]) => `${all}[${letter}] ${operator} ${text}`),
  fc
    .tuple(
      oneOf(['"|"', '""', 'proc.name']),
      listTransformed,
      oneOf(['=', 'contains', 'startswith']),
      oneOf(['k', 'k|c', 'c|Key', 'K', '']).map(quote),
    )
    .map(([separator, all, operator, text]) => `join(${separator}, ${all}) ${operator} ${text}`),
  fc.tuple(optionList, oneOf(['0', '1', '2', '3', '5'])).map(([all, count]) => `len(${all}) = ${count}`),
  fc.tuple(listTransformed, oneOf(['0', '1', '3', '6'])).map(([all, count]) => `len(join("--", ${all})) >= ${count}`),
  listTransformed.map((all) => `${all} exists`),
);
