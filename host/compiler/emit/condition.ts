// Conditions as AssemblyScript expressions of `event` and `image`. `fd.name startswith /etc/ and not proc.name in (cat, less)` compiles to
//
//   (
//     startswith_etc(orEmpty(descriptorName(event))) &&
//     !oneOf_cat_less(imageComm(image))
//   )

import type { Condition, Test } from '../ir/condition.ts';
import { callFunction, EVENT_ADDRESS, IMAGE_ADDRESS, opposite, type Value } from '../ir/value.ts';
import { AncestryTests, defineWithEvent } from './ancestors.ts';
import { chain } from './chain.ts';
import { type Functions, parametersFor } from './functions.ts';
import { emitPair } from './pair.ts';
import { emitStream } from './stream.ts';
import { emitTextMatch } from './text-match.ts';

/** Parts that several rules have in common, by key, with the number of places. */
export type Occurrences = ReadonlyMap<string, number>;

/** Parts from this size on become functions; smaller ones are as short as the call. */
const SHARED_LEAVES = 3;

export class ConditionEmitter {
  readonly ancestry = new AncestryTests();
  readonly #functions: Functions;
  readonly #occurrences: Occurrences;

  constructor(functions: Functions, occurrences: Occurrences) {
    this.#functions = functions;
    this.#occurrences = occurrences;
  }

  /** The expression, its lines after the first one indented by `depth` levels. */
  emit(condition: Condition, depth: number): string {
    switch (condition.kind) {
      case 'constant':
        return condition.value ? 'true' : 'false';
      case 'not':
        return this.#not(condition.child, depth);
      case 'test':
        return this.#test(condition, depth);
      case 'all':
      case 'any': {
        if (leaves(condition) >= SHARED_LEAVES && (this.#occurrences.get(condition.key) ?? 0) > 1) {
          return this.#shared(condition);
        }
        return this.#series(condition, depth);
      }
    }
  }

  /** The condition is what a function is for: it isn't replaced by a call of a shared function of its own. */
  root(condition: Condition, depth: number): string {
    return condition.kind === 'all' || condition.kind === 'any'
      ? this.#series(condition, depth)
      : this.emit(condition, depth);
  }

  /** Members one a line. */
  #series(condition: Extract<Condition, { kind: 'all' | 'any' }>, depth: number): string {
    const operator = condition.kind === 'all' ? '&&' : '||';
    const pad = '  '.repeat(depth + 1);
    const members = condition.children.map((child) => `${pad}${this.emit(child, depth + 1)}`);
    return `(\n${chain(members, ` ${operator}\n`)}\n${'  '.repeat(depth)})`;
  }

  /** A function for a part that stands in several places: `shared(event, image)`. */
  #shared(condition: Extract<Condition, { kind: 'all' | 'any' }>): string {
    const { declared, passed } = parametersFor(condition.scope);
    const name = this.#functions.define(`shared:${condition.key}`, 'shared', (unique) =>
      [
        `// in ${this.#occurrences.get(condition.key)} places`,
        `function ${unique}(${declared}): bool {`,
        `  return ${this.#series(condition, 1)};`,
        '}',
      ].join('\n'),
    );
    return this.#functions.print(callFunction(name, ...passed));
  }

  #test(test: Test, depth: number): string {
    return test.test === 'one' ? this.#one(test, depth) : this.#functions.printWithin(this.#value(test), '&&');
  }

  /** `!f(x)`; a comparison is turned around: `x != 1`. */
  #not(test: Test, depth: number): string {
    if (test.test === 'one') return `!${this.#one(test, depth)}`;
    const value = this.#value(test);
    const turned = opposite(value);
    return turned ? this.#functions.print(turned) : `!${this.#functions.printWithin(value, '!')}`;
  }

  /** The code of a test: most are calls of a function. */
  #value(test: Exclude<Test, { test: 'one' }>): Value {
    switch (test.test) {
      case 'value':
        return test.value;
      case 'text':
        return emitTextMatch(test.text, test.match, this.#functions);
      case 'stream':
        return emitStream(test, this.#functions);
      case 'pair':
        return emitPair(test, this.#functions);
      case 'ancestor':
        return this.#ancestor(test);
    }
  }

  /** `fd.name contains oneof (a, b)`: `(i32(contains_a(...)) + i32(contains_b(...)) == 1)`. */
  #one(test: Extract<Test, { test: 'one' }>, depth: number): string {
    const counted = test.conditions.map((condition) => `i32(${this.emit(condition, depth + 1)})`);
    return `(${counted.join(' + ')} == 1)`;
  }

  /** `proc.aname = sshd` compiles to `anyAncestor(image)` (ancestors.ts). */
  #ancestor({ key, scope, condition }: Extract<Test, { test: 'ancestor' }>): Value {
    const code = () => this.emit(condition, 2);
    if (scope === 'image') return callFunction(this.ancestry.define(key, code, this.#functions), IMAGE_ADDRESS);
    return callFunction(defineWithEvent(key, code, this.#functions), EVENT_ADDRESS, IMAGE_ADDRESS);
  }
}

function leaves(condition: Condition): number {
  if (condition.kind !== 'all' && condition.kind !== 'any') return 1;
  return condition.children.reduce((sum, child) => sum + leaves(child), 0);
}

/** Counts the places of every part. A part within a part that was met before is counted once: it will be in that part's function. */
export function countOccurrences(roots: Iterable<Condition>): Occurrences {
  const occurrences = new Map<string, number>();
  const visit = (condition: Condition): void => {
    if (condition.kind === 'all' || condition.kind === 'any') {
      const count = (occurrences.get(condition.key) ?? 0) + 1;
      occurrences.set(condition.key, count);
      if (count === 1) condition.children.forEach(visit);
    } else if (condition.kind === 'test' && condition.test === 'ancestor') {
      visit(condition.condition);
    } else if (condition.kind === 'test' && condition.test === 'one') {
      condition.conditions.forEach(visit);
    } else if (condition.kind === 'not') {
      visit(condition.child);
    }
  };
  for (const root of roots) visit(root);
  return occurrences;
}
