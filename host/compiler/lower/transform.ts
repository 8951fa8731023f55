// Transformers: there is nowhere to write a transformed text to, so that they become another way of reading it.
//
//   tolower(proc.name)               the same text, its bytes read in lower case
//   basename(proc.exepath)           basename(imageExecutable(image)), a part of the same text
//   concat(proc.name, "x")           two pieces: imageComm(image), then x
//   join(",", container.env_names)   the elements one after the other, with a comma between them
//   len(proc.name)                   i64(lengthOf(imageComm(image)))
//   b64(proc.args[0])                the text, its bytes decoded while they are read

import { endsOf } from '../../schema/fields/compared.ts';
import type { ValueType } from '../../schema/types.ts';
import type { Operand as AstOperand, TransformerArgument, TransformerOperand } from '../conditions/ast.ts';
import { literalBytes } from '../conditions/literal-bytes.ts';
import { printOperand } from '../conditions/print.ts';
import { all } from '../ir/condition.ts';
import { contentHash } from '../ir/content-hash.ts';
import { joinScopes, type Piece, scopeOfPiece } from '../ir/text.ts';
import { call, callFunction, cast, EVENT_ADDRESS, IMAGE_ADDRESS, integer } from '../ir/value.ts';
import { base64 } from './base64.ts';
import { basename } from './basename.ts';
import { fieldOperand, knownField, valueTypeOf } from './field.ts';
import { optionsOf } from './getopt.ts';
import { inCase } from './letter-case.ts';
import { ABSENT, constantText, type LoweringContext, number, type Operand, present } from './operand.ts';
import { asOne, isTooLarge, mapCases, mapEither, piecesOf } from './pieces.ts';
import { exists } from './text-check.ts';

/** How an operand is compared. */
export type Comparison = 'text' | 'number' | 'port' | 'boolean' | 'address' | 'network';

export interface TypedOperand {
  readonly operand: Operand;
  readonly type: Comparison;
  /** fd.ip, fd.net, fd.port. */
  readonly eitherEnd?: true;
  /** evt.rawarg: the type is known from the event only. */
  readonly dynamic?: true;
  /** The type of integers as which constants are read. */
  readonly integers?: ValueType;
}

export function lowerOperand(operand: AstOperand, context: LoweringContext): TypedOperand {
  if (operand.kind === 'transformer') return transform(operand, context);
  const named = knownField(operand.name, operand.argument, context.type);
  const lowered = fieldOperand(named, context);
  if (named.field.type === 'DYN') {
    const integers = valueTypeOf(named, context.type);
    return { operand: lowered, type: dynamicType(lowered), dynamic: true, integers };
  }
  const typed = { operand: lowered, type: comparisonOf(named.field.type), integers: named.field.type };
  return endsOf(named.field) ? { ...typed, eitherEnd: true } : typed;
}

function comparisonOf(type: ValueType): Comparison {
  switch (type) {
    case 'CHARBUF':
    case 'BYTEBUF':
    case 'FSPATH':
    case 'FSRELPATH':
      return 'text';
    case 'BOOL':
      return 'boolean';
    case 'IPADDR':
      return 'address';
    case 'IPNET':
      return 'network';
    case 'PORT':
      return 'port';
    default:
      return 'number';
  }
}

/** evt.rawarg: the type is the parameter's. */
function dynamicType(operand: Operand): Comparison {
  if (operand.kind === 'either')
    return dynamicType(operand.value.kind === 'absent' ? operand.otherwise : operand.value);
  return operand.kind === 'number' ? 'number' : operand.kind === 'boolean' ? 'boolean' : 'text';
}

const MANY_CASES = 'of values with so many cases';
const LIST_OF_LISTS = 'of a list within a list';

function transform(transformer: TransformerOperand, context: LoweringContext): TypedOperand {
  const { name } = transformer;
  const [first] = transformer.arguments;
  const unsupported = (why: string): TypedOperand => {
    warnOf(name, why, context);
    return { operand: ABSENT, type: name === 'len' ? 'number' : 'text' };
  };
  if (!first) return unsupported('without arguments');
  switch (name) {
    case 'tolower':
    case 'toupper': {
      const to = name === 'tolower' ? 'lower' : 'upper';
      const texts = argument(first, context);
      if (isListOfLists(texts)) return unsupported(LIST_OF_LISTS);
      return { operand: mapEither(texts, (operand) => inCase(operand, to)), type: 'text' };
    }
    case 'basename': {
      const paths = argument(first, context);
      if (isListOfLists(paths)) return unsupported(LIST_OF_LISTS);
      const operand = mapCases(paths, (each) => basename(each, context));
      return isTooLarge([operand]) ? unsupported(MANY_CASES) : { operand, type: 'text' };
    }
    case 'b64': {
      const texts = argument(first, context);
      if (isListOfLists(texts)) return unsupported(LIST_OF_LISTS);
      return { operand: mapCases(texts, (operand) => base64(operand, context)), type: 'text' };
    }
    case 'len':
      return {
        operand: mapCases(argument(first, context), (operand) => length(operand, context)),
        type: 'number',
        integers: 'UINT64',
      };
    case 'join': {
      const separator = argument(first, context);
      const items = listItems(transformer.arguments[1], context);
      if (isTooLarge([separator, ...items])) return unsupported(MANY_CASES);
      const [list] = items;
      const join = (items: readonly Operand[]): Operand => joined(separator, items, name, context);
      const operand = items.length === 1 && list ? joinedList(separator, list, join) : undefined;
      return { operand: operand ?? join(items), type: 'text' };
    }
    case 'concat': {
      const items = transformer.arguments.map((item) => argument(item, context));
      if (isTooLarge(items)) return unsupported(MANY_CASES);
      return { operand: joined(constantText(''), items, name, context), type: 'text' };
    }
    case 'getopt': {
      const [words, known] = transformer.arguments;
      const operand = optionsOf(listItems(words, context), known && argument(known, context), transformer, context);
      return operand ? { operand, type: 'text' } : unsupported('with these arguments');
    }
  }
}

function warnOf(transformer: string, why: string, context: LoweringContext): void {
  context.warn('condition-not-supported', `${transformer}() ${why} is not supported; a condition on it is never true`);
}

function argument(item: TransformerArgument, context: LoweringContext): Operand {
  switch (item.kind) {
    case 'literal':
      return { kind: 'constant', bytes: Buffer.from(literalBytes(item.text)).toString('latin1') };
    case 'list':
      return { kind: 'list', items: item.items.map((entry) => argument(entry, context)) };
    default: {
      const { operand } = lowerOperand(item, context);
      return operand.kind === 'ancestors' ? ofEachAncestor(item, context) : operand;
    }
  }
}

/** A field that has a value for each ancestor. Falco joins these values here, and a module has nowhere to. */
function ofEachAncestor(item: AstOperand, context: LoweringContext): Operand {
  const name = printOperand(item);
  context.warn(
    'condition-not-supported',
    `${name} of all ancestors within a transformer is not supported; a condition on it is never true; write ${name}[1]`,
  );
  return ABSENT;
}

/** Whether an element of the list is a list itself: the options of getopt(), or a field with several values. */
function isListOfLists(operand: Operand): boolean {
  return operand.kind === 'list' && operand.items.some(isListSometimes);
}

function isListSometimes(operand: Operand): boolean {
  if (operand.kind === 'either') return isListSometimes(operand.value) || isListSometimes(operand.otherwise);
  return operand.kind === 'list' || operand.kind === 'texts';
}

function listItems(item: TransformerArgument | undefined, context: LoweringContext): readonly Operand[] {
  if (!item) return [];
  const operand = argument(item, context);
  return operand.kind === 'list' ? operand.items : [operand];
}

function length(operand: Operand, context: LoweringContext): Operand {
  if (operand.kind === 'absent') return operand;
  if (operand.kind === 'list')
    return present(exists(operand), number(cast('i64', integer(operand.items.length)), 'image'));
  if (operand.kind === 'texts') return countOf(operand, context);
  if (operand.kind === 'text') {
    const bytes = cast('i64', call('lengthOf', operand.text.value));
    return present(exists(operand), number(bytes, operand.text.scope));
  }
  const pieces = piecesOf(operand);
  if (!pieces) {
    context.warn('condition-not-supported', 'len() of this value is not supported; the condition is never true');
    return ABSENT;
  }
  const scope = joinScopes(pieces.map(scopeOfPiece));
  return { kind: 'number', value: cast('i64', context.textLength(pieces)), scope, negativeIsAbsent: true };
}

function countOf({ there, item, scope }: Extract<Operand, { kind: 'texts' }>, context: LoweringContext): Operand {
  const read = context.print(item);
  const name = `countOf_${contentHash([read]).slice(0, 12)}`;
  context.define(
    name,
    `function ${name}(event: u32, image: u32): i64 {
  let index: u32 = 0;
  while (${read} != 0) ++index;
  return index;
}`,
  );
  return present(there, number(callFunction(name, EVENT_ADDRESS, IMAGE_ADDRESS), scope));
}

/** The elements of a list that is one operand; undefined if the operand is not a list. */
function joinedList(
  separator: Operand,
  list: Operand,
  join: (items: readonly Operand[]) => Operand,
): Operand | undefined {
  if (list.kind === 'either') return mapEither(list, (each) => joinedList(separator, each, join) ?? join([each]));
  if (list.kind === 'list') return join(list.items);
  if (list.kind !== 'texts') return undefined;
  const { there, item, marks, each, scope } = list;
  return mapCases(separator, (between) => {
    const pieces = piecesOf(between);
    if (!pieces) return ABSENT;
    const piece: Piece = { kind: 'joined', item, marks, each, separator: pieces, scope };
    return present(all([there, exists(between)]), { kind: 'pieces', pieces: [piece] });
  });
}

/** The items with a separator between them. Absent if any of them is, or the separator. */
function joined(separator: Operand, items: readonly Operand[], name: string, context: LoweringContext): Operand {
  const inPieces = (operand: Operand): readonly Piece[] | undefined => {
    const pieces = piecesOf(operand);
    if (!pieces && isListSometimes(operand)) warnOf(name, LIST_OF_LISTS, context);
    return pieces;
  };
  return mapCases(separator, (between) => {
    const pieces = inPieces(between);
    return pieces ? present(exists(between), joinedBy(pieces, items, inPieces)) : ABSENT;
  });
}

function joinedBy(
  separator: readonly Piece[],
  items: readonly Operand[],
  inPieces: (operand: Operand) => readonly Piece[] | undefined,
): Operand {
  const build = (rest: readonly Operand[], done: readonly Piece[], first: boolean): Operand => {
    const [next, ...others] = rest;
    if (!next) return asOne(done);
    return mapCases(next, (operand) => {
      const pieces = inPieces(operand);
      return pieces ? build(others, [...done, ...(first ? [] : separator), ...pieces], false) : ABSENT;
    });
  };
  return build(items, [], true);
}
