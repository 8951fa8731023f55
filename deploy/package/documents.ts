// What a package brings along for people and their shells. A folder given here is /usr/share, or what becomes it.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { COMMANDS } from '../../host/cli/commands.ts';
import { completedCommands } from '../../host/cli/completion/command-line.ts';
import { COMPLETIONS } from '../../host/cli/completion/shells.ts';
import { manPages } from './man-pages.ts';

/** man/man1/wasprey.1, a page for each command beside it, and man/man5/wasprey.yaml.5. */
export async function writeManPages(folder: string, date: Date): Promise<void> {
  for (const { name, section, text } of await manPages(COMMANDS, date))
    write(join(folder, `man/man${section}/${name}.${section}`), text);
}

/** Completion for each shell, where the shell looks for it. */
export async function writeCompletions(folder: string): Promise<void> {
  const commands = await completedCommands(COMMANDS);
  for (const { file, script } of Object.values(COMPLETIONS)) write(join(folder, file), script(commands));
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
