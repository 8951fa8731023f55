// What the documents say to readers who install: files that they point to are there, and they agree with each other.

import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { PROJECT } from '../../../host/setup/paths.mjs';

const DOCUMENTS = globSync(['*.md', '{deploy,host,native,rules,test}/**/*.md'], { cwd: PROJECT });
const NOTES = 'deploy/chart/wasprey/templates/NOTES.txt';

function read(path: string): string {
  return readFileSync(join(PROJECT, path), 'utf8');
}

test('each link of a document leads to a file', () => {
  const links = DOCUMENTS.flatMap((path) =>
    [...read(path).matchAll(/\]\((?![a-z]+:|#)([^)\s#]+)[^)]*\)/g)].map(([, link = '']) => ({ path, link })),
  );
  assert.ok(links.length > 20, `${links.length} links`);
  const broken = links.filter(({ path, link }) => !existsSync(join(PROJECT, dirname(path), link)));
  assert.deepEqual(broken, []);
});

test('README and notes of the chart name the same command that raises an alert in any pod', () => {
  const command = /kubectl exec -it POD -- .*/;
  assert.equal(command.exec(read('README.md'))?.[0], command.exec(read(NOTES))?.[0]);
});

test('deploy/README and notes of the chart say the same of the time until edited rules are in use', () => {
  const time = /(?:within )?about (.*minutes?)/;
  const [, told] = time.exec(read(NOTES)) ?? [];
  assert.ok(told);
  assert.equal(time.exec(read('deploy/README.md'))?.[1], told);
});
