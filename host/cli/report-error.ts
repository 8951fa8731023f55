// Turns errors of commands into a message and an exit status. A stack trace is printed only for defects in Wasprey.

import { UsageError } from '../diagnostics/arguments.ts';
import { describeFailure, EXIT, type FailureText } from '../diagnostics/failure.ts';
import type { Terminal } from '../diagnostics/terminal.ts';
import { reportFailure, SetupFailure } from '../setup/failure.mjs';

/**
 * @param command as the person gave it, for the hint at its help
 * @returns the exit status
 */
export async function reportError(error: unknown, command: string | undefined, terminal: Terminal): Promise<number> {
  const message = ({ message: text, help }: FailureText) =>
    terminal.say(`${terminal.alarm('wasprey:')} ${text}\n${help === undefined ? '' : `  ${help}\n`}`);

  if (error instanceof UsageError) {
    message({ message: error.message, help: await usageHint(error) });
    const known = command !== undefined && !command.startsWith('-') && !error.message.includes(`command ${command}`);
    terminal.say(`  see: wasprey ${known ? `${command} ` : ''}--help\n`);
    return EXIT.usage;
  }
  if (error instanceof SetupFailure) return reportFailure(error);
  const failure = describeFailure(error);
  if (failure) {
    message(failure);
    return EXIT.failure;
  }
  message({ message: 'unexpected error; this is a defect of Wasprey, please report it with the following details' });
  terminal.say(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return EXIT.failure;
}

async function usageHint({ hint }: UsageError): Promise<string | undefined> {
  if (hint === undefined || typeof hint === 'string') return hint;
  const { word, known, prefix } = hint;
  // Loaded only here: it brings the list of all fields along.
  const { nearest } = await import('../diagnostics/suggest.ts');
  const near = (word.length >= 2 ? known.find((name) => name.startsWith(word)) : undefined) ?? nearest(word, known);
  return near === undefined ? undefined : `did you mean ${prefix}${near}?`;
}
