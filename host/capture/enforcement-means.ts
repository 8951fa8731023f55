// The means by which the kernel enforces a rule, and what they can't stop.

import { callsThat, ENFORCED_FAMILIES } from '../schema/events/effects.ts';
import { EVENT_TYPES } from '../schema/events/index.ts';
import type { ExactClause, ExactRule } from '../schema/kernel-enforcement.ts';
import { familyOf } from '../schema/kernel-filter.ts';

/** The action on a process whose call matches. */
export type EnforcedAction = 'kill_process' | 'deny';

export interface EnforcedRule {
  readonly exact: ExactRule;
  readonly action: EnforcedAction;
  /** The first candidate word of its module. Default: 0. */
  readonly firstWord?: number;
}

/**
 * - `exec-lsm`, `open-lsm`: programs of BPF LSM refuse the call; SIGKILL as well where the process is to be killed.
 * - `exec-signal`: SIGKILL before the new program begins.
 * - `open-signal`: SIGKILL at the end of the call, before the process can use the file.
 * - `cgroup`: programs of the root cgroup refuse the call; SIGKILL at its end where the process is to be killed.
 * - `cgroup-process`: as `cgroup`, by what is known of the process at that moment; SIGKILL at the end of a connect if nothing was.
 * - `connect-signal`: SIGKILL at the end of the call.
 */
export type EnforcedBy =
  | 'exec-lsm'
  | 'open-lsm'
  | 'exec-signal'
  | 'open-signal'
  | 'cgroup'
  | 'cgroup-process'
  | 'connect-signal';

export interface MeansOfClause {
  readonly by: EnforcedBy;
}

export interface EnforcedMeans {
  /** Means of each clause of the rule; undefined where there is a problem. */
  readonly clauses: readonly (MeansOfClause | undefined)[];
  /** Why some of it can't be enforced: clauses. */
  readonly problems: readonly string[];
}

/** A program that enforces, and why it does not on this kernel. */
export interface MissingEnforcer {
  readonly program: string;
  readonly detail: string;
}

/**
 * Programs that are missing for one reason stand together: `enforce_connect4, enforce_connect6 (Operation not permitted)`. Of a reason only the
 * first line, because libbpf's log follows it.
 */
export function missingByReason(missing: readonly MissingEnforcer[]): readonly string[] {
  const byReason = Map.groupBy(missing, ({ detail }) => detail.split('\n', 1)[0] ?? '');
  return [...byReason].map(([reason, list]) => {
    const names = list.map(({ program }) => program).join(', ');
    return reason === '' ? names : `${names} (${reason})`;
  });
}

/** Whether programs are missing because this process lacks the capability that those on control groups need. */
export function lacksNetworkCapability(missing: readonly MissingEnforcer[]): boolean {
  return missing.some(({ detail }) => detail.includes('CAP_NET_ADMIN'));
}

/** Why a rule can't be enforced without the agent: a clause; undefined: it can. */
export function lackOfPin(action: EnforcedAction, { clauses }: EnforcedMeans): string | undefined {
  if (clauses.some((means) => means?.by !== 'cgroup'))
    return 'only connects and datagrams are refused without the agent, and the rule is about other calls, or about their results or processes';
  return action === 'deny' ? undefined : 'calls can only be refused without the agent, and processes are killed by it';
}

const SENDS: ReadonlySet<string> = new Set(callsThat('sends'));
const FAMILIES = new Map(EVENT_TYPES.map(({ name, shape }) => [name, familyOf(shape)]));

/** @param lackOfLsm why the kernel runs no programs of BPF LSM; undefined: it does */
export function meansOf({ exact, action }: EnforcedRule, lackOfLsm: string | undefined): EnforcedMeans {
  const found = exact.clauses.map((clause) => meansOfClause(clause, action, lackOfLsm));
  return {
    clauses: found.map((means) => (typeof means === 'string' ? undefined : means)),
    problems: [...new Set(found.filter((means) => typeof means === 'string'))],
  };
}

/** The means, or why there are none. */
function meansOfClause(
  clause: ExactClause,
  action: EnforcedAction,
  lackOfLsm: string | undefined,
): MeansOfClause | string {
  const { types } = clause;
  const families = new Set(types.map((type) => FAMILIES.get(type)));
  if (families.size !== 1) return `it is about calls of different kinds (${types.join(', ')})`;
  const [family] = families;
  switch (family) {
    case 'open':
      if (clause.result === 'failed')
        return action === 'deny' ? 'it is about opens that fail, which need not be refused' : { by: 'open-signal' };
      if (lackOfLsm === undefined) return { by: 'open-lsm' };
      return action === 'deny' ? `an open ${needsLsm(lackOfLsm)}` : { by: 'open-signal' };
    case 'exec':
      if (clause.result === 'failed')
        return 'it also matches failed execs, which have no effect that could be stopped: add evt.res = SUCCESS to the condition';
      if (action === 'kill_process') return { by: 'exec-signal' };
      return lackOfLsm === undefined ? { by: 'exec-lsm' } : `an exec ${needsLsm(lackOfLsm)}`;
    case 'network':
      return meansOfSocket(clause, action);
    default:
      return `the effect of ${types.join(', ')} can't be stopped: use a response of the host`;
  }
}

function needsLsm(lack: string): string {
  return `is only refused by BPF LSM, which this kernel lacks (${lack}): its process can be killed instead`;
}

function meansOfSocket(clause: ExactClause, action: EnforcedAction): MeansOfClause | string {
  const { types, sockets, result, process } = clause;
  const others = types.filter((type) => !ENFORCED_FAMILIES.reaches.includes(type));
  if (others.length > 0) return `the effect of ${others.join(', ')} can't be stopped: use a response of the host`;
  if (sockets && !sockets.includes('ipv4') && !sockets.includes('ipv6'))
    return `calls on sockets of ${sockets.join(', ')} are not enforced, only on those of IPv4 and IPv6`;
  if (result === undefined) return { by: process === 'candidate' ? 'cgroup-process' : 'cgroup' };
  const why = `it depends on the result of ${types.join(', ')}`;
  if (action === 'deny') return `${why}, which is known too late to refuse the call`;
  if (types.some((type) => SENDS.has(type))) return `${why}, which is known too late to stop a send`;
  return { by: 'connect-signal' };
}

const NOT_BY_CGROUP =
  'not killed: a process whose connect by io_uring ends in another process (of a shared ring), or only when it asks for the result; not stopped: connects and sends of sockets other than TCP, UDP and ICMP of IPv4 and IPv6 (raw sockets, SCTP, Unix), and connects by io_uring of SMC and, on old kernels such as 6.1, of MPTCP';

const NOT_STOPPED: Readonly<Record<EnforcedBy, string>> = {
  'exec-lsm':
    'refused by BPF LSM before the new program begins; not stopped: the first program of a container, which its runtime runs',
  'open-lsm':
    'refused by BPF LSM before it has an effect; not stopped: that the open makes the file, what opening a device or a named pipe does where the process is to be killed (it is killed at the end of the open), opens with O_PATH, opens by io_uring that were asked for before the agent started and begin within another call, and opens of a name whose resolved path is another',
  'exec-signal': 'killed before the new program begins',
  'open-signal':
    'killed at the end of the open, before the process can use the file; not stopped: that the open makes or empties the file, what opening a device does, ' +
    'what another thread or an io_uring request of the process does with the file meanwhile, opens by io_uring that complete silently or whose file is closed in the same batch, and opens of a name whose resolved path is another',
  cgroup: `refused before it has an effect; ${NOT_BY_CGROUP}`,
  'cgroup-process': `refused before it has an effect; ${NOT_BY_CGROUP}, what a process does in the milliseconds after it has begun or changed (if it is to be killed, that happens at the end of its connect, not by io_uring); refused, but neither reported as refused nor killed for: sends by io_uring, and connects by it that complete silently`,
  'connect-signal':
    'killed after the connect, whose effect is not stopped; not killed: a process that connects by io_uring',
};

/** Describes a rule whose enforcement is pinned. */
export const PINNED_MEANS =
  'pinned: continues without the agent, in the containers and services that it knew; others are not covered then';

/** Under this name the addon reports that nothing could be pinned (native/src/enforcement/enforcer.cc). */
const PINNED_SETTING = 'responses.pinned';

const ON_CGROUP: readonly string[] = ['enforce_connect4', 'enforce_connect6', 'enforce_sendmsg4', 'enforce_sendmsg6'];

/** The programs that decide: without one of them a means is not in force. */
const DECIDING: Readonly<Record<EnforcedBy, readonly string[]>> = {
  'exec-lsm': ['enforce_program'],
  'open-lsm': ['enforce_file_open'],
  'exec-signal': ['enforce_exec'],
  'open-signal': ['enforce_open'],
  cgroup: ON_CGROUP,
  'cgroup-process': ON_CGROUP,
  'connect-signal': ['enforce_socket'],
};

/** The means by which a rule is enforced, and what they can't stop: a line for each. */
export function describeMeans({ clauses }: EnforcedMeans, missing: readonly MissingEnforcer[] = []): readonly string[] {
  return [...new Set(clauses.flatMap((means) => (means ? [describe(means.by, missing)] : [])))];
}

function describe(by: EnforcedBy, missing: readonly MissingEnforcer[]): string {
  const without = missing.flatMap(({ program }) => (DECIDING[by].includes(program) ? [program] : []));
  if (without.length === 0) return NOT_STOPPED[by];
  const text = `not in force, without ${without.join(', ')}`;
  return DECIDING[by] === ON_CGROUP
    ? `${text}: no call is refused; a process that is to be killed is killed at the end of a connect, not of a send`
    : text;
}

/** Whether refusals can't outlive the agent, because what does it is missing. */
export function lacksPinned(missing: readonly MissingEnforcer[]): boolean {
  return missing.some(({ program }) => ON_CGROUP.includes(program) || program === PINNED_SETTING);
}
