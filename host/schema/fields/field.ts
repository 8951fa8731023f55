// The shape of a field's description.

import type { AuditRow } from '../audit/reading.ts';
import type { ValueType } from '../types.ts';
import type { Derivation, EventKind } from './derivation.ts';

/** What is known of a session that began with an exec into a pod. */
export type SessionFact =
  | 'user'
  | 'uid'
  | 'groups'
  | 'impersonated'
  | 'id'
  | 'match'
  | 'candidates'
  | 'source'
  | 'agent';

/** What is known of the session that a process is in, by its ancestors. */
export type EntryFact = 'kind' | 'id' | 'user' | 'tty' | 'source' | 'ip' | 'net';

/** What is formatted when an alert is written. `constant`: of the configuration, which is in the template by then. */
export type RenderedText =
  | 'timeOfDay'
  | 'timeOfDaySeconds'
  | 'iso8601'
  | 'dateTime'
  | 'dateTimeSeconds'
  | 'configuredTime'
  | 'sinceStart'
  | 'sinceStartSeconds'
  | 'sinceStartFraction'
  | 'hostname'
  | 'parameters'
  | 'constant';

/** What is read from /proc: of the process, or `threadNumber` of the thread in its own pid namespace. */
export type ProcfsFact =
  | 'threadNumber'
  | 'threads'
  | 'otherThreads'
  | 'descriptors'
  | 'descriptorUsage'
  | 'descriptorTypes'
  | { readonly descriptor: 0 | 1 | 2; readonly part: 'name' | 'type' };

/**
 * What has a value of the container first: the path of its cgroup, the runtime's answer, or the API server. `pod`: the runtime's answer too, which has what
 * the kubelet passed when the pod started.
 */
export type KnownFrom = 'cgroup' | 'runtime' | 'pod' | 'cluster';

/** Where a field's value comes from. The compiler and the formatter both resolve a field through this. */
export type FieldSource =
  /** The records of the event, its processes and its container. `orMachine`: where absent, output asks the machine's files. */
  | {
      readonly from: 'record';
      readonly derive: (type: EventKind, argument: string | undefined) => Derivation;
      readonly orMachine?: ProcfsFact;
    }
  /** The container table entry, the time of the event and the start of the pid namespace: all that is kept for a waiting alert. */
  | {
      readonly from: 'container';
      readonly derive: (argument: string | undefined) => Derivation;
      readonly knownFrom: KnownFrom;
    }
  /** An audit event: a member of its record, or with an argument one of its values on demand (host/schema/audit/record.ts). */
  | { readonly from: 'audit'; readonly row: AuditRow }
  /** `evt.arg.NAME`, `evt.arg[N]`, `evt.rawarg.NAME`: a parameter of the event type. */
  | { readonly from: 'argument'; readonly raw: boolean }
  /** Text formatted for output only (evt.args, evt.time...); a condition on it can't be evaluated on live events. */
  | { readonly from: 'rendered'; readonly as: RenderedText }
  /** No value of the event: conditions on it are compiled as a whole (evt.around). */
  | { readonly from: 'condition' }
  /** Read from the machine's files in /proc while an alert is written, for output only. Absent in replays and when the process is gone. */
  | { readonly from: 'procfs'; readonly as: ProcfsFact }
  /** The session that the process is in, by the images of its ancestors: no module reads it. */
  | { readonly from: 'entry'; readonly fact: EntryFact }
  /** The session by an exec into a pod that the process descends from: known when its request is (host/sessions/). */
  | { readonly from: 'session'; readonly fact: SessionFact }
  /** Not captured: always absent, and a rule that reads it gets a warning with the reason. */
  | { readonly from: 'none'; readonly why: string };

/** The names of the fields that have the ends of a connection, each by its role and by whose it is. */
export interface Ends {
  readonly client: string;
  readonly server: string;
  readonly local: string;
  readonly remote: string;
}

export interface Field {
  readonly name: string;
  readonly type: ValueType;
  readonly description: string;
  readonly source: FieldSource;
  /** `[x]` or, for evt.arg and the like, `.x`. Default none. */
  readonly argument?: 'optional' | 'required';
  /** The argument may follow a dot (evt.arg.flags), or must (thread.cgroup.cpu); the others take theirs in brackets only. */
  readonly dotted?: true | 'only';
  /** The argument is a number (index), a number from 0 in its shortest form (position), a free key, or either. */
  readonly argumentKind?: 'index' | 'position' | 'key' | 'either';
  /** What else is required of an argument that is a key. */
  readonly argumentForm?: RegExp;
  /** The argument may be the empty text. */
  readonly emptyArgument?: true;
  /** A list-typed field (fd.types): operators exists, in, intersects only. */
  readonly list?: true;
  /** Without an argument, conditions hold if they hold for any ancestor. */
  readonly anyAncestor?: true;
  /** Conditions hold if they hold for either end of a connection (fd.ip). */
  readonly ends?: Ends;
  /** Conditions compare the value of the named field instead: fd.snet that of fd.sip, fd.net those of fd.ip. */
  readonly comparedAs?: string;
  /** Output shows the number in hexadecimal, without a sign. */
  readonly hexadecimal?: true;
  readonly noTransformer?: true;
  /** May not stand right of an operator (val()). */
  readonly noRightSide?: true;
  /** Usable in conditions only (fd.ip). */
  readonly filterOnly?: true;
  /** Usable in output only. */
  readonly printOnly?: true;
  /** In Falco's tables only; neither conditions nor outputs may use it. */
  readonly tableOnly?: true;
  readonly deprecated?: true;
}
