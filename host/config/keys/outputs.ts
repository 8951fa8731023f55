// Outputs of alerts.

import { choice, flag, item, list, map, secretText, section, text, whole } from '../value-types.ts';

const SYSLOG_FACILITIES = [
  ...(['kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'cron', 'authpriv', 'ftp'] as const),
  ...(['local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'] as const),
] as const;

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
  outputs_queue: section('The queue that each output has.', {
    capacity: whole(
      0,
      { least: 0, most: MOST_WAITING },
      'Alerts that may wait for an output; further ones are dropped and counted. 0: 8192.',
    ),
  }),
  append_output: list(
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
  static_fields: map(
    text('', 'Its value.'),
    'Constants: `static.NAME` in conditions, `%static.NAME` in outputs of rules and in append_output, or all of them by suggested_output.',
  ),
  stdout_output: section('Alerts on standard output.', {
    enabled: flag(true, 'Write alerts to standard output.'),
  }),
  syslog_output: section('Alerts to syslog, with the priority of the rule as severity.', {
    enabled: flag(false, 'Send alerts to syslog.'),
    address: text(
      '/dev/log',
      'A datagram socket of this machine, or `udp://HOST:PORT` or `tcp://HOST:PORT`, by default port 514 (not in Falco).',
    ),
    format: choice(
      ['auto', 'rfc5424', 'rfc3164'],
      'auto',
      'Format of the messages; auto: as syslog(3) writes them to a socket, RFC 5424 over the network (not in Falco).',
    ),
    facility: choice(SYSLOG_FACILITIES, 'user', 'Syslog facility (not in Falco).'),
    ident: text('wasprey', "The program's name in the messages (not in Falco, where it is falco)."),
  }),
  file_output: section('Alerts in a file.', {
    enabled: flag(false, 'Append alerts to a file.'),
    filename: text('', 'The file; it is created if missing, readable only by its owner.'),
    keep_alive: flag(false, 'Keep the file open until SIGUSR1, instead of reopening it whenever alerts come.'),
    max_size_mb: whole(
      0,
      { least: 0, most: 1_000_000 },
      'Maximum size; a larger file is renamed to `.1`, that to `.2`, and so on; 0: no limit (not in Falco).',
    ),
    keep_files: whole(5, { least: 1, most: 1000 }, 'Number of renamed files to keep (not in Falco).'),
  }),
  program_output: section('Alerts to a program.', {
    enabled: flag(false, 'Write alerts to the standard input of a program.'),
    program: secretText('all', 'A shell command, run by `sh -c`.'),
    keep_alive: flag(
      false,
      'Start the program once and write every alert to it, instead of starting it for each; if it exits, it is started again.',
    ),
  }),
} as const;
