// Compiled rules and random events of the kernel filter: what the rules match, for what the filter would drop.

import assert from 'node:assert/strict';
import { type CompiledModule, compileModule } from '../../../host/compiler/compile.ts';
import type { RuleSource } from '../../../host/compiler/rules/rule.ts';
import { firstWords } from '../../../host/engine/modules/candidate-words.ts';
import { compileRuleModule } from '../../../host/sandbox/compile-module.ts';
import { instantiateRuleModule, type RuleInstance } from '../../../host/sandbox/instantiate.ts';
import { fillCandidates, runEvaluate } from '../../../host/sandbox/run.ts';
import type { StructInput } from '../../../host/schema/encode-struct.ts';
import { CANDIDATE_WORDS } from '../../../host/schema/image.ts';
import type { ExactRule } from '../../../host/schema/kernel-enforcement.ts';
import type { KernelFilter } from '../../../host/schema/kernel-filter.ts';
import { TEST_MODULES } from '../module-cache.ts';
import { BuilderCapture } from '../records/builder-capture.ts';
import { rulesOf } from '../records/rule-module.ts';

export interface FilteredProcess {
  readonly image: bigint;
  readonly current: string;
  readonly candidates: readonly bigint[];
}

export interface Match {
  readonly module: number;
  readonly rule: number;
}

/** Modules on a capture: processes are known to all of them, and each event comes with the rules that match it. */
export class FilterTrial implements Disposable {
  /** By module. */
  readonly filters: readonly KernelFilter[];
  /** The rules of each module that are exact in the kernel. */
  readonly exact: readonly (readonly ExactRule[])[];
  readonly first: readonly number[];
  readonly #built = new BuilderCapture();
  readonly #instances: readonly RuleInstance[];
  readonly #matched: Match[] = [];

  private constructor(modules: readonly CompiledModule[]) {
    const counts = modules.map(({ manifest }) => manifest.rules.length);
    this.first = firstWords(counts);
    this.filters = modules.map(({ manifest }) => manifest.filter ?? assert.fail());
    this.exact = modules.map(({ manifest }) => manifest.exact?.rules ?? assert.fail());
    this.#instances = modules.map(({ wasm }, module) =>
      instantiateRuleModule(compileRuleModule(wasm), {
        memory: this.#built.open.memory,
        ruleCount: counts[module] ?? 0,
        match: (rule) => this.#matched.push({ module, rule }),
        candidates: (this.first[module] ?? 0) * BigUint64Array.BYTES_PER_ELEMENT,
      }),
    );
  }

  /** @param conditions of each module */
  static async of(...conditions: readonly (readonly string[])[]): Promise<FilterTrial> {
    const modules: CompiledModule[] = [];
    for (const each of conditions)
      modules.push(await compileModule(rulesOf(each), { cacheDirectory: TEST_MODULES, inThisProcess: true }));
    return new FilterTrial(modules);
  }

  static async ofRules(rules: readonly RuleSource[]): Promise<FilterTrial> {
    return new FilterTrial([await compileModule(rules, { cacheDirectory: TEST_MODULES, inThisProcess: true })]);
  }

  process(input: StructInput & { readonly cwd: string }): FilteredProcess {
    const { capture } = this.#built;
    const cwd = Buffer.from(input.cwd, 'latin1');
    const image = this.#built.image('EXEC', { cgroup: '/', ...input, cwd });
    capture.poll(this.#built.segments, 0);
    const addresses = new Uint32Array(2);
    // The first time, the image that stands in for unknown ones comes before it.
    const address = addresses[capture.takeImages(addresses) - 1] ?? 0;
    const words = new BigUint64Array(CANDIDATE_WORDS);
    for (const [module, instance] of this.#instances.entries()) {
      assert.equal(fillCandidates(instance, address, words.subarray(this.first[module])), undefined);
    }
    capture.setCandidates(address, words);
    return { image, current: input.cwd, candidates: [...words] };
  }

  matches(type: string, record: StructInput): readonly Match[] {
    const { capture, segments } = this.#built;
    this.#built.event(type, record);
    this.#matched.length = 0;
    assert.equal(capture.poll(segments, 0), 1);
    for (const instance of this.#instances) assert.ok(runEvaluate(instance, segments[0] ?? 0, segments[1] ?? 0).ok);
    capture.release();
    return [...this.#matched];
  }

  [Symbol.dispose](): void {
    this.#built[Symbol.dispose]();
  }
}
