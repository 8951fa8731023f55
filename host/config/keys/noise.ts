// Limits on repeated alerts.

import { applies, duration, fraction, list, map, section, text, whole } from '../../config-values/value-types.ts';
import { OUTPUT_NAMES } from '../../outputs/kinds/outputs.ts';

/** The actor, the action, the object. */
const KIND_FIELDS = ['container.id', 'k8s.pod.name', 'user.name', 'proc.name', 'proc.exepath', 'fd.name'];

const LIMITS = {
  repeat: duration(
    '0s',
    0,
    'For this time after an alert, others of its kind are only counted, and reported together. 0s: off.',
  ),
  rate: fraction(
    0,
    { least: 0, most: 1_000_000 },
    'Average number of alerts of a rule per second; further ones are only counted, and reported together. 0: off.',
  ),
  burst: whole(10, { least: 1, most: 1_000_000 }, 'Alerts of a rule that may come at once, if `rate` is set.'),
} as const;

export const NOISE_KEYS = {
  noise: applies(
    'outputs',
    section(
      'Limits repeated alerts. Off by default. The first alert of a kind is always written, and the number of alerts that were held back is reported.',
      {
        ...LIMITS,
        kind_fields: list(
          text('', 'A field.'),
          `Fields whose values distinguish kinds of alerts of a rule. Default: ${KIND_FIELDS.join(', ')}.`,
        ),
        outputs: map(
          section('Limits of one output, instead of the common ones.', { ...LIMITS }),
          `By name of the output: ${OUTPUT_NAMES.join(', ')}.`,
        ),
      },
    ),
  ),
} as const;

export const DEFAULT_KIND_FIELDS: readonly string[] = KIND_FIELDS;
