// Modules as `wasprey run` gets them: from the cache, or from a file that may be anything.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { eventTypesIn, loadRuleModule, RuleModuleError } from '../../../host/agent/modules/rule-module.ts';
import { reportError } from '../../../host/cli/report-error.ts';
import { compileModule } from '../../../host/compiler/compile.ts';
import { MANIFEST_SECTION } from '../../../host/compiler/manifest.ts';
import { compileRules, loadCompiledRules, prepareRules } from '../../../host/daemon/rules/compile.ts';
import { loadRuleSet } from '../../../host/daemon/rules/load-rule-set.ts';
import { ALL_ENABLED } from '../../../host/daemon/rules/rule-selection.ts';
import type { Terminal } from '../../../host/diagnostics/terminal.ts';
import { removeCustomSection, writeCustomSection } from '../../../host/sandbox/sections.ts';
import { TEST_MODULES } from '../../support/module-cache.ts';

const RULES = `
- rule: Removed
  desc: d
  condition: evt.type = unlink and container.image.repository = nginx
  output: "%proc.name removes %fd.name"
  priority: info
  tags: [b, a]
`;

/** What a clause of a kernel filter may not be. */
const ODD_CLAUSES: readonly unknown[] = [
  null,
  [],
  { rule: 0 },
  { types: ['unlink'] },
  ...[-1, 1, 0.5, '0', null].map((rule) => ({ rule, types: ['unlink'] })),
  ...['unlink', ['no_such'], ['unlink', 'openat'], [0], null].map((types) => ({ rule: 0, types })),
  { rule: 0, types: ['unlink'], result: 'maybe' },
  ...['', 'f'.repeat(63), 'F'.repeat(64), 0, null].map((opens) => ({ rule: 0, types: ['openat'], opens })),
  ...['ipv4', ['ipv5'], null].map((sockets) => ({ rule: 0, types: ['connect'], sockets })),
  // Of another family than the types.
  { rule: 0, types: ['unlink'], opens: 'f'.repeat(64) },
  { rule: 0, types: ['openat'], sockets: ['ipv4'] },
  ...[null, {}, { beginnings: ['/etc'] }, { beginnings: ['etc'], endings: [] }, { beginnings: [''], endings: [] }].map(
    (path) => ({ rule: 0, types: ['openat'], path }),
  ),
  ...[[''], ['/a/b'], ['a/b'], ['\u0100'], [0]].map((endings) => ({
    rule: 0,
    types: ['openat'],
    path: { beginnings: [], endings },
  })),
  { rule: 0, types: ['openat'], path: { beginnings: [], endings: [], topLevel: false } },
];

const said: string[] = [];
const TERMINAL: Terminal = {
  print: () => assert.fail('nothing is printed here'),
  say: (text) => void said.push(text),
  color: false,
  interactive: false,
  width: 80,
  bold: (text) => text,
  alarm: (text) => text,
};

let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'wasprey-module-'));
});
after(() => rmSync(folder, { recursive: true }));

/** What a person reads who runs a file with these bytes. */
async function refusal(bytes: Uint8Array): Promise<string> {
  const path = join(folder, 'r.wasm');
  writeFileSync(path, bytes);
  said.length = 0;
  try {
    loadCompiledRules(path);
  } catch (error) {
    assert.equal(await reportError(error, 'run', TERMINAL), 1);
    return said.join('');
  }
  return assert.fail('the module was taken');
}

test('a compiled module is taken; any other file is refused with the reason, and never with a stack trace', async () => {
  const { active } = loadRuleSet([{ name: 'r.yaml', text: RULES }], TERMINAL, false);
  const { wasm, manifest } = await compileModule(active, { cacheDirectory: TEST_MODULES, inThisProcess: true });
  const withManifest = (changed: unknown) =>
    writeCustomSection(wasm, MANIFEST_SECTION, Buffer.from(JSON.stringify(changed)));
  const withFilter = (clause: unknown) => withManifest({ ...manifest, filter: [clause] });

  const { structs } = manifest.layout;
  const [imageSize, image] = structs.image ?? assert.fail();
  const moved = { ...manifest.layout, structs: { ...structs, image: [imageSize, { ...image, uid: 'u32@0' }] } };
  writeFileSync(join(folder, 'good.wasm'), wasm);
  const { rules, eventTypes } = loadCompiledRules(join(folder, 'good.wasm'));
  assert.deepEqual(
    rules.map(({ name, priority, tags }) => ({ name, priority, tags })),
    [{ name: 'Removed', priority: 'Informational', tags: ['a', 'b'] }],
  );
  // Of another version, to whose records this one has only added something.
  const { candidates: _, ...fewer } = image;
  const older = { ...manifest.layout, structs: { ...structs, image: [imageSize, fewer] } };
  writeFileSync(join(folder, 'older.wasm'), withManifest({ ...manifest, schema: 'other', layout: older }));
  assert.equal(loadCompiledRules(join(folder, 'older.wasm')).rules.length, 1);
  assert.deepEqual(eventTypes, ['unlink']);

  for (const [bytes, reason] of [
    [
      new Uint8Array(),
      /r\.wasm: rule module refused \(malformed\)[^\n]*\n {2}modules are compiled by: wasprey compile/,
    ],
    [
      Buffer.from(RULES),
      /r\.wasm: rule module refused \(malformed\)[^\n]*\n {2}modules are compiled by: wasprey compile/,
    ],
    [wasm.subarray(0, wasm.length - 1), /r\.wasm: rule module refused \(malformed\)[^\n]*\n {2}it was not run/],
    [removeCustomSection(wasm, MANIFEST_SECTION), /no manifest[^\n]*\n {2}modules are compiled by: wasprey compile/],
    [
      writeCustomSection(wasm, MANIFEST_SECTION, Buffer.from('{')),
      /its manifest is damaged: it is not valid JSON \[MODULE_BAD_MANIFEST\]\n/,
    ],
    [withManifest(null), /its manifest is damaged: it is not a JSON object \[/],
    [withManifest([]), /it is not a JSON object \[/],
    [
      withManifest({ ...manifest, schema: 'other', layout: {} }),
      / for event schema other, and this version has [0-9a-f]{16} \(it does not say for which layout .*\[MODULE_OTHER_VERSION\]/,
    ],
    [
      withManifest({ ...manifest, schema: 'other', layout: moved }),
      / \(image\.uid was u32@0 and is u32@\d+\): compile its rules again with this version \[MODULE_OTHER_VERSION\]/,
    ],
    [withManifest({ ...manifest, eventTypes: 'unlink' }), /it has unknown event types/],
    [withManifest({ ...manifest, eventTypes: ['no_such'] }), /it has unknown event types/],
    [withManifest({ ...manifest, rules: {} }), /it has no rules/],
    [withManifest({ ...manifest, rules: [null] }), /rule 0 is not a JSON object/],
    [withManifest({ ...manifest, rules: [{ ...manifest.rules[0], name: 1 }] }), /the name of rule 0 is not a text/],
    [withManifest({ ...manifest, rules: [{ ...manifest.rules[0], tags: 'a' }] }), /tags or fields of rule 0/],
    [
      withManifest({ ...manifest, rules: [{ ...manifest.rules[0], name: '\u001b[2J', priority: 'x' }] }),
      /damaged: rule \\u001b\[2J has/,
    ],
    [withManifest({ ...manifest, rules: [{ ...manifest.rules[0], priority: 'URGENT' }] }), /URGENT/],
    [withManifest({ ...manifest, rules: [{ ...manifest.rules[0], output: '%no.such' }] }), /damaged/],
    [
      withManifest({ ...manifest, rules: [{ ...manifest.rules[0], output: 'x'.repeat(70_000) }] }),
      /damaged: output has/,
    ],
    [
      withManifest({ ...manifest, rules: [{ ...manifest.rules[0], name: 'x'.repeat(64 * 1024 + 1) }] }),
      /name of rule 0 is too long/,
    ],
    [
      withManifest({ ...manifest, rules: [{ ...manifest.rules[0], tags: Array(2000).fill('x'.repeat(100)) }] }),
      /tags of rule 0 are too long/,
    ],
    [
      withManifest({ ...manifest, rules: [{ ...manifest.rules[0], source: 'x'.repeat(64 * 1024 + 1) }] }),
      /source of rule 0 is too long/,
    ],
    [withManifest({ ...manifest, names: Array.from({ length: 5000 }, (_, i) => `n${i}.test`) }), /too many host names/],
    [withManifest({ ...manifest, filter: {} }), /its kernel filter is not a list/],
    ...ODD_CLAUSES.map((clause) => [withFilter(clause), /clause 0 of its kernel filter is invalid/] as const),
  ] as const) {
    const text = await refusal(bytes);
    assert.match(text, reason);
    assert.doesNotMatch(text, /^\s+at |defect/m);
  }
});

test('a manifest of any shape is taken or refused', async () => {
  const { active } = loadRuleSet([{ name: 'r.yaml', text: RULES }], TERMINAL, false);
  const { wasm, manifest } = await compileModule(active, { cacheDirectory: TEST_MODULES, inThisProcess: true });
  const odd = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom('unlink', 'Warning', '%proc.name', '%proc.aname[', 'proc.aname'),
  );
  const oddRule = fc
    .tuple(fc.constantFrom('name', 'priority', 'source', 'tags', 'output', 'fields'), fc.oneof(odd, fc.array(odd)))
    .map(([key, value]) => ({ ...manifest.rules[0], [key]: value }));
  const oddManifest = fc.oneof(
    odd,
    fc
      .tuple(fc.constantFrom('version', 'schema', 'eventTypes', 'rules', 'filter'), fc.oneof(odd, fc.array(odd)))
      .map(([key, value]) => ({ ...manifest, [key]: value })),
    fc.array(fc.oneof(odd, oddRule)).map((rules) => ({ ...manifest, rules })),
  );
  let refused = 0;
  fc.assert(
    fc.property(oddManifest, (changed) => {
      const bytes = writeCustomSection(wasm, MANIFEST_SECTION, Buffer.from(JSON.stringify(changed)));
      assert.ok(eventTypesIn(bytes).every((type) => type === 'unlink'));
      try {
        const { rules } = loadRuleModule('odd.wasm', bytes);
        for (const { name, source, tags } of rules)
          assert.ok([name, source, ...tags].every((text) => typeof text === 'string'));
      } catch (error) {
        assert.ok(error instanceof RuleModuleError, String(error));
        assert.doesNotMatch(error.message, /is not iterable|undefined|not a function|\p{Cc}/u);
        refused++;
      }
    }),
    { numRuns: 1000 },
  );
  assert.ok(refused > 0 && refused < 1000);
});

test('the event types of rules are reported, from the compiler and from the cache; bytes that are not a module have none', async () => {
  const told: (readonly string[])[] = [];
  const loading = { terminal: TERMINAL, warn: () => {}, progress: false, inBackground: false };
  const files = [{ name: join(folder, 'told.yaml'), text: RULES }];
  for (let round = 0; round < 2; round++)
    await compileRules('told', files, ALL_ENABLED, { ...loading, onEventTypes: (types) => told.push(types) });
  assert.deepEqual(told, [['unlink'], ['unlink']]);
  assert.deepEqual(eventTypesIn(Buffer.from('no module')), []);
});

test('rules are compiled once, and again when they change', async (t) => {
  const path = join(folder, 'r.yaml');
  // The folder's name is new each time, and part of what the cache goes by.
  writeFileSync(path, RULES);
  t.mock.method(process.stderr, 'write', (text: string) => said.push(text) > 0);
  const compilations = async () => {
    said.length = 0;
    await prepareRules([path], TERMINAL);
    return said.filter((text) => text.includes('rule module')).length;
  };
  assert.equal(await compilations(), 1);
  assert.equal(await compilations(), 0);
  writeFileSync(path, RULES.replace('nginx', 'redis'));
  assert.equal(await compilations(), 1);
});
