// Completion as the shells do it, from the files that packages bring along.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { writeCompletions } from '../../deploy/package/documents.ts';
import { COMMANDS } from '../../host/cli/commands.ts';
import { HELP_OPTION } from '../../host/cli/definition/command.ts';
import { PRIORITIES } from '../../host/schema/priority.ts';
import { bash, type Complete, fish, zsh } from '../support/machines/shells.ts';

const share = mkdtempSync(join(tmpdir(), 'wasprey-completion-'));
const folder = join(share, 'files');
const PATHS = ['a b.yaml', 'rules.yaml'];

/** Command lines, and what completes their last word. */
const expected = new Map<string, readonly string[]>([
  ['wasprey ', [...COMMANDS.map(({ name }) => name), 'help']],
  ['wasprey val', ['validate']],
  ['wasprey --', ['--help', '--version']],
  ['wasprey help ru', ['run']],
  ['wasprey nothing ', []],
  ['wasprey run --priority ', PRIORITIES.map((priority) => priority.toLowerCase())],
  ['wasprey run --priority=cr', ['--priority=critical']],
  ['wasprey run --signature w', ['warn']],
  ['wasprey run -c ', PATHS],
  ['wasprey run --module=ru', ['--module=rules.yaml']],
  ['wasprey run --duration ', []],
  ['wasprey run --iso-time ', PATHS],
  ['wasprey list ', ['events', 'fields', 'rules']],
  ['wasprey list --priority error ru', ['rules']],
  ['wasprey list --priority=error ru', ['rules']],
  ['wasprey list rules ', PATHS],
  ['wasprey log-level inf', ['info']],
  ['wasprey log-level debug ', []],
  ['wasprey generate read-se', ['read-sensitive-file', 'read-sensitive-file-after-startup']],
  ['wasprey explain ', []],
  ['wasprey explain Rule ', PATHS],
  ['wasprey captures sh', ['show']],
  ['wasprey captures ru', ['rules.yaml']],
  ['wasprey captures show ', PATHS],
  ['wasprey completion ', ['bash', 'fish', 'zsh']],
]);

before(async () => {
  mkdirSync(folder);
  for (const name of PATHS) writeFileSync(join(folder, name), '');
  await writeCompletions(share);
  for (const { name, load } of COMMANDS) {
    const options = Object.entries({ ...(await load()).options, help: HELP_OPTION });
    expected.set(
      `wasprey ${name} -`,
      options.flatMap(([long, { short }]) => [`--${long}`, ...(short === undefined ? [] : [`-${short}`])]),
    );
  }
});
after(() => rmSync(share, { recursive: true }));

const SHELLS: Readonly<Record<string, () => Complete>> = {
  bash: () => bash(join(share, 'bash-completion/completions/wasprey')),
  zsh: () => zsh(join(share, 'zsh/vendor-completions')),
  fish: () => fish(join(share, 'fish/vendor_completions.d/wasprey.fish')),
};

for (const [name, shell] of Object.entries(SHELLS)) {
  describe(name, () => {
    it('offers commands, options, values and files, each where it may stand', () => {
      const offered = shell()([...expected.keys()], folder);
      for (const [line, words] of expected) {
        const found = (offered.get(line) ?? [])
          // Where a value may follow in the same word, zsh shows it.
          .map((word) => (/ -$/.test(line) ? word.replace(/=$/, '') : word))
          // Where nothing else may stand, zsh offers options.
          .filter((word) => words.length > 0 || !word.startsWith('-'));
        assert.deepEqual(found.sort(), [...words].sort(), line);
      }
    });
  });
}
