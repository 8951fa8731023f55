// The command lines of what makes packages and images: a mistake is answered by the usage, never by a stack trace.

import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';

/**
 * Options and operands of this process. Ends it when they are not as the usage says.
 * @param usage one line, without its newline
 * @param isRight judges what has been parsed
 */
export function readCommandLine<const Options extends ParseArgsOptionsConfig>(
  usage: string,
  options: Options,
  isRight: (parsed: Parsed<Options>) => boolean,
): Parsed<Options> {
  try {
    const parsed = parseArgs({ allowPositionals: true, options });
    if (isRight(parsed)) return parsed;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  }
  process.stderr.write(`usage: ${usage}\n`);
  process.exit(2);
}

type Parsed<Options extends ParseArgsOptionsConfig> = ReturnType<
  typeof parseArgs<{ allowPositionals: true; options: Options }>
>;
