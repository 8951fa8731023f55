// A whole rule module as AssemblyScript: the rules' conditions as functions, dispatch by event type, candidate words.

import type { Condition } from '../ir.ts';
import { TRUE } from '../ir.ts';
import { CANDIDATE_RULES, type Plan, type PlannedRule, type RuleBody, type TypeGroup } from '../plan.ts';
import { hex } from './bytes.ts';
import { ConditionEmitter, countOccurrences } from './condition.ts';
import type { Functions } from './functions.ts';
import { emitHandler, handlerName } from './handler.ts';
import { runtimeImports } from './imports.ts';

/** The source of a module. `functions` may hold what lowering the conditions defined already. */
export function emitModule(plan: Plan, functions: Functions, title: string): string {
  const roots = plan.rules.flatMap(({ candidate, bodies }) => [
    candidate,
    ...bodies.flatMap(({ guards, condition }) => [...guards, condition]),
  ]);
  const emitter = new ConditionEmitter(functions, countOccurrences(roots));
  const names = new Map<RuleBody, string>();
  const bodies: string[] = [];
  for (const rule of plan.rules) {
    for (const body of rule.bodies) {
      if (body.condition === TRUE) continue;
      const name = bodyName(rule, body);
      names.set(body, name);
      bodies.push(emitBody(name, rule, body, emitter));
    }
  }
  const candidates = emitCandidates(plan.rules, emitter);
  const handlers = plan.groups.map((group) => emitHandler(group, names, emitter, functions));
  const code = [...functions.texts, ...bodies, ...handlers, emitEvaluate(plan.groups), ...candidates].join('\n\n');
  return `${[`// ${title}`, '', ...runtimeImports(code), '', MATCH, '', code].join('\n')}\n`;
}

const MATCH = [
  '// @ts-ignore: decorator',
  "@external('env', 'match') declare function match(rule: i32, event: i32): void;",
].join('\n');

function bodyName({ index }: PlannedRule, { types }: RuleBody): string {
  const names = types.map(({ name }) => name);
  const more = names.length > 3 ? `_and_${names.length - 2}_more` : '';
  return `rule${index}_${names.slice(0, more ? 2 : 3).join('_')}${more}`;
}

/** Bytes of rule files, on one line of a comment. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ');
}

function emitBody(name: string, { index, source }: PlannedRule, body: RuleBody, emitter: ConditionEmitter): string {
  return [
    `// rule ${index}: ${oneLine(source.name)} (${oneLine(source.file)}:${source.line})`,
    `// on ${body.types.map((type) => type.name).join(', ')}`,
    `function ${name}(event: u32, image: u32): bool {`,
    `  return ${emitRoot(body.condition, emitter, 1)};`,
    '}',
  ].join('\n');
}

/** The condition is what the function is for: it isn't replaced by a call of a shared function of its own. */
function emitRoot(condition: Condition, emitter: ConditionEmitter, depth: number): string {
  return condition.kind === 'all' || condition.kind === 'any'
    ? emitter.series(condition, depth)
    : emitter.emit(condition, depth);
}

function emitEvaluate(groups: readonly TypeGroup[]): string {
  const cases = groups.flatMap((group) => [
    ...group.types.map((type) => `      case ${type.number}: // ${type.name}`),
    `        ${handlerName(group)}(event);`,
    '        break;',
  ]);
  return [
    '/** Tries the rules on the records in [from, to) and reports each match, in the order of the rules. */',
    'export function evaluate(from: u32, to: u32): void {',
    '  for (let event = from; event < to; event += headerSize(event)) {',
    '    switch (headerType(event)) {',
    ...cases,
    '    }',
    '  }',
    '}',
  ].join('\n');
}

/** A function for each word, and the one that the host calls. */
function emitCandidates(rules: readonly PlannedRule[], emitter: ConditionEmitter): readonly string[] {
  const words = new Map<number, PlannedRule[]>();
  for (const rule of rules) {
    if (rule.index < CANDIDATE_RULES) words.set(rule.index >> 6, [...(words.get(rule.index >> 6) ?? []), rule]);
  }
  const functions = [...words].map(([word, members]) => {
    const always = members
      .filter(({ candidate }) => candidate.kind === 'constant' && candidate.value)
      .reduce((sum, { index }) => sum | (1n << BigInt(index & 63)), 0n);
    const tests = members
      .filter(({ candidate }) => candidate.kind !== 'constant')
      .map(({ index, candidate, source }) => {
        const bit = hex(1n << BigInt(index & 63));
        return [
          `  // rule ${index}: ${oneLine(source.name)}`,
          `  if (${emitRoot(candidate, emitter, 1)}) bits |= ${bit};`,
        ].join('\n');
      });
    return [
      `/** Bit n: rule ${word * 64} + n can be true of events of the process. */`,
      `function candidates${word}(image: u32): u64 {`,
      `  let bits: u64 = ${hex(always)};`,
      ...tests,
      '  return bits;',
      '}',
    ].join('\n');
  });
  return [
    ...functions,
    [
      '/** The rules that events of a process can match at all, 64 in a word. What depends on the process alone is decided here, once. */',
      'export function candidates(process: u32, word: u32): u64 {',
      '  switch (word) {',
      ...[...words.keys()].map((word) => `    case ${word}: return candidates${word}(process);`),
      '  }',
      '  return 0;',
      '}',
    ].join('\n'),
  ];
}
