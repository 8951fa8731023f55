// The time that packages and images have of their commit, or of SOURCE_DATE_EPOCH.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { sourceDate } from '../../../deploy/tree/fixed-metadata.ts';
import { SetupFailure } from '../../../host/setup/failure.mjs';
import { PROJECT } from '../../../host/setup/paths.mjs';
import { directoryForTest } from '../../support/directory.ts';

const COMMITTED = 1_700_000_000;
const SOMEBODY = 65_534;

/** What the machine's and the user's configuration of git say does not count. */
process.env.GIT_CONFIG_NOSYSTEM = '1';
process.env.GIT_CONFIG_GLOBAL = '/dev/null';

function checkout(context: TestContext): string {
  const folder = directoryForTest(context);
  const author = ['-c', 'user.name=a', '-c', 'user.email=a@example.org'];
  execFileSync('git', ['init', '-q', folder]);
  execFileSync('git', ['-C', folder, ...author, 'commit', '-q', '--allow-empty', '-m', 'all'], {
    env: { ...process.env, GIT_COMMITTER_DATE: `${COMMITTED} +0000` },
  });
  return folder;
}

const dateOf = (folder: string): number => sourceDate(folder, undefined);

test('it is the time of the commit', (context) => {
  const folder = checkout(context);
  assert.equal(dateOf(folder), COMMITTED);
  assert.equal(dateOf(`${folder}/`), COMMITTED);
});

const skip = process.getuid?.() === 0 ? false : 'only root can give a folder to somebody else';

test('it is the time of the commit in a checkout of another user', { skip }, (context) => {
  const folder = checkout(context);
  for (const path of ['.', ...readdirSync(folder, { recursive: true, encoding: 'utf8' })])
    chownSync(join(folder, path), SOMEBODY, SOMEBODY);
  const refused = spawnSync('git', ['-C', folder, 'log', '-1'], { encoding: 'utf8' });
  assert.match(refused.stderr, /dubious ownership/);
  assert.equal(dateOf(folder), COMMITTED);
  assert.equal(dateOf(`${folder}/`), COMMITTED);
});

test('sources without git are of 1970, inside another repository too', (context) => {
  assert.equal(dateOf(directoryForTest(context)), 0);
  const inside = join(checkout(context), 'inside');
  mkdirSync(inside);
  assert.equal(dateOf(inside), 0);
});

test('a repository that the environment names is not taken for that of the sources', (context) => {
  context.after(() => delete process.env.GIT_DIR);
  const folder = checkout(context);
  process.env.GIT_DIR = join(PROJECT, '.git');
  assert.equal(dateOf(folder), COMMITTED);
});

test('a checkout that git can not read is a failure that says what to do', (context) => {
  const folder = directoryForTest(context);
  mkdirSync(join(folder, '.git'));
  assert.throws(
    () => dateOf(folder),
    (error) => {
      assert.ok(error instanceof SetupFailure);
      assert.match(error.problems[0]?.how ?? '', /SOURCE_DATE_EPOCH/);
      assert.match(error.evidence.output ?? '', /not a git repository/);
      return true;
    },
  );
});

test('a checkout where there is no git is a failure as well', (context) => {
  const folder = checkout(context);
  const path = process.env.PATH;
  context.after(() => {
    process.env.PATH = path;
  });
  process.env.PATH = folder;
  assert.throws(() => dateOf(folder), SetupFailure);
});

test('SOURCE_DATE_EPOCH takes its place, if it is a time', () => {
  assert.equal(sourceDate(PROJECT, '0'), 0);
  assert.equal(sourceDate(PROJECT, '1700000001'), 1_700_000_001);
  for (const text of [
    '',
    'soon',
    '-1',
    '1.5',
    '1e9',
    ' 1',
    '0x10',
    'NaN',
    'Infinity',
    '8589934592',
    '99999999999999999999',
  ])
    assert.throws(() => sourceDate(PROJECT, text), SetupFailure, text);
});

test('the programs that make packages and images refuse another one at once, without a stack trace', () => {
  const folder = mkdtempSync('/tmp/wasprey-dates-');
  try {
    for (const words of [
      ['deploy/package/main.ts', folder],
      ['deploy/image/main.ts', join(folder, 'image.tar')],
    ]) {
      const { status, stderr } = spawnSync(process.execPath, words, {
        cwd: PROJECT,
        encoding: 'utf8',
        env: { ...process.env, SOURCE_DATE_EPOCH: 'soon' },
      });
      assert.equal(status, 1, stderr);
      assert.match(stderr, /^wasprey: SOURCE_DATE_EPOCH is not a time\n {2}\* it is "soon"\n/);
      assert.doesNotMatch(stderr, /\n {4}at /);
    }
    assert.deepEqual(readdirSync(folder), []);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
