// Random conditions for property tests: any tree of the grammar, whether its fields exist or not.

import fc from 'fast-check';
import {
  type ArgumentList,
  type Check,
  type Expression,
  type FieldOperand,
  LIST_OPERATORS,
  type Literal,
  MODIFIERS,
  NUMERIC_OPERATORS,
  type Operand,
  type Right,
  STRING_OPERATORS,
  TRANSFORMERS,
} from '../../../host/compiler/conditions/ast.ts';
import { byteAsText } from '../../../host/compiler/conditions/literal-bytes.ts';

const SPAN = { start: 0, end: 0 };

const identifier = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9_]{0,8}$/);
const fieldName = fc.array(identifier, { minLength: 2, maxLength: 4 }).map((parts) => parts.join('.'));

/** Any text that a constant can hold, single bytes that are no UTF-8 among it. */
const text = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'a',
        'b',
        ' ',
        '"',
        "'",
        '\\',
        '(',
        ')',
        ',',
        '=',
        '[',
        ']',
        '\n',
        '\t',
        '<',
        '*',
        'and',
        'oneof',
      ),
      fc.integer({ min: 0x80, max: 0xff }).map(byteAsText),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }).filter((unit) => unit !== '\0'),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''));

const quoted: fc.Arbitrary<Literal> = text.map((value) => ({ kind: 'literal', text: value, quoted: true, span: SPAN }));
const number: fc.Arbitrary<Literal> = fc
  .oneof(fc.integer().map(String), fc.constantFrom('0x1F', '1.5', '1e+3', '+7', '007'))
  .map((value) => ({ kind: 'literal', text: value, quoted: false, span: SPAN }));
const bare: fc.Arbitrary<Literal> = fc
  .stringMatching(/^[a-z0-9/.*<>-]{1,12}$/)
  .map((value) => ({ kind: 'literal', text: value, quoted: false, span: SPAN }));
const literal = fc.oneof(quoted, bare);

const argument = fc.option(text, { nil: undefined });
/** Of a field an empty one is none. */
const fieldArgument = argument.map((value) => (value === '' ? undefined : value));

const field: fc.Arbitrary<FieldOperand> = fc
  .record({ name: fieldName, argument: fieldArgument })
  .map(({ name, argument: value }) =>
    value === undefined ? { kind: 'field', name, span: SPAN } : { kind: 'field', name, argument: value, span: SPAN },
  );

const { operand, transformer } = fc.letrec<{ operand: Operand; transformer: Operand; list: ArgumentList }>((tie) => ({
  operand: fc.oneof({ maxDepth: 2, withCrossShrink: true }, field, tie('transformer')),
  list: fc
    .array(fc.oneof(tie('operand'), quoted, number), { maxLength: 3 })
    .map((items) => ({ kind: 'list', items: items as ArgumentList['items'], span: SPAN })),
  transformer: fc
    .record({
      name: fc.constantFrom(...TRANSFORMERS),
      arguments: fc.array(fc.oneof({ maxDepth: 2 }, field, quoted, number, tie('list'), tie('transformer')), {
        minLength: 1,
        maxLength: 3,
      }),
      argument,
    })
    .map(({ argument: value, ...rest }) => {
      const base = { kind: 'transformer', ...rest, span: SPAN } as Operand & { kind: 'transformer' };
      return value === undefined ? base : { ...base, argument: value };
    }),
}));

const rightOperand: fc.Arbitrary<Right> = fc
  .oneof(field, transformer)
  .map((right) => ({ kind: 'operand', operand: right }));
const list: fc.Arbitrary<Right> = fc.oneof(
  fc.array(literal, { maxLength: 4 }).map((values) => ({ kind: 'values' as const, values, span: SPAN })),
  identifier
    // These words would be read as something else.
    .filter((name) => !['and', 'or', 'not', 'oneof', 'anyof', 'allof'].includes(name))
    .map((name) => ({
      kind: 'values' as const,
      values: [{ kind: 'literal' as const, text: name, quoted: false, span: SPAN }],
      bare: true as const,
      span: SPAN,
    })),
);
const value = (arbitrary: fc.Arbitrary<Literal>): fc.Arbitrary<Right> =>
  arbitrary.map((constant) => ({ kind: 'value', value: constant }));

const check: fc.Arbitrary<Check> = fc
  .oneof(
    fc.record({ operator: fc.constant('exists' as const), right: fc.constant({ kind: 'none' } as Right) }),
    fc.record({ operator: fc.constantFrom(...NUMERIC_OPERATORS), right: fc.oneof(value(number), rightOperand) }),
    fc.record({ operator: fc.constantFrom(...STRING_OPERATORS), right: fc.oneof(value(literal), rightOperand) }),
    fc.record({ operator: fc.constantFrom(...LIST_OPERATORS), right: fc.oneof(list, rightOperand) }),
    fc.record({
      operator: fc.constantFrom(...STRING_OPERATORS),
      modifier: fc.constantFrom(...MODIFIERS),
      right: list,
    }),
  )
  .chain((rest) => operand.map((left) => ({ kind: 'check', left, ...rest, span: SPAN }) as Check));

/** Any condition, macros among it. */
export const arbitraryCondition: fc.Arbitrary<Expression> = fc.letrec<{ tree: Expression }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    check,
    identifier
      .filter((name) => !(TRANSFORMERS as readonly string[]).includes(name))
      .map((name) => ({ kind: 'macro' as const, name, span: SPAN })),
    fc
      .record({
        kind: fc.constantFrom('and' as const, 'or' as const),
        children: fc.array(tie('tree'), { minLength: 2, maxLength: 4 }),
      })
      .map((node): Expression => ({ ...node, span: SPAN })),
    tie('tree').map((child): Expression => ({ kind: 'not', child, span: SPAN })),
  ),
})).tree;
