// Captures by rules.

import { CAPTURE_SCOPES } from '../../captures/notes/capture-notes.ts';
import { choice, duration, flag, section, size, text, whole } from '../../config-values/value-types.ts';
import { MEGABYTE } from '../../diagnostics/numbers.ts';

export const CAPTURES_KEYS = {
  capture: section(
    'Captures by rules: what happened before and after an alert, and the state of the processes then, in a file of its own. `wasprey captures` shows them.',
    {
      enabled: flag(false, 'Let alerts start captures.'),
      path_prefix: text(
        '/var/lib/wasprey/captures/capture',
        "Prefix of the files' paths; the alert's time and a number follow. Only the owner can read the files.",
      ),
      mode: choice(
        ['rules', 'all_rules'],
        'rules',
        '`rules`: alerts of rules with `capture: true`. `all_rules`: alerts of all rules.',
      ),
      default_duration: whole(
        5000,
        { least: 1, most: 600_000 },
        'Milliseconds after the alert, where the rule has no capture_duration. Further alerts of the same scope prolong it.',
      ),
      max_file_size_mb: whole(
        64,
        { least: 0, most: 65_536 },
        'Largest size of one file, in MB. With 0, only max_total_size limits it.',
      ),
      before: duration(
        '30s',
        0,
        'Time before the alert that the file includes. These events come from the journal; if that is off, the agent keeps them in memory, 16 MB at most.',
      ),
      scope: choice(
        CAPTURE_SCOPES,
        'container',
        'Which events the file contains. `container`: those of the container; alerts on the host are handled as with `process_tree`. `process_tree`: those of the session of the process, and of its descendants. `all`: those of the whole machine.',
      ),
      state: flag(
        true,
        'Add the state of these processes at the alert: arguments, open files, connections, executables with hashes, mounts, and what the container has changed in its files.',
      ),
      max_total_size: size('1GiB', 4 * MEGABYTE, 'Maximum size of all files; the oldest are removed to make room.'),
      max_per_rule: whole(10, { least: 1, most: 10_000 }, 'Captures that one rule can start in an hour.'),
    },
  ),
} as const;
