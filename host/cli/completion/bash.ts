// Completion for bash. The script needs nothing of bash-completion's functions, so that it works where it is sourced by hand.

import type { Completion } from '../../diagnostics/arguments.ts';
import type { Operand } from '../definition/command.ts';
import { type CompletedCommand, FIRST_OPTIONS, quoted } from './command-line.ts';

export function bashCompletion(commands: readonly CompletedCommand[]): string {
  const names = commands.map(({ name }) => name);
  return `# Completion of wasprey for bash, made by \`wasprey completion bash\`.

_wasprey_words() {
  mapfile -t COMPREPLY < <(compgen -W "$1" -- "$word")
}

# Files and folders are completed by readline, which quotes them.
_wasprey_path() {
  compopt -o default
}

_wasprey() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]} command=\${COMP_WORDS[1]}
  local options= valued= index operand=1
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    case $word in
      -*) _wasprey_words ${quoted(FIRST_OPTIONS.flatMap(({ names }) => names).join(' '))} ;;
      *) _wasprey_words ${quoted(names.join(' '))} ;;
    esac
    return
  fi
  # Bash makes words of --option=value: --option, =, value.
  if [[ $word == = ]]; then
    word=
  elif [[ $before == = ]]; then
    before=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  # Options, and those that take a value.
  case $command in
${commands.map(optionsCase).join('')}  esac
  case $command:$before in
${commands.flatMap(valueCases).join('')}  esac
  if [[ $word == -* ]]; then
    _wasprey_words "$options"
    return
  fi
  for ((index = 2; index < COMP_CWORD; index++)); do
    if [[ \${COMP_WORDS[index]} != -* ]]; then
      ((++operand))
    elif [[ " $valued " == *" \${COMP_WORDS[index]} "* ]]; then
      [[ \${COMP_WORDS[index + 1]} == = ]] && ((++index))
      ((++index))
    fi
  done
  case $command:$operand in
${commands.flatMap(operandCases).join('')}  esac
}

complete -F _wasprey wasprey
`;
}

function optionsCase({ name, options }: CompletedCommand): string {
  const valued = options.filter(({ value }) => value).flatMap(({ names }) => names);
  if (options.length === 0) return '';
  return `    ${name})
      options=${quoted(options.flatMap(({ names }) => names).join(' '))}
      valued=${quoted(valued.join(' '))}
      ;;
`;
}

function valueCases({ name, options }: CompletedCommand): string[] {
  return options.flatMap(({ names, value }) =>
    value ? [`    ${names.map((word) => `${name}:${word}`).join(' | ')}) ${offer(value.values)} return ;;\n`] : [],
  );
}

function operandCases({ name, operands }: CompletedCommand): string[] {
  return operands.map((operand, index) => {
    const offers = [...(operand.words ? [offer(operand.words)] : []), offer(operand.values)];
    return `    ${name}:${place(operand, index + 1)}) ${offers.join(' ')} ;;\n`;
  });
}

function place({ repeats }: Operand, number: number): string {
  return repeats ? '*' : String(number);
}

function offer(values: Completion): string {
  switch (values) {
    case 'path':
      return '_wasprey_path;';
    case 'anything':
      return '';
    default:
      return `_wasprey_words ${quoted(values.join(' '))};`;
  }
}
