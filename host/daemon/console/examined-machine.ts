// Findings of `wasprey doctor` on this machine.

import { examine } from '../../doctor/examine.ts';
import type { RuntimePlaces } from '../../metadata/directory/runtime-places.ts';
import type { ShownExamination } from './messages.ts';

export interface ExamineQuestion {
  readonly kind: 'examine';
  /** Places of the container runtimes that the agent uses. */
  readonly places: RuntimePlaces;
}

export async function examinedMachine({ places }: ExamineQuestion): Promise<ShownExamination> {
  const { kernelRelease, architecture, state, groups } = await examine(places);
  return { kind: 'examined', kernelRelease, architecture, state, groups };
}
