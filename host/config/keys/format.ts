// What alerts look like.

import { applies, flag, unused } from '../../config-values/value-types.ts';

export const FORMAT_KEYS = {
  time_format_iso_8601: flag(false, 'Times in ISO 8601, UTC, instead of the time of day.'),
  json_output: applies('outputs', flag(false, 'Alerts as JSON objects, one a line, in every output.')),
  json_include_output_property: applies('outputs', flag(true, 'The alert line with time and priority, as `output`.')),
  json_include_message_property: applies(
    'outputs',
    flag(false, 'The alert line without time and priority, as `message`.'),
  ),
  json_include_output_fields_property: applies('outputs', flag(true, 'The fields of the event, as `output_fields`.')),
  json_include_tags_property: applies('outputs', flag(true, 'The tags of the rule, as `tags`.')),
  buffer_format_base64: flag(
    false,
    'Show buffers, such as evt.buffer, in base64 instead of as text with dots for unprintable characters.',
  ),
  buffered_outputs: unused('Alerts are written at once; only waiting alerts are written together.'),
} as const;
