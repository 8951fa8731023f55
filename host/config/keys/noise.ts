// What outputs are spared.

import { applies, duration, fraction, list, map, section, text, whole } from '../../config-values/value-types.ts';
import { OUTPUT_NAMES } from '../../outputs/kinds/outputs.ts';

/** Who did what to what. */
const KIND_FIELDS = ['container.id', 'k8s.pod.name', 'user.name', 'proc.name', 'proc.exepath', 'fd.name'];

const LIMITS = {
  repeat: duration(
    '0s',
    0,
    'For so long after an alert, others of its kind are counted and told of together. 0s: off.',
  ),
  rate: fraction(
    0,
    { least: 0, most: 1_000_000 },
    'Alerts a second of a rule, on average; others are counted and told of together. 0: off.',
  ),
  burst: whole(10, { least: 1, most: 1_000_000 }, 'Alerts of a rule that may come at once, where there is a rate.'),
} as const;

export const NOISE_KEYS = {
  noise: applies(
    'outputs',
    section(
      'What outputs are spared. Off by default; the first alert of a kind is always written, and nothing is held back untold.',
      {
        ...LIMITS,
        kind_fields: list(
          text('', 'A field.'),
          `Fields whose values make another kind of alert of a rule. Default: ${KIND_FIELDS.join(', ')}.`,
        ),
        outputs: map(
          section('Limits of one output, instead of those for all.', { ...LIMITS }),
          `By name of the output: ${OUTPUT_NAMES.join(', ')}.`,
        ),
      },
    ),
  ),
} as const;

export const DEFAULT_KIND_FIELDS: readonly string[] = KIND_FIELDS;
