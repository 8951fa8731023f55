// Output templates: the longest known field counts, and a % is always a field.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { printOperand } from '../../../host/compiler/conditions/print.ts';
import { parseTemplate, placedTokens, TemplateError } from '../../../host/compiler/conditions/template.ts';
import { HOSTILE_TEMPLATES } from '../../support/random/hostile-texts.ts';

/** Tokens as short text: fields in braces, with their width. */
function shape(text: string): string {
  return parseTemplate(text)
    .map((token) => (token.kind === 'text' ? token.text : `{${token.width ?? ''}${printOperand(token.operand)}}`))
    .join('');
}

test('the longest known field counts, the rest is text', () => {
  const cases: Readonly<Record<string, string>> = {
    plain: 'plain',
    '*%proc.name': '{proc.name}',
    '%proc.namex': '{proc.name}x',
    '%proc.name.': '{proc.name}.',
    '%proc.name[2]': '{proc.name}[2]',
    '%proc.aname[2]x': '{proc.aname[2]}x',
    '%proc.aname[x]': '{proc.aname}[x]',
    '%proc.env[A B]': '{proc.env}[A B]',
    "%proc.env['A B']": '{proc.env["A B"]}',
    '%proc.env["a\\"]b"]x': '{proc.env["a\\"]b"]}x',
    '%10proc.name|%0proc.pid': '{10proc.name}|{proc.pid}',
    '%user.name(uid=%user.uid)': '{user.name}(uid={user.uid})',
    '%proc.name%proc.pid': '{proc.name}{proc.pid}',
    '%toupper(proc.name))': '{toupper(proc.name)})',
    '%join(", ", (proc.name, proc.pname))': '{join(", ",(proc.name,proc.pname))}',
    '%evt.arg.flags %evt.arg[0]': '{evt.arg.flags} {evt.arg[0]}',
    '%evt.type.is %evt.outputtime': '{evt.type}.is {evt.outputtime}',
  };
  for (const [text, expected] of Object.entries(cases)) assert.equal(shape(text), expected, text);
});

test('text that does not name a field is refused in its place', () => {
  const cases: readonly [text: string, start: number, end: number][] = [
    ['', 0, 0],
    ['100% sure', 3, 5],
    ['%%', 0, 2],
    ['a %', 2, 3],
    ['a %10', 2, 5],
    ['x %nope.field y', 2, 13],
    ['%evt.arg', 0, 8],
    ['%toupper(proc.name', 0, 8],
    ['%-10proc.name', 0, 2],
    ['%tolower(proc.aname)', 0, 8],
  ];
  for (const [text, start, end] of cases) {
    assert.throws(
      () => parseTemplate(text),
      (error: unknown) => error instanceof TemplateError && error.start === start && error.end === end,
      text,
    );
  }
});

test('tokens cover the template, and any text is parsed or refused', () => {
  const piece = fc.constantFrom(
    '%proc.name',
    '%10fd.name',
    '%toupper(',
    ')',
    'proc.name',
    '[1]',
    '%',
    ' ',
    'x',
    '"',
    'é',
  );
  const anything = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(piece).map((pieces) => pieces.join('')),
  );
  fc.assert(
    fc.property(anything, (text) => {
      try {
        const covered = placedTokens(text)
          .map(({ start, end }) => text.slice(start, end))
          .join('');
        assert.equal(covered, text.replace(/^\*/, ''));
      } catch (error) {
        assert.ok(error instanceof TemplateError, String(error));
      }
    }),
    { numRuns: 3000 },
  );
});

test('a template that is longer than any that is read is refused', () => {
  parseTemplate('a'.repeat(64 * 1024));
  assert.throws(() => parseTemplate('a'.repeat(64 * 1024 + 1)), /output has more than 65536 characters/);
});

test('long templates end', () => {
  const [text = '', fields = '', nested = ''] = HOSTILE_TEMPLATES;
  assert.equal(parseTemplate(text).length, 2);
  assert.equal(parseTemplate(fields).length, 6500);
  assert.throws(() => parseTemplate(nested), TemplateError);
});
