// Hooks that are missing on a kernel, and what that means in sentences for people.

/** Why a hook is missing, and what `detail` is for each reason. Stable: metrics and `wasprey status --json` have it. */
export type MissingReason =
  /** The kernel has no tracepoint of that name; detail: errno. */
  | 'tracepoint-missing'
  /** The program can't be attached there for another reason; detail: errno. */
  | 'attach-failed'
  /** The kernel refuses the program; detail: errno, and what the verifier says. */
  | 'program-refused'
  /** The kernel was built without io_uring, so that there is nothing to see; no detail. */
  | 'no-io-uring';

/** How the calls come in that a missing hook would have reported: as native ones, as requests of io_uring, as 32-bit ones. */
export type CallWay = 'calls' | 'io_uring' | '32-bit';

/** A hook that is not attached, or whose program this kernel refuses. */
export interface MissingHook {
  /** The tracepoint that its program is attached to or reached from, or all that were tried; '' if only the reader runs it. */
  readonly hook: string;
  /** The BPF program. */
  readonly program: string;
  readonly reason: MissingReason;
  readonly detail: string;
  /** Names of the event types that the hook would have reported, and which of their calls go unseen. Both empty: nothing does. */
  readonly blinds: readonly string[];
  readonly ways: readonly CallWay[];
}

/** How many event types a sentence names. */
const TYPES_NAMED = 8;

/** How calls come in, as the end of a sentence has it. */
const WAYS: Readonly<Record<CallWay, (types: string) => string>> = {
  calls: (types) => `calls of ${types} are not seen`,
  io_uring: (types) => `requests of io_uring that stand for ${types} are not all seen`,
  '32-bit': (types) => `32-bit calls of ${types} are not seen`,
};

/** A clause: why the hook is missing, and what is not seen without it. */
export function describeMissingHook(hook: MissingHook): string {
  return `${describeReason(hook)}: ${describeBlindness(hook)}`;
}

/** The first half of that clause. */
export function describeReason({ hook, program, reason, detail }: MissingHook): string {
  switch (reason) {
    case 'tracepoint-missing':
      return `the kernel has no tracepoint ${hook.replaceAll(', ', ' or ')} for the program ${program}`;
    case 'attach-failed':
      return `the program ${program} can't be attached to ${hook} (${detail})`;
    case 'program-refused':
      return `the kernel refuses the program ${program} (${detail})`;
    case 'no-io-uring':
      return `the program ${program} is not attached, since the kernel was built without io_uring`;
  }
}

function describeBlindness({ blinds, ways }: MissingHook): string {
  if (blinds.length === 0) return 'nothing goes unseen';
  const more = blinds.length - TYPES_NAMED;
  const types = more > 0 ? `${blinds.slice(0, TYPES_NAMED).join(', ')} and ${more} more types` : blinds.join(', ');
  return ways.map((way) => WAYS[way](types)).join(', ');
}
