// All keys of the configuration.

import { type SectionValue, section } from '../config-values/value-types.ts';
import { BASE_SYSCALLS_KEYS } from './keys/base-syscalls.ts';
import { CAPTURES_KEYS } from './keys/captures.ts';
import { FORMAT_KEYS } from './keys/format.ts';
import { JOURNAL_KEYS } from './keys/journal.ts';
import { METADATA_KEYS } from './keys/metadata.ts';
import { MODULE_KEYS } from './keys/modules.ts';
import { NOISE_KEYS } from './keys/noise.ts';
import { OUTPUT_KEYS } from './keys/outputs.ts';
import { RESPONSE_KEYS } from './keys/responses.ts';
import { RULE_KEYS } from './keys/rules.ts';
import { SERVICE_KEYS } from './keys/service.ts';
import { SESSION_KEYS } from './keys/sessions.ts';
import { SOURCE_KEYS } from './keys/sources.ts';
import { UNUSED_KEYS } from './keys/unused.ts';

export const DEFINITION = section('The configuration of Wasprey.', {
  ...RULE_KEYS,
  ...MODULE_KEYS,
  ...FORMAT_KEYS,
  ...OUTPUT_KEYS,
  ...NOISE_KEYS,
  ...BASE_SYSCALLS_KEYS,
  ...SOURCE_KEYS,
  ...JOURNAL_KEYS,
  ...SESSION_KEYS,
  ...CAPTURES_KEYS,
  ...RESPONSE_KEYS,
  ...SERVICE_KEYS,
  ...METADATA_KEYS,
  ...UNUSED_KEYS,
});

/** The whole configuration, with defaults where nothing was given. */
export type Configuration = SectionValue<typeof DEFINITION.keys>;
