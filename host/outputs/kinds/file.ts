// Alerts in a file.

import { flag, section, text, whole } from '../../config-values/value-types.ts';
import { CommandFailure } from '../../diagnostics/failure.ts';
import { MEGABYTE } from '../../diagnostics/numbers.ts';
import { reasonOf } from '../../diagnostics/system-reason.ts';
import { fileOutput } from '../file-output.ts';
import { defineOutput, lineOptions } from './kind.ts';

export const FILE = defineOutput({
  name: 'file',
  keys: section('Alerts in a file.', {
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
  needs: 'filename',
  make({ filename, keep_alive: keepOpen, max_size_mb: megabytes, keep_files: keptFiles }, context) {
    const kept = { keepOpen, mostBytes: megabytes * MEGABYTE, keptFiles };
    try {
      return fileOutput(filename, { ...lineOptions(context, filename), ...kept });
    } catch (error) {
      throw new CommandFailure(`can't write ${filename}: ${reasonOf(error)}`);
    }
  },
});
