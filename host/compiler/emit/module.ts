// A whole rule module as AssemblyScript, in this order:
//
//   import { headerType, descriptorName, imageComm } from './rules-wasm/generated/accessors';    what the code uses of rules-wasm
//   @external('env', 'match') declare function match(rule: i32, event: i32): void;               what the host provides
//   function startswith_etc(text: u64): bool { ... }                                             functions that conditions share
//   function rule0_open(event: u32, image: u32): bool { ... }                                    the condition of a rule, by event types
//   function on_open(event: u32): void { ... }                                                   what is evaluated on an event type
//   export function evaluate(from: u32, to: u32): void { ... }                                   all records of a batch, by their type
//   function candidates0(image: u32): u64 { ... }                                                rules that a process can match, 64 each
//   export function candidates(process: u32, word: u32): u64 { ... }

import { type Condition, TRUE } from '../ir/condition.ts';
import { leftToTest, type Plan, type RuleBody, type TypeGroup } from '../plan/plan.ts';
import type { RuleSource } from '../rules/rule.ts';
import { ANCESTRY_OFFSET } from './ancestors.ts';
import { emitCandidates } from './candidates.ts';
import { ConditionEmitter, countOccurrences } from './condition.ts';
import { Functions, oneLine } from './functions.ts';
import { CANDIDATES_OFFSET, emitHandler, handlerName } from './handler.ts';
import { runtimeImports } from './imports.ts';

/** The source of a module. `functions` may hold what lowering the conditions defined already. */
export function emitModule(plan: Plan, functions: Functions, title: string): string {
  const { rules, groups } = plan;
  const emitter = new ConditionEmitter(functions, countOccurrences(rootsOf(plan)));
  const sources = rules.map(({ source }) => source);
  const bodies = new Functions();
  const names = new Map(groups.map((group) => [group, emitBodies(group, sources, emitter, bodies)]));
  const handlers = groups.map((group) => emitHandler(group, names.get(group) ?? new Map(), emitter, functions));
  const candidates = emitCandidates(plan.candidates, sources, emitter, functions);
  functions.names('nextView', 'headerType');
  const code = [...functions.texts, ...bodies.texts, ...handlers, emitEvaluate(groups), ...candidates].join('\n\n');
  const places = [
    ...CANDIDATES,
    ...(emitter.ancestry.isEmpty ? [] : ANCESTRY),
    ...(functions.readsOwnValues ? VALUES : []),
  ];
  return `${[`// ${title}`, '', ...runtimeImports(functions.runtimeNames), '', MATCH, ...places, '', code].join('\n')}\n`;
}

const MATCH = [
  '// @ts-ignore: decorator',
  "@external('env', 'match') declare function match(rule: i32, event: i32): void;",
].join('\n');

/** Where in a process image the candidate words of this module begin: several modules, and the next ones, have theirs side by side. */
const CANDIDATES = [
  '// @ts-ignore: decorator',
  `@external('env', 'candidates') declare const ${CANDIDATES_OFFSET}: u32;`,
];

/** Declares the offset of its ancestry words. */
const ANCESTRY = ['// @ts-ignore: decorator', `@external('env', 'ancestry') declare const ${ANCESTRY_OFFSET}: u32;`];

/** Where behind the fixed part of an audit event this module's own values begin, after those of other modules. */
const VALUES = ['// @ts-ignore: decorator', "@external('env', 'values') declare const valuesOffset: u32;"];

/** Every condition that becomes code. */
function rootsOf({ candidates, groups }: Plan): readonly Condition[] {
  return [
    ...candidates.words.flatMap(({ conditions, indexes }) => {
      const left = new Map([...conditions, ...indexes.flatMap(({ members }) => [...members])]);
      return [...left.values()];
    }),
    ...groups.flatMap((group) => group.bodies.flatMap((body) => [...body.guards, leftToTest(group, body)])),
  ];
}

/** The functions of the bodies that have anything left to test. The same body in several groups has one, if the same is left. */
function emitBodies(
  group: TypeGroup,
  sources: readonly RuleSource[],
  emitter: ConditionEmitter,
  bodies: Functions,
): ReadonlyMap<RuleBody, string> {
  const names = new Map<RuleBody, string>();
  for (const body of group.bodies) {
    const condition = leftToTest(group, body);
    const source = sources[body.rule];
    if (condition === TRUE || !source) continue;
    const expression = emitter.root(condition, 1);
    const name = bodies.define(`${body.rule}:${condition.key}`, bodyName(body), (unique) =>
      [
        `// rule ${body.rule}: ${oneLine(source.name)} (${oneLine(source.file)}:${source.line})`,
        `// on ${body.types.map((type) => type.name).join(', ')}`,
        `function ${unique}(event: u32, image: u32): bool {`,
        `  return ${expression};`,
        '}',
      ].join('\n'),
    );
    names.set(body, name);
  }
  return names;
}

function bodyName({ rule, types }: RuleBody): string {
  const names = types.map(({ name }) => name);
  const more = names.length > 3 ? `_and_${names.length - 2}_more` : '';
  return `rule${rule}_${names.slice(0, more ? 2 : 3).join('_')}${more}`;
}

function emitEvaluate(groups: readonly TypeGroup[]): string {
  const cases = groups.flatMap((group) => [
    ...group.types.map((type) => `      case ${type.number}: // ${type.name}`),
    `        ${handlerName(group)}(event);`,
    '        break;',
  ]);
  return [
    '/** Tries the rules on the records in [from, to), and on their second views, and reports each match, in the order of the rules. */',
    'export function evaluate(from: u32, to: u32): void {',
    '  for (let event = from; event != to; event = nextView(event)) {',
    '    switch (headerType(event)) {',
    ...cases,
    '    }',
    '  }',
    '}',
  ].join('\n');
}
