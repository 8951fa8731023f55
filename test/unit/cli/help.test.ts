// The help of every command: complete, readable, and with examples that the command takes.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { COMMANDS } from '../../../host/cli/commands.ts';
import { type Command, commandHelp, HELP_OPTION } from '../../../host/cli/definition/command.ts';
import { parseArguments } from '../../../host/diagnostics/arguments.ts';
import { SILENT } from '../../../host/diagnostics/terminal.ts';

/** The words of a command as a shell has them, up to where something else follows: | && > #. */
function shellWords(line: string): string[] {
  const words: string[] = [];
  for (const [whole, single, double, plain] of line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)) {
    if (/^(?:\||&&|>|<|;|#|2>)/.test(whole)) break;
    words.push(single ?? double ?? plain ?? '');
  }
  return words;
}

describe('the help of each command', async () => {
  const commands = new Map<string, Command>();
  for (const { name, load } of COMMANDS) commands.set(name, await load());
  for (const [name, command] of commands) {
    it(`${name}: examples, which it takes`, () => {
      assert.equal(command.name, name);
      const examples = command.examples.map((example) => ({ ...example, words: shellWords(example.command) }));
      assert.ok(examples.some(({ words: [, first] }) => first === name));
      for (const { command: line, effect, words } of examples) {
        // One may show what comes next, with another command.
        const [program, first = '', ...rest] = words;
        const shown = commands.get(first);
        assert.ok(program === 'wasprey' && shown, line);
        assert.match(effect, /\.$/);
        // Refuses options that there are not, and values that can't be.
        parseArguments({ ...shown.options, help: HELP_OPTION }, rest);
      }
    });

    it(`${name}: all options, exit statuses, lines that fit`, () => {
      const help = commandHelp(command, { ...SILENT, width: 80 });
      assert.ok(help.startsWith(`Usage: wasprey ${name} `) || help.startsWith(`Usage: wasprey ${name}\n`), help);
      for (const option of Object.keys({ ...command.options, help: HELP_OPTION })) {
        assert.match(help, new RegExp(`^ {2}(?:-\\w, | {4})--${option}(?: |$)`, 'm'));
      }
      assert.match(
        help,
        /\n\nExit status:\n {2}0 {2}\S.*\n(?: {5}.*\n)* {2}1 {2}\S.*\n(?: {5}.*\n)* {2}2 {2}The arguments are wrong\.\n\n/,
      );
      const prose = help.slice(0, help.indexOf('\n\nExamples:'));
      for (const line of prose.split('\n')) assert.ok(line.length <= 100, line);
    });
  }
});

/** Has a process report each worker that it begins, in place of beginning it. */
const REPORTS_WORKERS = `data:text/javascript,${encodeURIComponent(`
  import threads from 'node:worker_threads';
  import { syncBuiltinESMExports } from 'node:module';
  threads.Worker = class { constructor() { process.stdout.write('a worker begins\\n'); } unref() {} on() {} };
  syncBuiltinESMExports();`)}`;

it('run begins its worker before it reads its arguments, but not for --help', () => {
  const main = new URL('../../../host/cli/main.ts', import.meta.url).pathname;
  const begins = (...words: readonly string[]): boolean => {
    const { stdout } = spawnSync(process.execPath, ['--import', REPORTS_WORKERS, main, 'run', ...words], {
      encoding: 'utf8',
    });
    return stdout.includes('a worker begins\n');
  };
  assert.equal(begins('--nonsense'), true);
  assert.equal(begins('--help'), false);
  assert.equal(begins('rules.yaml', '-h'), false);
});
