// Rule files that are added to an image: from a file or an address, under their own name.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readAddedRules } from '../../../deploy/image/added-rules.ts';
import { SetupFailure } from '../../../host/setup/failure.mjs';

const RULES = '- macro: ours\n  condition: evt.type = open\n';

const folder = mkdtempSync(join(tmpdir(), 'wasprey-added-rules-'));
after(() => rmSync(folder, { recursive: true }));

function written(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

test('a file', async () => {
  assert.deepEqual(await readAddedRules(written('ours.yaml', RULES)), { name: 'ours.yaml', text: RULES });
});

test('an address', async () => {
  const server = createServer(({ url }, response) => {
    response.statusCode = url === '/of/falco_rules.yaml?raw=1' ? 200 : 404;
    response.end(RULES);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  try {
    const host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    assert.deepEqual(await readAddedRules(`${host}/of/falco_rules.yaml?raw=1`), {
      name: 'falco_rules.yaml',
      text: RULES,
    });
    await assert.rejects(readAddedRules(`${host}/other.yaml`), SetupFailure);
  } finally {
    server.close();
  }
});

test('a path that is not a rules file is refused', async () => {
  const page = written('page.yaml', '<!doctype html>\n<title>a: page: of a site</title>\n');
  for (const place of [written('rules.txt', RULES), join(folder, 'missing.yaml'), page]) {
    await assert.rejects(readAddedRules(place), SetupFailure, place);
  }
});
