// getopt() in conditions. For constants it is decided here. For words of the event the module parses the options again at each use,
// since it has no memory of its own. `getopt((proc.args[0], proc.args[1]), "c:x")[c] = ls` compiles to
//
//   equals_ls(inMemory(options_011babddba25(event, image, 0))) &&
//   options_011babddba25(event, image, 0) != 1 &&
//   options_011babddba25(event, image, 0) != 2
//
// option-reader.ts makes that function. It returns 1 for an unknown option and 2 for one that lacks its value: both read `?`.

import type { TransformerOperand } from '../conditions/ast.ts';
import { options, optionTexts, optionValue } from '../conditions/getopt.ts';
import { holds } from '../ir/condition.ts';
import type { Bytes, Mark } from '../ir/text.ts';
import { call, callFunction, compare, EVENT_ADDRESS, IMAGE_ADDRESS, ITEM_INDEX, integer, ZERO } from '../ir/value.ts';
import { ABSENT, either, ITEM, type LoweringContext, type Operand, present, text } from './operand.ts';
import { MISSING, optionReader, UNKNOWN } from './option-reader.ts';
import { wordsOf } from './option-words.ts';

/**
 * `getopt((proc.args[0], proc.args[1]), "c:x")`: the names and values of all options, as a list; with `[c]` behind it: the value of one.
 * @returns undefined where these arguments are not supported
 */
export function optionsOf(
  words: readonly Operand[],
  specification: Operand | undefined,
  { argument: wanted }: TransformerOperand,
  context: LoweringContext,
): Operand | undefined {
  if (specification?.kind !== 'constant') return undefined;
  const { bytes } = specification;
  if (words.every((word) => word.kind === 'constant')) {
    return ofConstants(
      words.map((word) => word.bytes),
      bytes,
      wanted,
    );
  }
  if (words.some((word) => word.kind === 'absent')) return ABSENT;
  const source = wordsOf(words, bytes, context);
  if (!source) return undefined;
  const { there } = source;
  const marks: readonly Mark[] = [
    [integer(UNKNOWN), '?'],
    [integer(MISSING), bytes.startsWith(':') ? ':' : '?'],
    ...source.marks,
  ];
  if (wanted === undefined) {
    const name = optionReader(source, bytes, undefined, context);
    return {
      kind: 'texts',
      there,
      item: callFunction(name, EVENT_ADDRESS, IMAGE_ADDRESS, ITEM_INDEX),
      marks,
      each: ITEM,
      scope: 'event',
    };
  }
  if (wanted.length !== 1) return ABSENT;
  const name = optionReader(source, bytes, wanted, context);
  const value = callFunction(name, EVENT_ADDRESS, IMAGE_ADDRESS, ZERO);
  const read = marks.reduceRight<Operand>(
    (rest, [mark, text]) =>
      either(holds(compare(value, '==', mark), 'event', 20), { kind: 'constant', bytes: text }, rest),
    text(call('inMemory', value), 'event'),
  );
  return present(there, read);
}

function ofConstants(words: readonly Bytes[], known: Bytes, wanted: string | undefined): Operand {
  const found = options(words, known);
  const constantOf = (bytes: Bytes): Operand => ({ kind: 'constant', bytes });
  if (wanted === undefined) return { kind: 'list', items: optionTexts(found).map(constantOf) };
  const value = optionValue(found, wanted);
  return value === undefined ? ABSENT : constantOf(value);
}
