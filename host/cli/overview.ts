// The help of the program as a whole.

import { columns } from '../diagnostics/layout.ts';
import type { Terminal } from '../diagnostics/terminal.ts';
import { COMMANDS } from './commands.ts';
import { optionRows } from './definition/command.ts';
import { PROGRAM } from './definition/program.ts';

export function overview({ bold, width }: Terminal): string {
  const commands = COMMANDS.map(({ name, summary }) => [name, summary]);
  return [
    PROGRAM.description,
    `${bold('Usage:')} wasprey COMMAND [ARGUMENT...]`,
    `${bold('Commands:')}\n${columns(commands, width)}`,
    `${bold('Options:')}\n${columns(optionRows(PROGRAM.options), width)}`,
    `Exit status: ${PROGRAM.status}`,
  ]
    .join('\n\n')
    .concat('\n');
}
