// Runs a module with fuel, and turns its failures into typed results, so that the caller can set the module aside.
// A trap leaves the instance usable, because it has no state.

import {
  ANCESTRY_BITS,
  ANCESTRY_COUNT,
  ANCESTRY_WORDS,
  CANDIDATE_WORDS,
  COMMON_BITS,
  COMMON_WORDS,
} from '../schema/image.ts';
import type { RuleInstance } from './instantiate.ts';
import { ForeignMatchError, HostMatchError, NoRoomError } from './match-guard.ts';
import { roughThreadMicros, type TimeAccount } from './time-account.ts';
import { callWithin } from './watchdog.ts';

/** Why a run ended early. Stable: metrics are labelled with it. */
export type RunFailureKind =
  /** The fuel and the time limit were exhausted: an endless loop, or too much work. */
  | 'out-of-fuel'
  /** It took more than its share of the time over many events or processes. */
  | 'too-slow'
  /** Out-of-bounds access, division by zero, `unreachable`, or a store stopped by the read-only mapping. */
  | 'trap'
  | 'stack-overflow'
  /** It reported a foreign rule or event. */
  | 'foreign-match';

export interface RunFailure {
  readonly ok: false;
  readonly kind: RunFailureKind;
  readonly reason: string;
}

export type EvaluateResult = { readonly ok: true } | RunFailure;
export type CandidatesResult = { readonly ok: true; readonly value: bigint } | RunFailure;

/** Limits of one call. */
export interface RunLimits {
  /** Units of fuel for the first attempt (path-cost.ts). */
  readonly fuel: number;
  /** CPU time of the module, in milliseconds, within which the call is retried with twice the fuel; for evaluate() also the allowance of its events. */
  readonly milliseconds: number;
  /** How many times that, in real time, an attempt after the first may take before it is interrupted; by default PATIENCE. */
  readonly patience?: number;
}

/**
 * Time that a module may take over many events (time-account.ts), for each byte of them: the stock rules take up to 0.24 ns, 500 rules with
 * `icontains` on the path 50 ns (measured with paths of 4 KB).
 */
const MICROS_PER_BYTE = 0.1;
/** Time that a module may take for a new process: about what the kernel takes to fork, execute and end one. */
const MICROS_PER_PROCESS = 500;

/**
 * Ends any call within 100 ms of CPU time, and one of evaluate() on a full batch within 270 ms. A unit of fuel is 0.02 ns in ordinary rules, whose longest
 * path is seldom taken, and 18 ns in a module that chases pointers through the memory (test/bench/sandbox.ts). So fuel alone would either let a hostile module
 * take seconds, or let traced processes have an honest module set aside by making events that are dear to evaluate (4 KB paths against many
 * globs). Hence fuel bounds the first attempt, to 45 ms. For honest modules that suffices for a few thousand events that no rule is about. If it does not, time decides whether there is
 * another, with twice the fuel: the last one starts before 20 ms. As a module can spend fuel a thousand times slower behind a point than
 * before it, each of these is interrupted after 35 ms (watchdog.ts). The time is the module's own: it does not include what the
 * host does with its matches, nor the time that the thread waited for a CPU. And a virtual machine may have stood still during an attempt, which
 * its kernel takes for CPU time: the last one is made twice, and the shorter time counts.
 */
export const RUN_LIMITS: RunLimits = { fuel: 2_500_000, milliseconds: 20 };

/** The last attempt takes about twice as long as those before it. */
const PATIENCE = 1.75;
/** Real time after which a call is not attempted again that gets no CPU to speak of. */
const MOST_MILLISECONDS = 2_000;

/** Fuel is a signed number of 32 bits. */
const MAX_FUEL = 2 ** 31 - 1;

/**
 * For work that nothing waits for, such as a backtest: no time is measured, which for a process takes longer than its candidates. An endless
 * loop still ends.
 */
export const UNTIMED_LIMITS: RunLimits = { fuel: MAX_FUEL, milliseconds: Number.POSITIVE_INFINITY };

const NO_WORDS = new BigUint64Array(0);
const EVALUATED: EvaluateResult = { ok: true };
const OUT_OF_FUEL: RunFailure = { ok: false, kind: 'out-of-fuel', reason: 'out of fuel' };
const TOO_SLOW: RunFailure = {
  ok: false,
  kind: 'too-slow',
  reason: 'it takes more than its share of the time',
};

/**
 * Evaluates the records in [from, to). When this returns, also on failure, all matches have been passed to the instance's callback, each once.
 * Throws only the callback's exceptions.
 */
export function runEvaluate(instance: RuleInstance, from: number, to: number, limits = RUN_LIMITS): EvaluateResult {
  const { exports, guard, eventTime } = instance;
  guard.begin(from, to);
  const allowance = { account: eventTime, micros: (to - from) * MICROS_PER_BYTE };
  const milliseconds = limits.milliseconds + allowance.micros / 1000;
  const failure = attempt(instance, { ...limits, milliseconds }, allowance, () => exports.evaluate(from, to));
  guard.end();
  return failure ?? EVALUATED;
}

/**
 * Word `word` of the candidate bits of the process image at address `process`: the rules it can still match, as an unsigned number of
 * 64 bits. A match reported here is foreign.
 */
export function runCandidates(
  instance: RuleInstance,
  process: number,
  word: number,
  limits = RUN_LIMITS,
): CandidatesResult {
  const { exports, guard } = instance;
  guard.begin(0, 0);
  let value = 0n;
  const failure = attempt(instance, limits, allowanceOfProcess(instance), () => {
    value = BigInt.asUintN(64, exports.candidates(process, word));
  });
  return failure ?? { ok: true, value };
}

/**
 * Writes the candidate bits of the process image at address `process` to `words`: as many words as the instance has. Words without
 * bits specific to the process are not computed: of 2,000 rules a process seldom has more than a few bits that not all have.
 * @param ancestry gets its ancestry words, as many as ancestryWords() says; those of its ancestors are best known already
 */
export function fillCandidates(
  instance: RuleInstance,
  process: number,
  words: BigUint64Array,
  ancestry: BigUint64Array = NO_WORDS,
  limits = RUN_LIMITS,
): RunFailure | undefined {
  const { exports, guard } = instance;
  guard.begin(0, 0);
  return attempt(instance, limits, allowanceOfProcess(instance), () => {
    instance.commonBits ??= readCommonBits(instance);
    words.set(instance.commonBits);
    const count = instance.commonBits.length;
    const common = count > 1 ? Number(BigInt.asUintN(32, exports.candidates(process, COMMON_WORDS))) : 0;
    for (let word = 0; word < count; word++) {
      if (((common >>> word) & 1) === 0) words[word] = exports.candidates(process, word);
    }
    for (let word = 0; word < ancestry.length; word++) {
      ancestry[word] = exports.candidates(process, ANCESTRY_BITS + word);
    }
  });
}

/** How many ancestry words the instance needs for its tests of ancestors; of a module that fails, none. */
export function ancestryWords(instance: RuleInstance): number {
  const count = runCandidates(instance, 0, ANCESTRY_COUNT);
  return count.ok && count.value <= ANCESTRY_WORDS ? Number(count.value) : 0;
}

/** The bits of each word common to all processes, so that 0 serves as process. */
function readCommonBits({ exports, ruleCount }: RuleInstance): BigUint64Array {
  const count = Math.min(Math.ceil(ruleCount / 64), CANDIDATE_WORDS);
  return BigUint64Array.from({ length: count }, (_, word) =>
    BigInt.asUintN(64, exports.candidates(0, COMMON_BITS + word)),
  );
}

/** What a call may take, if it is one of many. */
interface Allowance {
  readonly account: TimeAccount;
  readonly micros: number;
}

function allowanceOfProcess({ processTime }: RuleInstance): Allowance {
  return { account: processTime, micros: MICROS_PER_PROCESS };
}

/** Calls until it succeeds, fails for another reason than fuel, or the time is over. */
function attempt(
  instance: RuleInstance,
  limits: RunLimits,
  { account, micros }: Allowance,
  call: () => void,
): RunFailure | undefined {
  const { exports, guard } = instance;
  if (limits.milliseconds === Number.POSITIVE_INFINITY) return attemptOnce(instance, limits.fuel, call);
  const started = roughThreadMicros();
  const spent = (): number => Math.max(0, roughThreadMicros() - started - guard.hostMicros);
  exports.fuel.value = limits.fuel;
  try {
    call();
  } catch (error) {
    const failure = describe(instance, error);
    const ended = failure.kind === 'out-of-fuel' ? attemptAgain(instance, limits, spent, call) : failure;
    if (ended !== undefined) return ended;
  }
  return account.exceeds(spent(), micros) ? TOO_SLOW : undefined;
}

/** The attempts after the first one: with more fuel, while there is time. Each is interrupted if it takes much longer than there is. */
function attemptAgain(
  instance: RuleInstance,
  limits: RunLimits,
  spent: () => number,
  call: () => void,
): RunFailure | undefined {
  const { exports, guard } = instance;
  guard.allowInterruption();
  const began = performance.now();
  let { fuel } = limits;
  let patience = limits.milliseconds * (limits.patience ?? PATIENCE);
  let end: AttemptEnd = 'out-of-fuel';
  let spentBefore = 0;
  /** What counts of that. */
  let counted = 0;
  /** What the last attempt took, if it is made again. */
  let repeated: number | undefined;
  for (;;) {
    const last = spent() - spentBefore;
    spentBefore += last;
    if (end === 'interrupted') guard.forget();
    else guard.again();
    const shorter = Math.min(last, repeated ?? last);
    if ((counted + shorter) / 1000 >= limits.milliseconds) {
      if (repeated !== undefined) return OUT_OF_FUEL;
      repeated = last;
    } else if (end === 'interrupted') {
      // It waited for a CPU: it was ended too early, and does not count.
      if (performance.now() - began > MOST_MILLISECONDS) return OUT_OF_FUEL;
      patience *= 2;
    } else {
      repeated = undefined;
      counted += shorter;
      if (end === 'out-of-fuel' && fuel === MAX_FUEL) return OUT_OF_FUEL;
      if (end === 'out-of-fuel') fuel = Math.min(fuel * 2, MAX_FUEL);
    }
    exports.fuel.value = fuel;
    try {
      if (callWithin(patience, call)) return undefined;
      end = 'interrupted';
    } catch (error) {
      if (error instanceof NoRoomError) {
        end = 'no-room';
        continue;
      }
      const failure = describe(instance, error);
      if (failure.kind !== 'out-of-fuel') return failure;
      end = 'out-of-fuel';
    }
  }
}

/** Why another attempt is needed. */
type AttemptEnd = 'out-of-fuel' | 'interrupted' | 'no-room';

function attemptOnce(instance: RuleInstance, fuel: number, call: () => void): RunFailure | undefined {
  instance.exports.fuel.value = fuel;
  try {
    call();
    return undefined;
  } catch (error) {
    return describe(instance, error);
  }
}

function describe(instance: RuleInstance, error: unknown): RunFailure {
  if (error instanceof HostMatchError) throw error.cause;
  if (error instanceof ForeignMatchError) return { ok: false, kind: 'foreign-match', reason: error.message };
  if (error instanceof WebAssembly.RuntimeError) {
    // Only a fuel check lets the fuel go below zero, and it traps right there.
    const empty = instance.exports.fuel.value < 0;
    return empty ? OUT_OF_FUEL : { ok: false, kind: 'trap', reason: error.message };
  }
  if (error instanceof RangeError) return { ok: false, kind: 'stack-overflow', reason: error.message };
  throw error;
}
