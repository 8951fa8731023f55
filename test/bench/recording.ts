// Events of a real workload, captured live and evaluated where they lie: each batch again and again before it is released.

import type { Capture } from '../../host/capture/native.ts';
import { openCapture } from '../../host/capture/open.ts';
import { instantiateRuleModule, type RuleInstance } from '../../host/sandbox/instantiate.ts';
import { ancestryWords, fillCandidates, runEvaluate } from '../../host/sandbox/run.ts';
import { EVENT_HEADER } from '../../host/schema/event-structs.ts';
import { ANCESTRY_WORDS, CANDIDATE_WORDS, IMAGE } from '../../host/schema/image.ts';
import { member } from '../../host/schema/layout.ts';
import { BenchError } from './figure.ts';
import type { RuleSet } from './rule-sets.ts';
import { runScript } from './script.ts';
import { median } from './statistics.ts';

/** The whole workload stays in the rings until it has ended; what a run of it makes is about 5 MB. */
const SIZES = { ringBudget: 128 << 20, imageBudget: 128 << 20, containerBudget: 4 << 20 };
const SIZE = member(EVENT_HEADER, 'size').offset;
const TYPE = member(EVENT_HEADER, 'type').offset;
/** Of each batch. V8 optimises the module in the first run, which is not counted. */
const REPETITIONS = 15;
const WARM_UP_REPETITIONS = 60;

/** Sums over the whole workload; times in ns. */
export interface RecordingResult {
  readonly events: number;
  readonly images: number;
  readonly matches: number;
  readonly batches: number;
  /** Events by the number of their type. */
  readonly types: ReadonlyMap<number, number>;
  /** Time of runEvaluate: of each batch the median of its repetitions. */
  readonly evaluation: number;
  /** Time of poll: completing events and process images. Once only, there is no repeating it. */
  readonly completion: number;
  /** Time of `candidates` and of noting what it said. */
  readonly candidates: number;
}

/** What evaluating the workload takes by these rules, in so many rounds. */
export async function recordRounds(rules: RuleSet, rounds: number): Promise<RecordingResult[]> {
  const recording = new Recording(rules);
  const results: RecordingResult[] = [];
  try {
    await recording.run(WARM_UP_REPETITIONS);
    for (let round = 0; round < rounds; round++) results.push(await recording.run(REPETITIONS));
  } finally {
    recording.close();
  }
  return results;
}

/** A capture and one rule module bound to it. */
class Recording {
  readonly #capture: Capture;
  readonly #view: DataView;
  readonly #instance: RuleInstance;
  readonly #segments = new Uint32Array(8192);
  readonly #images = new Uint32Array(8192);
  readonly #words = new BigUint64Array(CANDIDATE_WORDS + ANCESTRY_WORDS);
  readonly #ancestry: BigUint64Array;
  #matches = 0;

  constructor(rules: RuleSet) {
    const { capture, memory } = openCapture({ source: 'bpf', sizes: SIZES });
    this.#capture = capture;
    this.#view = new DataView(memory.buffer);
    this.#instance = instantiateRuleModule(rules.module.verified, {
      memory,
      ruleCount: rules.module.rules.length,
      ancestry: member(IMAGE, 'ancestry').offset,
      match: () => {
        this.#matches++;
      },
    });
    this.#ancestry = this.#words.subarray(CANDIDATE_WORDS, CANDIDATE_WORDS + ancestryWords(this.#instance));
    capture.start(rules.module.eventTypes);
    this.#drain(1);
  }

  /** Runs the workload, then evaluates each batch of its events so many times. */
  async run(repetitions: number): Promise<RecordingResult> {
    await runScript();
    const result = this.#drain(repetitions);
    const { dropped, imagesLost } = this.#capture.counters();
    const lost = dropped.reduce((sum, count) => sum + count, 0);
    if (lost + imagesLost > 0)
      throw new BenchError(`the recording lost ${lost} events and ${imagesLost} process images`);
    return result;
  }

  close(): void {
    this.#capture.close();
  }

  #drain(repetitions: number): RecordingResult {
    let [events, images, batches, evaluation, completion, candidates] = [0, 0, 0, 0, 0, 0];
    const types = new Map<number, number>();
    this.#matches = 0;
    for (;;) {
      const began = performance.now();
      const pairs = this.#capture.poll(this.#segments, 0);
      const polled = performance.now();
      images += this.#setCandidates();
      candidates += performance.now() - polled;
      if (pairs === 0) break;
      completion += polled - began;
      batches++;
      events += this.#count(pairs, types);
      evaluation += median(Array.from({ length: repetitions }, () => this.#evaluate(pairs)));
      this.#capture.release();
    }
    const ns = (milliseconds: number): number => milliseconds * 1e6;
    return {
      events,
      images,
      batches,
      types,
      matches: this.#matches / repetitions,
      evaluation: ns(evaluation),
      completion: ns(completion),
      candidates: ns(candidates),
    };
  }

  /** Milliseconds. */
  #evaluate(pairs: number): number {
    const began = performance.now();
    for (let pair = 0; pair < pairs; pair++) {
      const result = runEvaluate(this.#instance, this.#segments[2 * pair] ?? 0, this.#segments[2 * pair + 1] ?? 0);
      if (!result.ok) throw new BenchError(`the rules failed: ${result.kind}, ${result.reason}`);
    }
    return performance.now() - began;
  }

  #setCandidates(): number {
    let total = 0;
    for (
      let count = this.#capture.takeImages(this.#images);
      count > 0;
      count = this.#capture.takeImages(this.#images)
    ) {
      for (const image of this.#images.subarray(0, count)) {
        const failure = fillCandidates(this.#instance, image, this.#words, this.#ancestry);
        if (failure) throw new BenchError(`the rules' candidates failed: ${failure.kind}, ${failure.reason}`);
        this.#capture.setCandidates(image, this.#words);
      }
      total += count;
    }
    this.#capture.takeContainers();
    return total;
  }

  #count(pairs: number, types: Map<number, number>): number {
    let events = 0;
    for (let pair = 0; pair < pairs; pair++) {
      const to = this.#segments[2 * pair + 1] ?? 0;
      for (let at = this.#segments[2 * pair] ?? 0; at < to; at += this.#view.getUint32(at + SIZE, true)) {
        const type = this.#view.getUint16(at + TYPE, true);
        types.set(type, (types.get(type) ?? 0) + 1);
        events++;
      }
    }
    return events;
  }
}
