// What lists commands has all of them: a file of a command is found by the table alone, and a person finds it by the documents.

import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { COMMANDS } from '../../../host/cli/commands.ts';
import { PROJECT } from '../../../host/setup/paths.mjs';
import { assertSameNames } from '../../support/same-names.ts';

const NAMES = COMMANDS.map(({ name }) => name);

/** What is in code style in the first column of the table with that head. */
function firstColumn(document: string, head: string): string[] {
  const text = readFileSync(join(PROJECT, document), 'utf8');
  const [, ...rows] = text.slice(text.indexOf(head)).split('\n\n')[0]?.split('\n') ?? [];
  const cells = rows.map((row) => /^\| (.*?) \|/.exec(row)?.[1] ?? '');
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code));
}

test('each file of a command is in the table of commands', () => {
  const files = globSync('host/cli/commands/*.ts', { cwd: PROJECT }).map((path) => basename(path, '.ts'));
  assertSameNames(
    NAMES,
    files,
    'host/cli/commands.ts has a line for each file NAME.ts of commands/; parts of commands stand in folders beside that',
  );
});

test('the README describes each command', () => {
  const described = firstColumn('README.md', '| command |').map((code) => /^wasprey ([\w-]+)/.exec(code)?.[1] ?? code);
  assertSameNames(described, NAMES, 'README.md has a table under "Commands", with each as `wasprey NAME ...`');
});

test('the README of the commands says where the work of each is done', () => {
  const described = firstColumn('host/cli/commands/README.md', '| commands |').map((code) => code.split(' ')[0] ?? '');
  assertSameNames(described, NAMES, 'host/cli/commands/README.md has a table of all commands, each as `NAME`');
});
