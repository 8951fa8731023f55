// Completion for fish: a line for each word that may stand somewhere, with the condition where.

import type { Completion } from '../../diagnostics/arguments.ts';
import type { Operand } from '../definition/command.ts';
import { type CompletedCommand, type CompletedOption, FIRST_OPTIONS, quoted } from './command-line.ts';

export function fishCompletion(commands: readonly CompletedCommand[]): string {
  return `# Completion of wasprey for fish, made by \`wasprey completion fish\`.

# The command that is completed; nothing before there is one.
function __wasprey_command
    set -l words (commandline -opc)
    echo $words[2]
end

# Whether the cursor is at an operand of that command, by its number; with + after it, at that or a later one.
function __wasprey_operand --argument-names command number
    set -l words (commandline -opc)
    test "$words[2]" = $command; or return
    set -l valued
    switch $command
${commands.map(valuedCase).join('')}    end
    set -l operand 1
    set -l is_value false
    for word in $words[3..]
        if test $is_value = true
            set is_value false
        else if string match -q -- '-*' $word
            contains -- $word $valued; and set is_value true
        else
            set operand (math $operand + 1)
        end
    end
    string match -q '*+' $number; and test $operand -ge (string trim -c + $number); or test $operand = $number
end

complete -c wasprey -f
${[...FIRST_OPTIONS.map(optionWords), ...commands.map(({ name, summary }) => `-a ${name} -d ${text(summary)}`)]
  .map((words) => `complete -c wasprey -n 'test -z (__wasprey_command)' ${words}\n`)
  .join('')}${commands.flatMap(linesOf).join('')}`;
}

function valuedCase({ name, options }: CompletedCommand): string {
  const valued = options.filter(({ value }) => value).flatMap(({ names }) => names);
  if (valued.length === 0) return '';
  return `        case ${name}\n            set valued ${valued.join(' ')}\n`;
}

function linesOf({ name, options, operands }: CompletedCommand): string[] {
  return [
    ...options.map((option) => `complete -c wasprey -n 'test (__wasprey_command) = ${name}' ${optionWords(option)}\n`),
    ...operands.flatMap((operand, index) => {
      const { values, words } = operand;
      const offers = [...(words ? [offer(words)] : []), ...(values === 'anything' ? [] : [offer(values)])];
      const condition = `__wasprey_operand ${name} ${place(operand, index + 1)}`;
      return offers.map((offered) => `complete -c wasprey -n '${condition}' ${offered}\n`);
    }),
  ];
}

function place({ repeats }: Operand, number: number): string {
  return repeats ? `${number}+` : String(number);
}

function optionWords({ names, description, value }: CompletedOption): string {
  const written = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
  return [...written, ...valueWords(value?.values), `-d ${text(description)}`].join(' ');
}

function valueWords(values: Completion | undefined): readonly string[] {
  if (values === undefined) return [];
  return [values === 'anything' ? '-x' : `-r ${offer(values)}`];
}

function offer(values: Exclude<Completion, 'anything'>): string {
  return values === 'path' ? '-F' : `-f -a ${text(values.join(' '))}`;
}

/** In fish a backslash is one in single quotes, too. */
function text(words: string): string {
  return quoted(words.replaceAll('\\', '\\\\')).replaceAll("'\\''", "\\'");
}
