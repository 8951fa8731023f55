// A compiled rule module over records made in a test: what the worker does with it, on hand-made memory.

import { compileModule } from '../../../host/compiler/compile.ts';
import { parseCondition } from '../../../host/compiler/conditions/parser.ts';
import type { RuleSource } from '../../../host/compiler/rules/rule.ts';
import { compileRuleModule } from '../../../host/sandbox/compile-module.ts';
import { instantiateRuleModule, type RuleInstance } from '../../../host/sandbox/instantiate.ts';
import { fillCandidates, type RunLimits, runCandidates, runEvaluate } from '../../../host/sandbox/run.ts';
import { CANDIDATE_WORDS, COMMON_WORDS, IMAGE } from '../../../host/schema/image.ts';
import { member } from '../../../host/schema/layout.ts';
import { TEST_MODULES } from '../module-cache.ts';
import { RecordMemory } from './records.ts';

/** 32 MB. */
const PAGES = 512;
const CANDIDATES = member(IMAGE, 'candidates').offset;

/** Rules from conditions alone, named after them. */
export function rulesOf(conditions: readonly string[]): RuleSource[] {
  return conditions.map((condition, index) => ({
    name: `rule ${index}`,
    description: '',
    priority: 'Warning',
    tags: [],
    source: 'syscall',
    output: condition,
    conditionText: condition,
    file: 'test.yaml',
    line: index + 1,
    condition: parseCondition(condition),
  }));
}

/** A module bound to memory into which a test puts records. */
export class RuleModule {
  readonly records: RecordMemory;
  readonly #memory: WebAssembly.Memory;
  readonly #instance: RuleInstance;
  #matches: { rule: number; event: number }[] = [];

  private constructor(wasm: Uint8Array, ruleCount: number) {
    this.#memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true });
    this.records = new RecordMemory(this.#memory.buffer as unknown as SharedArrayBuffer);
    this.#instance = instantiateRuleModule(compileRuleModule(wasm), {
      memory: this.#memory,
      ruleCount,
      match: (rule, event) => this.#matches.push({ rule, event }),
    });
  }

  /** Compiles rules; they are verified as the worker would. */
  static async of(rules: readonly RuleSource[]): Promise<RuleModule> {
    const { wasm } = await compileModule(rules, { cacheDirectory: TEST_MODULES, inThisProcess: true });
    return new RuleModule(wasm, rules.length);
  }

  /** A module that was compiled already. */
  static from(wasm: Uint8Array, ruleCount: number): RuleModule {
    return new RuleModule(wasm, ruleCount);
  }

  /** Fills the candidate words of an image, as it is done once before its first event; returns them. */
  setCandidates(image: number): readonly bigint[] {
    const view = new DataView(this.#memory.buffer);
    const words = new BigUint64Array(CANDIDATE_WORDS);
    const failure = fillCandidates(this.#instance, image, words);
    if (failure) throw new Error(failure.reason);
    for (const [word, bits] of words.entries()) view.setBigUint64(image + CANDIDATES + 8 * word, bits, true);
    return [...words];
  }

  /** Numbers of the candidate words that the image may have bits of its own in. */
  wordsAsked(image: number): number[] {
    const common = runCandidates(this.#instance, image, COMMON_WORDS);
    if (!common.ok) throw new Error(common.reason);
    const count = Math.ceil(this.#instance.ruleCount / 64);
    return Array.from({ length: count }, (_, word) => word).filter(
      (word) => ((common.value >> BigInt(word)) & 1n) === 0n,
    );
  }

  /** Numbers of the rules that match the records in [from, to), in the order they are reported. */
  evaluate(from: number, to: number, limits?: RunLimits): number[] {
    this.#matches = [];
    const result = runEvaluate(this.#instance, from, to, limits);
    if (!result.ok) throw new Error(result.reason);
    return this.#matches.map(({ rule }) => rule);
  }
}
