// Whatever a command throws, as a message and an exit status. A stack trace is printed only for what is a defect of Wasprey's own.

import { escapeText } from '../outputs/escape.ts';
import { Interrupted, reportFailure, SetupFailure } from '../setup/failure.mjs';
import { UsageError } from './arguments.ts';
import { EXIT } from './command.ts';
import type { Terminal } from './terminal.ts';

/** A command could not do its work for a reason outside of Wasprey; the message says which, the help what to do. */
export class CommandFailure extends Error {
  readonly help: string | undefined;

  constructor(message: string, help?: string) {
    super(message);
    this.name = 'CommandFailure';
    this.help = help;
  }
}

/**
 * @param command as the person gave it, for the hint at its help
 * @returns the exit status
 */
export async function reportError(error: unknown, command: string | undefined, terminal: Terminal): Promise<number> {
  const message = (text: string, help?: string) =>
    terminal.say(`${terminal.alarm('wasprey:')} ${text}\n${help === undefined ? '' : `  ${help}\n`}`);

  if (error instanceof UsageError) {
    message(error.message, await usageHint(error));
    const known = command !== undefined && !command.startsWith('-') && !error.message.includes(`command ${command}`);
    terminal.say(`  see: wasprey ${known ? `${command} ` : ''}--help\n`);
    return EXIT.usage;
  }
  if (error instanceof CommandFailure) {
    message(error.message, error.help);
    return EXIT.failure;
  }
  if (error instanceof SetupFailure || error instanceof Interrupted) return reportFailure(error);
  if (error instanceof Error) {
    // Parts of Wasprey that a command may not even load, so they are known by name.
    if (error.name === 'SandboxError') {
      message(error.message, 'nothing of it has run; compile the rules again with this version of Wasprey');
      return EXIT.failure;
    }
    if (error.name === 'AscError' && 'kind' in error && error.kind !== 'failed') {
      message(`the rules could not be compiled: ${error.message}`, 'compile them in parts, or on a larger machine');
      return EXIT.failure;
    }
    if (error.name === 'RegistryError' && 'code' in error) {
      const help = 'help' in error && typeof error.help === 'string' ? error.help : undefined;
      message(`${escapeText(error.message)} [${String(error.code)}]`, help);
      return EXIT.failure;
    }
    if (error.name === 'SignatureError' && 'code' in error) {
      message(
        `${error.message} [${String(error.code)}]`,
        'sign it with a trusted key (`wasprey sign`), or trust the key that it is signed with',
      );
      return EXIT.failure;
    }
    if (error.name === 'RuleModuleError') {
      message(error.message, 'modules are made by: wasprey compile RULES... -o OUT.wasm');
      return EXIT.failure;
    }
    if (error.name === 'EngineError' && 'code' in error) {
      message(
        `the capture could not start: ${error.message} [${String(error.code)}]`,
        'detail' in error ? String(error.detail) : undefined,
      );
      return EXIT.failure;
    }
  }
  message('this should not have happened; it is a defect of Wasprey, please report it with what follows');
  terminal.say(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return EXIT.failure;
}

async function usageHint({ hint }: UsageError): Promise<string | undefined> {
  if (hint === undefined || typeof hint === 'string') return hint;
  const { word, known, prefix } = hint;
  // Loaded only here: it brings the list of all fields along.
  const { nearest } = await import('../compiler/suggest.ts');
  const near = (word.length >= 2 ? known.find((name) => name.startsWith(word)) : undefined) ?? nearest(word, known);
  return near === undefined ? undefined : `did you mean ${prefix}${near}?`;
}
