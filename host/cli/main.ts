// The command line: finds the command, parses its arguments, and turns whatever goes wrong into a message and an exit status.

import '../daemon/early-signals.ts';
import { parseArguments, UsageError } from '../diagnostics/arguments.ts';
import { EXIT } from '../diagnostics/failure.ts';
import { reasonOf } from '../diagnostics/system-reason.ts';
import { processTerminal, type Terminal } from '../diagnostics/terminal.ts';
import { version } from '../diagnostics/version.ts';
import { enableCompileCache } from '../setup/compile-cache.mjs';
import { COMMANDS } from './commands.ts';
import { allOptions, type Command, type CommandEntry, commandHelp } from './definition/command.ts';
import { overview } from './overview.ts';
import { reportError } from './report-error.ts';

enableCompileCache();
process.exitCode = await main(process.argv.slice(2), processTerminal());

async function main(words: readonly string[], terminal: Terminal): Promise<number> {
  // A reader that has seen enough (`| head`) is not an error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT.ok);
    terminal.say(`${terminal.alarm('wasprey:')} can't write the output: ${reasonOf(error)}\n`);
    process.exit(EXIT.failure);
  });
  const [first, ...rest] = words;
  try {
    switch (first) {
      case '--version':
      case '-V':
        terminal.print(`wasprey ${version()}\n`);
        return EXIT.ok;
      case '--help':
      case '-h':
      case 'help':
        return await help(rest, terminal);
      case undefined:
        terminal.say(overview(terminal));
        return EXIT.usage;
      default: {
        const entry = findCommand(first);
        if (!rest.some(asksForHelp)) await entry.begin?.();
        return await runCommand(await entry.load(), rest, terminal);
      }
    }
  } catch (error) {
    return reportError(error, first, terminal);
  }
}

async function help(names: readonly string[], terminal: Terminal): Promise<number> {
  const [name] = names;
  terminal.print(name === undefined ? overview(terminal) : commandHelp(await findCommand(name).load(), terminal));
  return EXIT.ok;
}

async function runCommand(command: Command, words: readonly string[], terminal: Terminal): Promise<number> {
  const { options, operands } = parseArguments(allOptions(command), words);
  if (options.help) {
    terminal.print(commandHelp(command, terminal));
    return EXIT.ok;
  }
  return command.run({ options, operands }, terminal);
}

function asksForHelp(word: string): boolean {
  return word === '--help' || word === '-h';
}

function findCommand(name: string): CommandEntry {
  const found = COMMANDS.find((command) => command.name === name);
  if (found) return found;
  const kind = name.startsWith('-') ? 'option' : 'command';
  throw new UsageError(`unknown ${kind} ${name}`, {
    word: name,
    known: COMMANDS.map((command) => command.name),
    prefix: '',
  });
}
