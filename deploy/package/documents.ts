// What a package brings along for people and their shells.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { COMMANDS } from '../../host/cli/commands.ts';
import { completedCommands } from '../../host/cli/completion/command-line.ts';
import { COMPLETIONS } from '../../host/cli/completion/shells.ts';

/** Completion for each shell, where the shell looks for it. @param folder /usr/share, or what becomes it */
export async function writeCompletions(folder: string): Promise<void> {
  const commands = await completedCommands(COMMANDS);
  for (const { file, script } of Object.values(COMPLETIONS)) write(join(folder, file), script(commands));
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
