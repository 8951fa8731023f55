// The command line as completion sees it: what may stand where, for the scripts of the shells.

import { type Completion, completionOf, type Option } from '../../diagnostics/arguments.ts';
import { allOptions, type Command, type CommandEntry, type Operand } from '../definition/command.ts';
import { PROGRAM } from '../definition/program.ts';

export interface CompletedOption {
  /** Names as they are written, `--config` and `-c`. */
  readonly names: readonly string[];
  readonly description: string;
  readonly repeats: boolean;
  /** Undefined: it takes no value. */
  readonly value: { readonly name: string; readonly values: Completion } | undefined;
}

export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly CompletedOption[];
  readonly operands: readonly Operand[];
}

/** Options in the place of a command. */
export const FIRST_OPTIONS: readonly CompletedOption[] = Object.entries(PROGRAM.options).map(completedOption);

/** All commands, and `help`, which takes the name of one. */
export async function completedCommands(entries: readonly CommandEntry[]): Promise<readonly CompletedCommand[]> {
  const commands = await Promise.all(
    entries.map(async ({ name, summary, load }) => {
      const command: Command = await load();
      const options = Object.entries(allOptions(command)).map(completedOption);
      return { name, summary: sentence(summary), options, operands: command.operands };
    }),
  );
  const names = commands.map(({ name }) => name);
  return [
    ...commands,
    { name: 'help', summary: 'Show the help of a command', options: [], operands: [{ values: names }] },
  ];
}

function completedOption([name, option]: readonly [string, Option]): CompletedOption {
  const { short, description } = option;
  const values = completionOf(option);
  return {
    names: [`--${name}`, ...(short === undefined ? [] : [`-${short}`])],
    description: sentence(description),
    repeats: option.kind === 'list',
    value: option.kind === 'flag' || values === undefined ? undefined : { name: option.value, values },
  };
}

/** The first sentence, without the full stop: a shell shows it beside the word. */
function sentence(text: string): string {
  const [first = ''] = text.split(/\.(?=\s|$)/);
  return first.replaceAll('`', '').replace(/\s+/g, ' ').trim();
}

/** A word that a shell takes as it is. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
