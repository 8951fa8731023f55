// Messages for people about each kind of tampering with the capture.

import type { IntegrityFinding } from '../../capture/integrity.ts';
import { seconds } from '../../diagnostics/numbers.ts';

/** What was found, by the addon, the worker's clock or this process. */
export type TamperKind = IntegrityFinding['what'] | 'stopped' | 'held' | 'thread-stopped';

/** One thing that is, or was, changed from what the agent made. */
export interface Tampering {
  readonly what: TamperKind;
  /** Which one of its kind; '' if there is only one. */
  readonly name: string;
  /** What was done, where that has several ways: findings of one kind, name and way are the same again, whatever their numbers. */
  readonly way?: 'removed' | 'replaced' | 'with loss';
  /** A sentence in lower case, without the full stop. */
  readonly text: string;
  /** It is over, or was restored. */
  readonly passing: boolean;
}

/** @param tracer name of the process with that number, for `traced` */
export function describeFinding(finding: IntegrityFinding, tracer = ''): Tampering {
  const { what, name, number, repaired } = finding;
  const text = sentence(finding, tracer);
  if (what !== 'program' && what !== 'filter') return { what, name, text, passing: repaired };
  return { what, name, way: number === 0 ? 'removed' : 'replaced', text, passing: repaired };
}

function sentence({ what, name, number, repaired }: IntegrityFinding, tracer: string): string {
  const putBack = repaired ? ', and was restored' : '';
  switch (what) {
    case 'link':
      return `the hook ${name} was detached`;
    case 'map':
      return `the map ${name} of the agent was closed or replaced`;
    case 'program':
      return number === 0
        ? `the program ${name} was removed from its table${putBack}`
        : `the program ${name} was replaced by the program ${number}${putBack}`;
    case 'filter':
      return number === 0
        ? `the kernel filter was removed${putBack}`
        : `the kernel filter was replaced by the map ${number}${putBack}`;
    case 'filter-tables':
      return `the tables of the kernel filter were changed${repaired ? ', and were restored' : ''}`;
    case 'filter-processes':
      return `the kernel filter's data on ${number} processes was changed${putBack}`;
    case 'wanted':
      return `the list of captured events was changed${putBack}`;
    case 'finished':
      return `the capture in the kernel was ended${repaired ? ', and was resumed' : ''}`;
    case 'clock':
      return `the clock of events was moved by ${number} ms${putBack}`;
    case 'position':
      return `the reader's position in a ring was changed${putBack}`;
    case 'image-numbers':
      return 'the ids of process images were set back, so that processes may be confused';
    case 'counters':
      return `the counters of CPU ${name} were set back`;
    case 'ring-stuck':
      return `the ring of CPU ${name} can no longer be read`;
    case 'calls-unseen':
      return `${name} calls are no longer captured: the agent made test calls`;
    case 'traced':
      return `the process ${number}${tracer === '' ? '' : ` (${tracer})`} traces the agent`;
  }
}

/** @param dropped events that were dropped meanwhile */
export function describeStop(milliseconds: number, dropped: number): Tampering {
  const text = `the agent was stopped by a signal for ${seconds(milliseconds)}${meanwhile(dropped)}`;
  return { what: 'stopped', name: '', text, passing: true, ...lossOf(dropped) };
}

/** Describes a stop by an unknown cause: there was no signal. */
export function describeHold(milliseconds: number, dropped: number): Tampering {
  const why =
    'although it was runnable and not waiting for a CPU: it was frozen, stopped by a debugger, or the machine was paused';
  return {
    what: 'held',
    name: '',
    text: `the agent did not run for ${seconds(milliseconds)} ${why}${meanwhile(dropped)}`,
    passing: true,
    ...lossOf(dropped),
  };
}

export function describeThread(): Tampering {
  return { what: 'thread-stopped', name: '', text: 'the evaluating thread is stopped', passing: false };
}

/** A stop that lost events is reported soon after one that did not. */
function lossOf(dropped: number): Pick<Tampering, 'way'> {
  return dropped === 0 ? {} : { way: 'with loss' };
}

function meanwhile(dropped: number): string {
  const fate = dropped === 0 ? 'none was dropped' : `${dropped} were dropped`;
  return `; events of that time were evaluated late, ${fate}`;
}
