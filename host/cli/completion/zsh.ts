// Completion for zsh, by its _arguments.

import type { Completion } from '../../diagnostics/arguments.ts';
import { type CompletedCommand, type CompletedOption, FIRST_OPTIONS, quoted } from './command-line.ts';

export function zshCompletion(commands: readonly CompletedCommand[]): string {
  const rows = commands.map(({ name, summary }) => `        ${quoted(`${name}:${summary}`)}\n`);
  return `#compdef wasprey
# Completion of wasprey for zsh, made by \`wasprey completion zsh\`.

_wasprey() {
  local curcontext=$curcontext state line
  local -a commands
  typeset -A opt_args
  _arguments -C \\
${FIRST_OPTIONS.map((option) => `    ${aloneSpec(option)} \\\n`).join('')}    '1:command:->command' \\
    '*:: :->arguments'
  case $state in
    command)
      commands=(
${rows.join('')}      )
      _describe -t commands command commands
      ;;
    arguments)
      case $line[1] in
${commands.map(commandCase).join('')}      esac
      ;;
  esac
}

# Where this file was sourced rather than found by compinit.
if [[ $funcstack[1] == _wasprey ]]; then
  _wasprey "$@"
else
  compdef _wasprey wasprey
fi
`;
}

function commandCase({ name, options, operands }: CompletedCommand): string {
  const lines = [
    ...options.map(optionSpec),
    ...operands.map(({ values, words, repeats }, index) => {
      const name = repeats ? 'operands' : 'operand';
      return quoted(`${repeats ? '*' : index + 1}:${words ? eitherAction(name, words, values) : action(name, values)}`);
    }),
  ];
  return `        ${name})
          _arguments ${['-S', ...lines].join(' \\\n            ')}
          ;;
`;
}

/** An option with which nothing else may stand. */
function aloneSpec({ names, description }: CompletedOption): string {
  return `'(- *)'{${names.join(',')}}${quoted(`[${escaped(description)}]`)}`;
}

/** An option that is given once excludes its other name from then on. */
function optionSpec({ names, description, repeats, value }: CompletedOption): string {
  const help = value ? `[${escaped(description)}]:${action(value.name, value.values)}` : `[${escaped(description)}]`;
  const written = names.map((name) => (value ? `${name}${name.startsWith('--') ? '=' : '+'}` : name));
  const words = written.length > 1 ? `{${written.join(',')}}` : written.join('');
  if (written.length === 1) return quoted(`${repeats ? '*' : ''}${words}${help}`);
  return `'${repeats ? '*' : `(${names.join(' ')})`}'${words}${quoted(help)}`;
}

function action(name: string, values: Completion): string {
  const message = name.replaceAll(':', '\\:');
  switch (values) {
    case 'path':
      return `${message}:_files`;
    case 'anything':
      return `${message}: `;
    default:
      return `${message}:(${values.join(' ')})`;
  }
}

function eitherAction(name: string, words: readonly string[], values: Completion): string {
  const either = [`words:${action('word', words)}`, `others:${action(name, values)}`];
  return `${name}:_alternative ${either.map((spec) => `"${spec}"`).join(' ')}`;
}

/** Brackets end a description. */
function escaped(text: string): string {
  return text.replace(/[[\]\\]/g, '\\$&');
}
