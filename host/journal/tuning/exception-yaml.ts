// An exception as a rule file that is loaded after the rule's own: Falco's syntax.

import { createHash } from 'node:crypto';
import { holdsListName } from '../../compiler/rules/lists.ts';

export interface ExceptionValues {
  readonly fields: readonly string[];
  /** Each has the values of the fields, in their order. */
  readonly values: readonly (readonly string[])[];
}

/** Values that stand in a condition without quotes: numbers. A word there could be the name of a list, whose items would replace it. */
const PLAIN = /^[0-9]+$/;
/** Texts that quotes can hold: printable ASCII but for quotes and the backslash. */
const WRITABLE = /^[ !#-&(-[\]-~]+$/;

/**
 * Whether an exception can have the value, so that it is compared as it is. Programs choose their names themselves, and the name of a list
 * is replaced even within quotes.
 * @param listNames of the rules that the exception is for
 */
export function isWritable(value: string, listNames: readonly string[]): boolean {
  return WRITABLE.test(value) && !holdsListName(value, listNames);
}

export function exceptionYaml(rule: string, { fields, values }: ExceptionValues): string {
  const list = (items: readonly string[]): string => `[${items.join(', ')}]`;
  const rows = values.map((row) => `        - ${list(row.map(valueText))}\n`);
  // The same exception has the same name, and another one another: both can be appended to one rule.
  const hash = createHash('sha256')
    .update(JSON.stringify([fields, values]))
    .digest('hex')
    .slice(0, 8);
  return [
    `- rule: ${JSON.stringify(rule)}\n`,
    '  exceptions:\n',
    `    - name: tuned_${hash}\n`,
    `      fields: ${list(fields)}\n`,
    `      comps: ${list(fields.map(() => '"="'))}\n`,
    '      values:\n',
    ...rows,
    '  override:\n',
    '    exceptions: append\n',
  ].join('');
}

/** Quoted for YAML, and inside that for a condition unless it is a number. `value` must contain no quotes. */
function valueText(value: string): string {
  return PLAIN.test(value) ? `"${value}"` : `'"${value}"'`;
}
