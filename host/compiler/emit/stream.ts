// Tests of texts that are not contiguous in memory: an automaton reads one piece after the other. `concat(proc.name, "x") = bashx`
// compiles to
//
//   function pieces(image: u32): bool {
//     let state: u32 = 0;
//     const piece0 = imageComm(image);
//     if (piece0 == 0) return false;
//     state = automaton_over(state, piece0);
//     state = automaton_constant(state);
//     return state == 5;
//   }

import { run } from '../automata/automaton.ts';
import type { Test } from '../ir/condition.ts';
import { matchAutomaton, matchTitle } from '../ir/match-automaton.ts';
import type { BitName, Bytes, Piece, TextValue } from '../ir/text.ts';
import { callFunction, type Value } from '../ir/value.ts';
import { acceptance, type EmittedAutomaton, emitAutomaton, emitRun } from './automaton.ts';
import { comment, type Functions, type Parameters, parametersFor } from './functions.ts';
import { emitSwitch } from './switch.ts';

/** The test of the pieces: `pieces(image)`. False if a text among them is absent. */
export function emitStream(
  test: Extract<Test, { test: 'stream' }>,
  functions: Functions,
  { declared, passed }: Parameters = parametersFor(test.scope),
): Value {
  const { pieces, match } = test;
  const automaton = matchAutomaton(match);
  const emitted = emitAutomaton(matchTitle(match), automaton, undefined, functions);
  const name = functions.define(test.key, 'pieces', (unique) =>
    [
      `function ${unique}(${declared}): bool {`,
      `  let state: u32 = ${emitted.number[automaton.start] ?? 0};`,
      ...pieces.flatMap((piece, index) => emitPiece(piece, index, emitted, functions)).map((line) => `  ${line}`),
      `  return ${acceptance(emitted, 'state')};`,
      '}',
    ].join('\n'),
  );
  return callFunction(name, ...passed);
}

function emitPiece(piece: Piece, index: number, emitted: EmittedAutomaton, functions: Functions): readonly string[] {
  switch (piece.kind) {
    case 'bytes':
      return [`state = ${overBytes(piece.bytes, emitted, functions)}(state);`];
    case 'text': {
      const asItIs = piece.case === undefined && !piece.shown;
      const reader = asItIs ? emitRun(emitted, functions) : emitRunFolded(emitted, piece, functions);
      return [
        `const piece${index} = ${functions.print(piece.value)};`,
        `if (piece${index} == 0) return false;`,
        `state = ${reader}(state, piece${index});`,
      ];
    }
    case 'base64':
      functions.names('isBase64', 'base64Length', 'base64Byte');
      return [
        `const piece${index} = ${functions.print(piece.value)};`,
        `if (!isBase64(piece${index})) return false;`,
        `for (let at: u32 = 0, length = base64Length(piece${index}); at < length; ++at) state = ${emitted.name}(state, ${asRead(`base64Byte(piece${index}, at)`, piece, functions)});`,
      ];
    case 'joined':
      return overItems(piece, emitted, functions);
    case 'decimal':
      return [`state = ${overDecimal(emitted, functions)}(state, i64(${functions.print(piece.value)}));`];
    case 'unsigned':
      return [`state = ${overUnsigned(emitted, functions)}(state, ${functions.print(piece.value)});`];
    case 'octal':
    case 'hexadecimal':
      functions.names(`${piece.kind}Length`, `${piece.kind}Byte`);
      return [
        `for (let at = 0, length = ${piece.kind}Length(i64(${functions.print(piece.value)})); at < length; ++at) state = ${emitted.name}(state, ${asRead(`${piece.kind}Byte(i64(${functions.print(piece.value)}), at)`, piece, functions)});`,
      ];
    case 'character':
      return [
        `const piece${index} = ${functions.print(piece.value)};`,
        `if (piece${index} != 0) state = ${emitted.name}(state, piece${index});`,
      ];
    case 'names':
      return [`state = ${overNames(piece, emitted, functions)}(state, u64(${functions.print(piece.value)}));`];
  }
}

/**
 * One element after the other, with the separator before each but the first:
 *
 *   for (let index: u32 = 0; index < 65536; ++index) {
 *     const item = itemOf(containerEnvNames(imageContainerAddress(image)), index);
 *     if (item == 0) break;
 *     if (index > 0) { state = automaton_constant(state); }
 *     { const piece0 = item; if (piece0 == 0) return false; state = automaton_over(state, piece0); }
 *   }
 */
function overItems(
  { item, marks, each, separator }: Extract<Piece, { kind: 'joined' }>,
  emitted: EmittedAutomaton,
  functions: Functions,
): readonly string[] {
  const run = (pieces: readonly Piece[]): string =>
    pieces.flatMap((piece, index) => emitPiece(piece, index, emitted, functions)).join(' ');
  const ofMarks = marks.map(
    ([mark, bytes]) => `if (item == ${functions.print(mark)}) { ${run([{ kind: 'bytes', bytes }])} } else `,
  );
  return [
    'for (let index: u32 = 0; index < 65536; ++index) {',
    `  const item = ${functions.print(item)};`,
    '  if (item == 0) break;',
    `  if (index > 0) { ${run(separator)} }`,
    `  ${ofMarks.join('')}{ ${run([each])} }`,
    '}',
  ];
}

/**
 * Function `state -> state` for constant bytes: what they do to each state is known.
 *
 *   switch (state) {
 *     case 4: return 5;
 *   }
 *   return 7;
 */
function overBytes(bytes: Bytes, emitted: EmittedAutomaton, functions: Functions): string {
  return functions.define(`${emitted.name}:bytes:${bytes}`, `${emitted.name}_constant`, (name) => {
    const byResult = new Map<number, number[]>();
    emitted.automaton.next.forEach((_, state) => {
      const before = emitted.number[state] ?? 0;
      const after = emitted.number[run(emitted.automaton, state, bytes)] ?? 0;
      byResult.set(after, [...(byResult.get(after) ?? []), before]);
    });
    const results = [...byResult].sort((a, b) => b[1].length - a[1].length);
    const usual = results[0]?.[0] ?? 0;
    const cases = results.slice(1).map(([after, values]) => ({ values, lines: [`return ${after};`] }));
    return [
      `// ${comment([bytes])}`,
      `function ${name}(state: u32): u32 {`,
      ...emitSwitch('state', cases).map((line) => `  ${line}`),
      `  return ${usual};`,
      '}',
    ].join('\n');
  });
}

function emitRunFolded(emitted: EmittedAutomaton, reading: Reading, functions: Functions): string {
  const as = `${reading.shown ? 'shown' : ''}${reading.case ?? ''}`;
  functions.names('addressOf', 'lengthOf');
  return functions.define(`run:${emitted.name}:${as}`, `${emitted.name}_over_${as}`, (name) =>
    [
      `function ${name}(state: u32, text: u64): u32 {`,
      '  const end = addressOf(text) + lengthOf(text);',
      `  for (let at = addressOf(text); at < end && state < ${emitted.live}; ++at) state = ${emitted.name}(state, ${asRead('load<u8>(at)', reading, functions)});`,
      '  return state;',
      '}',
    ].join('\n'),
  );
}

type Reading = Pick<TextValue, 'case' | 'shown'>;

/** A byte, read in lower or upper case, or as it is shown. */
export function asRead(byte: string, reading: Reading, functions: Functions): string {
  if (reading.shown) functions.names('shownByte');
  if (reading.case !== undefined) functions.names(`${reading.case}Byte`);
  const shown = reading.shown ? `shownByte(${byte})` : byte;
  return reading.case === undefined ? shown : `${reading.case}Byte(${shown})`;
}

/** Function `(state, value) -> state` that reads the digits of a number, the first one first. */
function overDecimal(emitted: EmittedAutomaton, functions: Functions): string {
  return functions.define(`${emitted.name}:decimal`, `${emitted.name}_decimal`, (name) =>
    [
      `function ${name}(state: u32, value: i64): u32 {`,
      `  if (value < 0) state = ${emitted.name}(state, 0x2d);`,
      '  const rest: u64 = value < 0 ? 0 - value : value;',
      ...digitsOfRest(emitted),
      '}',
    ].join('\n'),
  );
}

function overUnsigned(emitted: EmittedAutomaton, functions: Functions): string {
  return functions.define(`${emitted.name}:unsigned`, `${emitted.name}_unsigned`, (name) =>
    [`function ${name}(state: u32, rest: u64): u32 {`, ...digitsOfRest(emitted), '}'].join('\n'),
  );
}

function digitsOfRest({ name }: EmittedAutomaton): readonly string[] {
  return [
    '  let unit: u64 = 1;',
    '  while (rest / unit >= 10) unit *= 10;',
    `  for (; unit > 0; unit /= 10) state = ${name}(state, 0x30 + u32((rest / unit) % 10));`,
    '  return state;',
  ];
}

/**
 * Function `(state, value) -> state` that reads the names of a number's bits:
 *
 *   if ((value & 0x40) == 0x40) {
 *     if (some) state = automaton_constant(state);    // the separator
 *     state = automaton_constant_2(state);            // O_CREAT
 *     some = true;
 *   }
 */
function overNames(piece: Extract<Piece, { kind: 'names' }>, emitted: EmittedAutomaton, functions: Functions): string {
  const step = (bytes: Bytes): string => `state = ${overBytes(bytes, emitted, functions)}(state);`;
  const key = `${emitted.name}:names:${piece.separator}:${piece.none ?? '%'}:${piece.names.map((name) => name.name).join()}`;
  return functions.define(key, `${emitted.name}_names`, (name) =>
    [
      `function ${name}(state: u32, value: u64): u32 {`,
      '  let some = false;',
      ...piece.names.flatMap((bit) => [
        `  if (${applies(bit, 'value')}) {`,
        `    if (some) ${step(piece.separator)}`,
        `    ${step(bit.name)}`,
        '    some = true;',
        '  }',
      ]),
      piece.none === undefined
        ? `  if (!some) state = ${overDecimal(emitted, functions)}(state, value);`
        : `  if (!some) ${step(piece.none)}`,
      '  return state;',
      '}',
    ].join('\n'),
  );
}

/** Whether a name applies to the number in `value` (u64). */
export function applies(bit: BitName, value: string): string {
  return `(${value} & 0x${bit.mask.toString(16)}) == 0x${bit.equals.toString(16)}`;
}
