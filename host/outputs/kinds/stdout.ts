// Alerts on standard output.

import { flag, section } from '../../config-values/value-types.ts';
import { descriptorOutput } from '../line-output.ts';
import { defineOutput, lineOptions } from './kind.ts';

export const STDOUT = defineOutput({
  name: 'stdout',
  keys: section('Alerts on standard output.', {
    enabled: flag(true, 'Write alerts to standard output.'),
  }),
  make: (_, context) => descriptorOutput(lineOptions(context, 'standard output')),
});
