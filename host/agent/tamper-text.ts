// What a person is told of each way in which the capture was tampered with.

import type { IntegrityFinding } from '../capture/integrity.ts';

/** What was found, by whoever looks: the addon, the worker's clock, this process. */
export type TamperKind = IntegrityFinding['what'] | 'stopped' | 'held' | 'thread-stopped';

/** One thing that is, or was, not as the agent made it. */
export interface Tampering {
  readonly what: TamperKind;
  /** Which of its kind; '' where there is but one. */
  readonly name: string;
  /** A sentence without its end, which begins small. */
  readonly text: string;
  /** It does not last: it is over, or was put back. */
  readonly passing: boolean;
}

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`;

/** @param tracer name of the process with that number, for `traced` */
export function describeFinding(finding: IntegrityFinding, tracer = ''): Tampering {
  const { what, name, repaired } = finding;
  return { what, name, text: sentence(finding, tracer), passing: repaired };
}

function sentence({ what, name, number, repaired }: IntegrityFinding, tracer: string): string {
  const putBack = repaired ? ', and was put back' : '';
  switch (what) {
    case 'link':
      return `the hook ${name} was detached`;
    case 'map':
      return `the map ${name} was taken away from the agent`;
    case 'program':
      return number === 0
        ? `the program ${name} was taken out of its table${putBack}`
        : `the program ${name} was replaced by the program ${number}${putBack}`;
    case 'filter':
      return number === 0
        ? `the kernel filter was taken away${putBack}`
        : `the kernel filter was replaced by the map ${number}${putBack}`;
    case 'filter-tables':
      return `the tables of the kernel filter were written to${repaired ? ', and were put back' : ''}`;
    case 'filter-processes':
      return `what the kernel filter knows of processes was written to (of ${number})${putBack}`;
    case 'wanted':
      return `the list of wanted events was written to${putBack}`;
    case 'finished':
      return `the kernel was told to make no more events${repaired ? ', which was taken back' : ''}`;
    case 'clock':
      return `the time of events was moved by ${number} ms${putBack}`;
    case 'position':
      return `the reader's place in a ring was moved${putBack}`;
    case 'image-numbers':
      return 'the numbers of processes were set back, so that one may be taken for another';
    case 'counters':
      return `the counters of CPU ${name} were set back`;
    case 'ring-stuck':
      return `what CPU ${name} has written to its ring can't be read any more`;
    case 'calls-unseen':
      return `${name} calls are not seen any more: the agent made some itself`;
    case 'traced':
      return `the process ${number}${tracer === '' ? '' : ` (${tracer})`} traces the agent`;
  }
}

/** @param dropped events that were dropped meanwhile */
export function describeStop(milliseconds: number, dropped: number): Tampering {
  const text = `the agent was stopped by a signal for ${seconds(milliseconds)}${meanwhile(dropped)}`;
  return { what: 'stopped', name: '', text, passing: true };
}

/** It is not known by what: there was no signal. */
export function describeHold(milliseconds: number, dropped: number): Tampering {
  const why =
    'though it wanted to and was not waiting for a CPU: frozen, held by a debugger, or the machine was paused';
  return {
    what: 'held',
    name: '',
    text: `the agent did not run for ${seconds(milliseconds)} ${why}${meanwhile(dropped)}`,
    passing: true,
  };
}

export function describeThread(): Tampering {
  return { what: 'thread-stopped', name: '', text: 'the thread that evaluates events is stopped', passing: false };
}

function meanwhile(dropped: number): string {
  const fate = dropped === 0 ? 'none was dropped' : `${dropped} were dropped`;
  return `; events from then were evaluated late, ${fate}`;
}
