import type { CaptureTrial, TrialFailure } from '../../host/doctor/capture-trial.ts';

/** The doctor's trial of a capture that has started with all hooks. */
export const STARTED: CaptureTrial = {
  loaded: ['on_call', 'on_open'],
  missing: [],
  lackOfFexit: undefined,
  missingIoUringOperations: [],
  hasDirectReads: true,
  missingEnforcers: [],
  lackOfLsm: undefined,
  lackOfPins: undefined,
  startMs: 340,
  failure: undefined,
};

/** One that ended before it began. */
export function notStarted(failure: TrialFailure): CaptureTrial {
  return {
    ...STARTED,
    ...{ loaded: [], missingIoUringOperations: undefined, hasDirectReads: undefined, missingEnforcers: undefined },
    ...{ startMs: 0, failure },
  };
}
