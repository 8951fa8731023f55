// What enforcement in the kernel did about an event, as the outcome of a response.

import { ENFORCED } from '../schema/enforced.ts';
import type { Outcome, Refusal } from './action.ts';

interface EnforcedProcess {
  readonly pid: number;
  readonly executable: string;
}

/** @param enforced of ENFORCED, or 0 @param kills whether the process was to be killed */
export function enforcedOutcome(enforced: number, { pid, executable }: EnforcedProcess, kills = false): Outcome {
  const process = `process ${pid} (${executable})`;
  switch (enforced) {
    case ENFORCED.STOPPED:
      return done(`killed ${process}: stopped before its effect`);
    case ENFORCED.KILLED:
      return done(`killed ${process}: after its effect`);
    case ENFORCED.REFUSED:
      return done(
        `refused the call: stopped before its effect${kills ? `; ${process} lives: the kernel refused the signal` : ''}`,
      );
    case ENFORCED.REFUSED_AND_KILLED:
      return done(`refused the call and killed ${process}: stopped before its effect`);
    case ENFORCED.LSM_REFUSED:
      return done('refused (LSM): stopped before its effect');
    case ENFORCED.LSM_REFUSED_AND_KILLED:
      return done(`refused (LSM), and killed ${process}: stopped before its effect`);
    case ENFORCED.LSM_REFUSED_LATE:
      return done('refused (LSM): after it had made the file');
    case ENFORCED.LSM_KILLED:
      return done(`refused (LSM), and killed ${process}: after it had made the file`);
    case ENFORCED.OBSERVED:
      return { kind: 'observed', what: 'stop the call in the kernel' };
    case ENFORCED.PROTECTED:
      return refused('protected', 'the kernel does not act on this process');
    case ENFORCED.HOST:
      return refused('host', 'it is a process of the host, and responses.hosts is off');
    case ENFORCED.LIMITED:
      return refused('limit', 'as many as the limits allow were acted on in the kernel');
    case ENFORCED.UNDECIDED:
      return refused('incomplete', 'the kernel did not know enough of the file, the process or the container');
    case ENFORCED.FAILED:
      return { kind: 'failed', what: 'kill_process', reason: 'the kernel refused the signal', milliseconds: 0 };
    default:
      return refused(
        'incomplete',
        'the kernel did not decide for this agent: enforcement was not ready, the name or the process was unknown, or pins of a previous agent decided',
      );
  }
}

function done(what: string): Outcome {
  return { kind: 'done', what, milliseconds: 0 };
}

function refused(why: Refusal, detail: string): Outcome {
  return { kind: 'refused', why, detail };
}
