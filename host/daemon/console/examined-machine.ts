// Findings of `wasprey doctor` on this machine.

import { type ExaminedSettings, examine } from '../../doctor/examine.ts';
import type { RuntimePlaces } from '../../metadata/directory/runtime-places.ts';
import type { ShownExamination } from './messages.ts';

export interface ExamineQuestion {
  readonly kind: 'examine';
  /** Places of the container runtimes that the agent uses. */
  readonly places: RuntimePlaces;
  readonly settings: ExaminedSettings;
}

export async function examinedMachine({ places, settings }: ExamineQuestion): Promise<ShownExamination> {
  const { kernelRelease, architecture, state, groups } = await examine(places, settings);
  return { kind: 'examined', kernelRelease, architecture, state, groups };
}
