// A value as indented JSON, as Falco's jevt.obj shows it.

import { latin1 } from '../../fields/value.ts';
import type { JsonValues } from './values.ts';

/** Two blanks a level; a character a byte. Undefined if it has more than `most` of them: each level indents all that it contains. */
export function indentedJson(values: JsonValues, value: number, most: number): string | undefined {
  const parts: string[] = [];
  let room = most;
  const put = (text: string): void => {
    room -= text.length;
    if (room >= 0) parts.push(text);
  };
  const scalar = (of: number): string => {
    const text = latin1(values.bytes(of));
    return values.isString(of) ? `"${text}"` : text;
  };
  const show = (of: number, indent: string): void => {
    const isObject = values.isObject(of);
    if (!isObject && !values.isArray(of)) {
      put(scalar(of));
      return;
    }
    const [open, close] = isObject ? ['{', '}'] : ['[', ']'];
    const inner = `\n${indent}  `;
    put(open);
    const children = isObject ? values.names(of) : values.elements(of);
    for (const [index, child] of children.entries()) {
      if (room < 0) return;
      put(`${index === 0 ? '' : ','}${inner}`);
      if (isObject) put(`${scalar(child)}: `);
      show(isObject ? child + 1 : child, `${indent}  `);
    }
    put(children.length === 0 ? close : `\n${indent}${close}`);
  };
  show(value, '');
  return room < 0 ? undefined : parts.join('');
}
