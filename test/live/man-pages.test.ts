// Manual pages: one for each command, which the formatters take without a complaint and which say what --help says.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { writeManPages } from '../../deploy/package/documents.ts';
import { COMMANDS } from '../../host/cli/commands.ts';
import { configKeys } from '../../host/cli/reports/config-reference.ts';

const BACKSPACE = '\b';
const share = mkdtempSync(join(tmpdir(), 'wasprey-man-'));

before(() => writeManPages(share, new Date('2026-11-24')));
after(() => rmSync(share, { recursive: true }));

/** As a person reads it, on one line. */
function rendered(page: string): string {
  const text = execFileSync('mandoc', ['-T', 'ascii', '-O', 'width=200', join(share, 'man', page)], {
    encoding: 'utf8',
  });
  // Bold and underlined letters are printed twice, with a backspace between.
  return text.replace(new RegExp(`.${BACKSPACE}`, 'g'), '').replace(/\s+/g, ' ');
}

it('there is one for the program, each command, and the configuration', () => {
  const expected = ['wasprey.1', ...COMMANDS.map(({ name }) => `wasprey-${name}.1`)];
  assert.deepEqual(readdirSync(join(share, 'man/man1')).sort(), expected.sort());
  assert.deepEqual(readdirSync(join(share, 'man/man5')), ['wasprey.yaml.5']);
});

it('mandoc and groff have nothing to complain of', () => {
  const pages = globSync(join(share, 'man/*/*'));
  assert.ok(pages.length > COMMANDS.length);
  const lint = spawnSync('mandoc', ['-T', 'lint', ...pages], { encoding: 'utf8' });
  assert.equal(lint.stdout + lint.stderr, '');
  for (const page of pages) {
    const groff = spawnSync('groff', ['-man', '-ww', '-T', 'ascii', '-z', page], { encoding: 'utf8' });
    assert.deepEqual({ page, status: groff.status, said: groff.stderr }, { page, status: 0, said: '' });
  }
});

it('each has the options, examples and exit statuses of its command', async () => {
  for (const { name, load } of COMMANDS) {
    const text = rendered(`man1/wasprey-${name}.1`);
    const { options, examples, status } = await load();
    for (const [long, { short, description }] of Object.entries(options)) {
      const names = short === undefined ? `--${long}` : `-${short}, --${long}`;
      assert.ok(text.includes(names) && text.includes(plain(description)), `${name}: ${names}: ${description}`);
    }
    for (const { command, effect } of examples) assert.ok(text.includes(`${plain(effect)} ${plain(command)}`), command);
    assert.ok(text.includes(`0 ${plain(status.ok)} 1 ${plain(status.failure)} 2 The arguments are wrong.`), name);
  }
});

it('that of the program lists the commands, and that of the configuration the keys', () => {
  const program = rendered('man1/wasprey.1');
  for (const { name, summary } of COMMANDS) assert.ok(program.includes(`wasprey-${name}(1) ${plain(summary)}`), name);
  const configuration = rendered('man5/wasprey.yaml.5');
  const { applied, unused } = configKeys();
  for (const { path, meaning } of [...applied, ...unused])
    assert.ok(configuration.includes(`${path} ${plain(meaning)}`), path);
});

it('they have the date of the build', () => {
  assert.match(readFileSync(join(share, 'man/man1/wasprey.1'), 'utf8'), /^\.TH "WASPREY" "1" "2026-11-24" /);
});

function plain(text: string): string {
  return text.replaceAll('`', '').replace(/\s+/g, ' ').trim();
}
