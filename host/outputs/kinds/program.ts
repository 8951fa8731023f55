// Alerts to a program.

import { flag, secretText, section } from '../../config-values/value-types.ts';
import { programOutput } from '../program-output.ts';
import { defineOutput, lineOptions } from './kind.ts';

export const PROGRAM = defineOutput({
  name: 'program',
  keys: section('Alerts to a program.', {
    enabled: flag(false, 'Write alerts to the standard input of a program.'),
    program: secretText('all', 'A shell command, run by `sh -c`.'),
    keep_alive: flag(
      false,
      'Start the program once and write every alert to it, instead of starting it for each; if it exits, it is started again.',
    ),
  }),
  needs: 'program',
  make: ({ program, keep_alive: keepAlive }, context) =>
    programOutput(program, { ...lineOptions(context, 'the program'), keepAlive }),
});
