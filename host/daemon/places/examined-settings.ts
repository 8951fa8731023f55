// What the doctor has to know of a configuration besides the places of container runtimes and the receiver.

import type { Configuration } from '../../config/definition.ts';
import type { ExaminedSettings } from '../../doctor/examine.ts';
import { namedSockets } from './metadata-places.ts';

export function examinedSettings(configuration: Configuration): ExaminedSettings {
  const { hooks, missing_hooks: missingHooks } = configuration.engine.wasprey;
  return { namedSockets: namedSockets(configuration), hooks, missingHooks };
}
