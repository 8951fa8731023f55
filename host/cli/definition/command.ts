// The definition of a command, and its help.

import type { Completion, Option, OptionTable, ParsedArguments } from '../../diagnostics/arguments.ts';
import { EXIT } from '../../diagnostics/failure.ts';
import { columns, wrap } from '../../diagnostics/layout.ts';
import type { Terminal } from '../../diagnostics/terminal.ts';

export interface Operand {
  readonly values: Completion;
  /** Words that may stand there instead. */
  readonly words?: readonly string[];
  /** All that follow are alike. */
  readonly repeats?: true;
}

export interface Command<Table extends OptionTable = OptionTable> {
  readonly name: string;
  /** Operands as the usage line shows them, e.g. `RULES... -o OUT.wasm`. */
  readonly usage: string;
  /** For completion by shells, in their order. */
  readonly operands: readonly Operand[];
  /** A paragraph or two. */
  readonly description: string;
  /** What exit statuses 0 and 1 mean; 2 are wrong arguments, with any command. */
  readonly status: { readonly ok: string; readonly failure: string };
  readonly options: Table;
  readonly examples: readonly { readonly command: string; readonly effect: string }[];
  /** Does the work; resolves to the exit status. What the person did wrong is thrown, as UsageError or with its own rendering. */
  run(given: ParsedArguments<Table>, terminal: Terminal): Promise<number>;
}

/** A command as the overview lists it. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  /** Begins what takes long and needs none of the arguments. Called before load(), so also for wrong arguments, but not for --help. */
  begin?(): Promise<void>;
  load(): Promise<Command>;
}

/** Keeps the option table's exact type, so that `run` gets typed values. */
export function defineCommand<const Table extends OptionTable>(command: Command<Table>): Command<Table> {
  return command;
}

/** Every command has it. */
export const HELP_OPTION = { kind: 'flag', short: 'h', description: 'Show this help.' } as const;

/** The help of one command, as text. */
export function commandHelp(command: Command, { bold, width }: Terminal): string {
  const parts = [
    `${bold('Usage:')} wasprey ${command.name} ${command.usage}`.trimEnd(),
    wrap(command.description, width),
    `${bold('Options:')}\n${columns(optionRows(allOptions(command)), width)}`,
  ];
  const examples = command.examples.map(({ command: line, effect }) => `  ${line}\n      ${effect}`);
  parts.push(
    `${bold('Exit status:')}\n${columns(exitStatuses(command), width)}`,
    `${bold('Examples:')}\n${examples.join('\n')}`,
  );
  return `${parts.join('\n\n')}\n`;
}

/** The options of the command, and that for its help. */
export function allOptions({ options }: Command): OptionTable {
  return { ...options, help: HELP_OPTION };
}

/** What an option does, and which values it takes. */
export function optionMeaning(option: Option): string {
  const choices = option.kind === 'text' && option.choices ? ` One of: ${option.choices.join(', ')}.` : '';
  return option.description + choices;
}

/** Each exit status with its meaning. */
export function exitStatuses({ status: { ok, failure } }: Command): readonly (readonly [string, string])[] {
  return [
    [String(EXIT.ok), ok],
    [String(EXIT.failure), failure],
    [String(EXIT.usage), 'The arguments are wrong.'],
  ];
}

/** The options as help lists them: names and value, and what they do. */
export function optionRows(table: OptionTable): [string, string][] {
  return Object.entries(table).map(([name, option]) => {
    const value = option.kind === 'flag' ? '' : ` ${option.value}`;
    const short = option.short === undefined ? '    ' : `-${option.short}, `;
    return [`${short}--${name}${value}`, optionMeaning(option)];
  });
}
