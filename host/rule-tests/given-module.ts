// A rule module that evaluates events given by their fields: in the same sandbox as captured ones, one event at a time.

import type { CompiledModule } from '../compiler/compile.ts';
import { ANCESTOR_TABLE_OFFSET, EVENT_TABLE_OFFSET, GIVEN_EVENT } from '../compiler/lower/given-fields.ts';
import { compileRuleModule } from '../sandbox/compile-module.ts';
import { ALL_CANDIDATES, FIRST_ADDRESS, makeOwnMemory } from '../sandbox/event-memory.ts';
import { instantiateRuleModule, type RuleInstance } from '../sandbox/instantiate.ts';
import { fillCandidates, type RunFailure, runEvaluate } from '../sandbox/run.ts';
import { encodeStruct } from '../schema/encode-struct.ts';
import { EVENT_FLAGS, EVENT_HEADER } from '../schema/event-structs.ts';
import { CANDIDATE_WORDS, IMAGE } from '../schema/image.ts';
import { member } from '../schema/layout.ts';
import { ancestorCount, ancestorTable, eventTable, type GivenEvent } from './given-event.ts';

const CANDIDATES = member(IMAGE, 'candidates').offset;

export class GivenModule {
  readonly #compiled: CompiledModule;
  readonly #bytes: Uint8Array;
  readonly #instance: RuleInstance;
  #matches: number[] = [];
  #end = FIRST_ADDRESS;

  /** @throws SandboxError */
  constructor(compiled: CompiledModule) {
    const memory = makeOwnMemory();
    this.#compiled = compiled;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#instance = instantiateRuleModule(compileRuleModule(compiled.wasm), {
      memory,
      ruleCount: compiled.manifest.rules.length,
      match: (rule) => this.#matches.push(rule),
    });
  }

  /**
   * Numbers of the rules that match the event, in order.
   * @throws GivenValueError
   */
  evaluate(event: GivenEvent): readonly number[] {
    const { givenKeys } = this.#compiled;
    this.#bytes.fill(0, FIRST_ADDRESS, this.#end);
    this.#end = FIRST_ADDRESS;
    let parent = 0;
    for (let n = ancestorCount(event); n > 0; n--) {
      parent = this.#putImage(parent, ancestorTable(event, n, givenKeys));
    }
    const image = this.#putImage(parent, new Uint8Array());
    this.#decideCandidates(image);
    const table = eventTable(event, givenKeys);
    const size = align(EVENT_TABLE_OFFSET + table.length);
    const time = event.fields.get('evt.rawtime');
    const header = encodeStruct(EVENT_HEADER, {
      size,
      type: GIVEN_EVENT.number,
      flags: EVENT_FLAGS.SYNTHETIC | EVENT_FLAGS.COMPLETE,
      time: typeof time === 'string' && /^\d+$/.test(time) ? BigInt(time) : 0n,
      sequence: 1,
      fd: -1,
      image_address: image,
    });
    const from = this.#put(header, table);
    this.#matches = [];
    const result = runEvaluate(this.#instance, from, from + size);
    if (!result.ok) throw notEvaluated(result);
    return this.#matches;
  }

  /** Fields are read from the event here, but comparisons of constants (`len("abc") > 2`) are decided with the process all the same. */
  #decideCandidates(image: number): void {
    const words = new BigUint64Array(CANDIDATE_WORDS);
    const failure = fillCandidates(this.#instance, image, words);
    if (failure) throw notEvaluated(failure);
    const view = new DataView(this.#bytes.buffer);
    for (const [word, bits] of words.entries()) view.setBigUint64(image + CANDIDATES + 8 * word, bits, true);
  }

  #putImage(parent: number, table: Uint8Array): number {
    const image = encodeStruct(IMAGE, { parent_address: parent, candidates: ALL_CANDIDATES });
    return this.#put(image.subarray(0, ANCESTOR_TABLE_OFFSET), table);
  }

  /** Appends a part and returns its offset. */
  #put(...parts: readonly Uint8Array[]): number {
    const address = this.#end;
    let end = address;
    for (const part of parts) {
      if (end + part.length > this.#bytes.length) throw new Error('the event is larger than 16 MB');
      this.#bytes.set(part, end);
      end += part.length;
    }
    this.#end = align(end);
    return address;
  }
}

function notEvaluated({ reason }: RunFailure): Error {
  return new Error(`the rules could not be evaluated: ${reason}`);
}

function align(address: number): number {
  return Math.ceil(address / 8) * 8;
}
