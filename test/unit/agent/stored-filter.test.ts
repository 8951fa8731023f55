// What a module's kernel filter says beside those of others: none of them drops what another module wants.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { loadRuleModule } from '../../../host/agent/modules/rule-module.ts';
import { filterTables } from '../../../host/capture/filter-tables.ts';
import { compileModule } from '../../../host/compiler/compile.ts';
import { MANIFEST_SECTION } from '../../../host/compiler/manifest.ts';
import { writeCustomSection } from '../../../host/sandbox/sections.ts';
import { findEventType } from '../../../host/schema/events/index.ts';
import { TEST_MODULES } from '../../support/module-cache.ts';
import { rulesOf } from '../../support/records/rule-module.ts';
import { onlyCandidate, passes } from '../../support/reference/filter-reference.ts';

const openat = findEventType('openat') ?? assert.fail();
const EVENT = { type: openat, failed: false, passed: '/srv/data', current: '/', resolved: '/srv/data' };

/** A module, with the filter that its manifest says; default: its own. */
async function moduleOf(condition: string, stored?: unknown) {
  const options = { cacheDirectory: TEST_MODULES, inThisProcess: true } as const;
  const { wasm, manifest } = await compileModule(rulesOf([condition]), options);
  const text = JSON.stringify({ ...manifest, ...(stored !== undefined && { filter: stored }) });
  const { filter } = loadRuleModule('a', writeCustomSection(wasm, MANIFEST_SECTION, Buffer.from(text)));
  return { own: manifest.filter, filter: filter ?? assert.fail() };
}

describe('the kernel filter of several modules', () => {
  test('an event type that a module names without a clause passes, whatever another asks of it', async () => {
    const { filter: any } = await moduleOf('evt.type in (openat, sendto) and fd.name = /srv/data', []);
    const { filter: narrow } = await moduleOf('evt.type = openat and fd.name = /etc/shadow');
    for (const filters of [
      [any, narrow],
      [narrow, any],
    ]) {
      const tables = filterTables(filters, [0, 1]);
      for (const rule of [0, 64]) assert.ok(passes(tables, { ...EVENT, candidates: onlyCandidate(rule) }));
    }
    assert.ok(!passes(filterTables([narrow, narrow], [0, 1]), EVENT));
  });

  test('a compiled module has a clause for each of its types', async () => {
    const { own, filter } = await moduleOf('evt.type in (sendto, execve, mkdir) or fd.name startswith /etc/');
    assert.deepEqual(filter, own);
  });
});
