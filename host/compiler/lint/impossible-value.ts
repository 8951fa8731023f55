// Values in a condition that the field never has.

import { type Diagnostic, warning } from '../../diagnostics/diagnostic.ts';
import { effectOf } from '../../schema/events/effects.ts';
import type { Check, Literal } from '../conditions/ast.ts';
import { checksOf, constantsOf } from '../conditions/fields-of.ts';
import { literalBytes } from '../conditions/literal-bytes.ts';
import type { Subject } from './subject.ts';

/** TASK_COMM_LEN of the kernel, less the NUL at the end. */
const LONGEST_NAME = 15;

/** Names as the kernel keeps them; not proc.exe and the like, which are paths. */
const NAMES = /^proc\.(?:name|pname|aname|sname|vpgid\.name|pgid\.name)$/;
const PATHS = /^(?:fd\.(?:name|directory)|fs\.path\.(?:name|source|target))$/;

/** Operators by which a value stands for the whole text, or its beginning. */
const WHOLE: readonly string[] = ['=', '==', '!=', 'in', 'intersects'];
const ANCHORED: readonly string[] = [...WHOLE, 'startswith'];
const CONTAINED: readonly string[] = [...ANCHORED, 'endswith', 'contains', 'icontains'];

export function findImpossibleValues(subject: Subject): Diagnostic[] {
  const { rule } = subject;
  return checksOf(rule.condition).flatMap((check) =>
    constantsOf(check).flatMap((value) => {
      const problem = problemOf(check, value, subject);
      if (!problem) return [];
      const [message, help] = problem;
      return warning('LINT_VALUE_NEVER_MATCHES', message, rule.placeOf(value.span, check), { help });
    }),
  );
}

/** The message about a value, and the help. */
function problemOf(
  { left, operator }: Check,
  { text }: Literal,
  { types }: Subject,
): readonly [string, string] | undefined {
  if (left.kind === 'transformer') {
    const other = left.name === 'tolower' ? text.toLowerCase() : left.name === 'toupper' ? text.toUpperCase() : text;
    if (other === text || operator === 'icontains' || operator === 'iglob') return undefined;
    return [`${left.name}() never returns '${text}'`, `write '${other}'`];
  }
  const { name } = left;
  const length = literalBytes(text).length;
  if (NAMES.test(name) && CONTAINED.includes(operator) && length > LONGEST_NAME) {
    const message = `${name} is never '${text}': the kernel truncates names to ${LONGEST_NAME} bytes, this has ${length}`;
    return [message, `write '${[...text].slice(0, LONGEST_NAME).join('')}', or compare proc.exepath`];
  }
  if (PATHS.test(name) && ANCHORED.includes(operator) && types.length > 0 && text !== '') {
    const absolute = /^[/<]/.test(text);
    // The descriptor of others need not be a file with a path.
    if (absolute || !types.every((type) => effectOf(type) === 'opens')) return undefined;
    return [
      `${name} never begins with '${text}' here: it is an absolute path`,
      `write the full path, or use ${name} endswith or glob`,
    ];
  }
  return undefined;
}
