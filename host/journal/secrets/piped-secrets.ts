// Secrets that a script passes to the standard input of a command: `echo SECRET | sudo -S ls`, `chpasswd <<< user:SECRET`.

import type { ShellPiece } from './shell-words.ts';

const PRINTING: ReadonlySet<string> = new Set(['echo', 'printf']);
/** Programs that read nothing but secrets. */
const READING: ReadonlySet<string> = new Set(['chpasswd', 'gpg-preset-passphrase']);
/** Options by which others read one. */
const READING_OPTIONS: ReadonlySet<string> = new Set([
  '--password-stdin',
  '--stdin',
  '--with-token',
  '--passphrase-fd',
  '--pinentry-mode=loopback',
  '--api-key-stdin',
  '--token-stdin',
]);
/** `sudo -S`, `sudo -kS` */
const OF_SUDO = /^-[A-Za-z]*S$/;
const OPTION = /^-[A-Za-z]+$/;

/** A command of a script. */
interface Command {
  /** Numbers of its pieces. */
  readonly words: readonly number[];
  /** The gap in front of it, without blanks. */
  readonly lead: string;
}

/** The numbers of those pieces that are such a secret, or have one in them. */
export function pipedSecrets(pieces: readonly ShellPiece[]): ReadonlySet<number> {
  const secrets = new Set<number>();
  let before: Command | undefined;
  for (const command of commandsOf(pieces)) {
    const word = (index: number): string => pieces[index]?.text ?? '';
    if (before && command.lead === '|' && readsSecret(command, word)) {
      for (const index of printed(before, word)) if (!OPTION.test(word(index))) secrets.add(index);
    }
    const [text] = command.words;
    if (before && command.lead === '<<<' && text !== undefined && readsSecret(before, word)) secrets.add(text);
    before = command;
  }
  return secrets;
}

function* commandsOf(pieces: readonly ShellPiece[]): Generator<Command> {
  let words: number[] = [];
  let lead = '';
  for (const [index, { kind, text, endsCommand }] of pieces.entries()) {
    if (kind === 'word') words.push(index);
    if (!endsCommand) continue;
    if (words.length > 0) yield { words, lead };
    words = [];
    lead = text.trim();
  }
  if (words.length > 0) yield { words, lead };
}

/** The words that a command prints: where the quotes of `sh -c` are gone, the program is not the first one. */
function printed({ words }: Command, word: (index: number) => string): readonly number[] {
  const program = words.findIndex((index) => PRINTING.has(lastPart(word(index))));
  return program < 0 ? [] : words.slice(program + 1);
}

function lastPart(word: string): string {
  return word.slice(word.lastIndexOf('/') + 1);
}

function readsSecret(command: Command, word: (index: number) => string): boolean {
  let isSudo = false;
  for (const index of command.words) {
    const text = word(index);
    const name = lastPart(text);
    if (READING.has(name) || READING_OPTIONS.has(text) || (isSudo && OF_SUDO.test(text))) return true;
    isSudo ||= name === 'sudo';
  }
  return false;
}
