// Hooks that are missing on a kernel, and their descriptions for people.

/** Why a hook is missing, and the meaning of `detail` for each reason. Stable: metrics and `wasprey status --json` have it. */
export type MissingReason =
  /** The kernel lacks the tracepoint; detail: errno. */
  | 'tracepoint-missing'
  /** The program can't be attached for another reason; detail: errno. */
  | 'attach-failed'
  /** The kernel refuses the program; detail: errno, and the verifier's message. */
  | 'program-refused'
  /** The kernel was built without io_uring, so nothing is missed; no detail. */
  | 'no-io-uring';

/**
 * The ways of the calls that a missing hook would have reported: native calls, requests of io_uring, 32-bit calls. `peers`: the calls are
 * reported, but some of them without what their connection is to.
 */
export type CallWay = 'calls' | 'io_uring' | '32-bit' | 'peers';

/** A hook that is not attached, or whose program this kernel refuses. */
export interface MissingHook {
  /** The tracepoint that its program is attached to or reached from, or all that were tried; '' if only the reader runs it. */
  readonly hook: string;
  /** The BPF program. */
  readonly program: string;
  readonly reason: MissingReason;
  readonly detail: string;
  /** Names of the event types that the hook would have reported, and the ways of their calls that are missed. Both empty: none. */
  readonly blinds: readonly string[];
  readonly ways: readonly CallWay[];
}

/** Most event types in a message. */
const TYPES_NAMED = 8;

/** The end of the message, by the way of the calls. */
const WAYS: Readonly<Record<CallWay, (types: string) => string>> = {
  calls: (types) => `calls of ${types} are not captured`,
  io_uring: (types) => `not all io_uring requests for ${types} are captured`,
  '32-bit': (types) => `32-bit calls of ${types} are not captured`,
  peers: (types) =>
    `the peer of ${types} (fd.name, fd.sip, fd.rip, fd.sport, fd.rport and the like) is not captured if the call is interrupted, ` +
    'or another thread replaces its descriptor',
};

/** A clause: why the hook is missing, and what is not captured without it. */
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
      return `the program ${program} is not attached, because the kernel was built without io_uring`;
  }
}

function describeBlindness({ blinds, ways }: MissingHook): string {
  if (blinds.length === 0) return 'nothing is missed';
  const more = blinds.length - TYPES_NAMED;
  const types = more > 0 ? `${blinds.slice(0, TYPES_NAMED).join(', ')} and ${more} more types` : blinds.join(', ');
  return ways.map((way) => WAYS[way](types)).join(', ');
}
