// Where alerts go; the keys of each output stand in host/outputs/kinds/.

import { applies, flag, item, list, map, section, text, unused, whole } from '../../config-values/value-types.ts';
import { OUTPUT_SECTIONS } from '../../outputs/kinds/outputs.ts';

const MATCH = item('The rules that it applies to; without any of these keys, all.', {
  source: text('', 'The source of their events.'),
  rule: text('', 'The name of the rule.'),
  tags: list(text('', 'A tag.'), 'All of these tags.'),
});

const MOST_WAITING = 1_000_000;

export const OUTPUT_KEYS = {
  output_timeout: whole(
    2000,
    { least: 0, most: 60_000 },
    'Milliseconds that outputs have at the end to write waiting alerts. Outputs never delay evaluation.',
  ),
  outputs_queue: applies(
    'outputs',
    section('The queue that each output has.', {
      capacity: whole(
        0,
        { least: 0, most: MOST_WAITING },
        'Alerts that may wait for an output; further ones are dropped and counted. 0: 8192.',
      ),
      recovery: unused(
        'A full queue drops further alerts, counts and reports them; Falco no longer has a choice either.',
      ),
    }),
  ),
  append_output: applies(
    'rules',
    list(
      item('Additions to alerts.', {
        match: MATCH,
        extra_output: text('', 'Text with fields, which is added to the alert.'),
        extra_fields: list(
          { ...map(text('', 'A format.'), 'A field, or a name and a format.'), orKey: true },
          'Fields that are only in output_fields: their name, or a name and a format.',
        ),
        suggested_output: flag(
          false,
          "Add the container's id, name and image, its pod and namespace, and static_fields.",
        ),
      }),
      'Adds to the alerts of rules, by source, rule and tags.',
    ),
  ),
  static_fields: applies(
    'rules',
    map(
      text('', 'Its value.'),
      'Constants: `static.NAME` in conditions, `%static.NAME` in outputs of rules and in append_output, or all of them by suggested_output.',
    ),
  ),
  ...OUTPUT_SECTIONS,
  spool: section(
    'A queue on disk for alerts that outputs over HTTP have not delivered yet. They are delivered in order, also after a restart.',
    {
      enabled: flag(
        false,
        'Keep undelivered alerts on disk. Otherwise up to outputs_queue.capacity alerts wait in memory.',
      ),
      path: text('/var/lib/wasprey/spool', 'Folder; each output has a subfolder in it.'),
      max_size_mb: whole(
        64,
        { least: 1, most: 65_536 },
        'Limit for each output; alerts beyond it are dropped, counted and reported.',
      ),
    },
  ),
} as const;
