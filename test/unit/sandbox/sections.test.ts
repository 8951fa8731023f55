// Custom sections can be read, added and replaced without touching the rest; the verifier allows those it knows.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { concatenate, encodeName, encodeSection } from '../../../host/sandbox/encode.ts';
import { SandboxError } from '../../../host/sandbox/error.ts';
import { readCustomSection, removeCustomSection, writeCustomSection } from '../../../host/sandbox/sections.ts';
import { verifyModule } from '../../../host/sandbox/verify.ts';
import { ruleModule } from '../../support/sandbox/wasm-builder.ts';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const refusedAs = (code: string) => (error: unknown) => error instanceof SandboxError && error.code === code;

describe('sandbox: custom sections', () => {
  const module = new Uint8Array(ruleModule());

  it('are written, read and removed, V8 agreeing', () => {
    const withManifest = writeCustomSection(module, 'wasprey.manifest', text('{"rules":[]}'));
    assert.deepEqual(readCustomSection(withManifest, 'wasprey.manifest'), text('{"rules":[]}'));
    const seen = WebAssembly.Module.customSections(new WebAssembly.Module(withManifest), 'wasprey.manifest');
    assert.deepEqual(
      seen.map((section) => Buffer.from(section).toString()),
      ['{"rules":[]}'],
    );
    assert.deepEqual(verifyModule(withManifest).customSections.includes('wasprey.manifest'), true);
    assert.deepEqual(removeCustomSection(withManifest, 'wasprey.manifest'), module);
  });
  it('are refused where there are a million of them, before their names are read', () => {
    const many = concatenate([module, ...Array(1000).fill([0, 1, 0])]);
    assert.throws(() => readCustomSection(many, 'wasprey.signature'), refusedAs('limit'));
  });
  it('are replaced, and then stand last', () => {
    const first = writeCustomSection(module, 'wasprey.manifest', text('old'));
    const second = writeCustomSection(first, 'wasprey.signature', text('signature'));
    const third = writeCustomSection(second, 'wasprey.manifest', text('a new one that is longer'));
    assert.equal(
      Buffer.from(readCustomSection(third, 'wasprey.manifest') ?? []).toString(),
      'a new one that is longer',
    );
    assert.equal(Buffer.from(third.subarray(-24)).toString(), 'a new one that is longer');
    assert.deepEqual(verifyModule(third).customSections.slice(-2), ['wasprey.signature', 'wasprey.manifest']);
  });
  it('are undefined where there is none', () => {
    assert.equal(readCustomSection(module, 'wasprey.manifest'), undefined);
  });
  it('are refused twice under one name', () => {
    const section = encodeSection(0, concatenate([encodeName('wasprey.manifest'), text('{}')]));
    const twice = concatenate([module, section, section]);
    assert.throws(() => readCustomSection(twice, 'wasprey.manifest'), refusedAs('custom-section'));
    assert.throws(() => verifyModule(twice), refusedAs('custom-section'));
  });
  it('are refused with a name that is unknown or not UTF-8', () => {
    for (const name of ['sourceMappingURL', 'metadata.code.branch_hint', '.debug_info']) {
      assert.throws(() => verifyModule(writeCustomSection(module, name, text(''))), refusedAs('custom-section'));
    }
    const invalid = encodeSection(0, Uint8Array.from([2, 0xc3, 0x28]));
    assert.throws(() => verifyModule(concatenate([module, invalid])), refusedAs('malformed'));
  });
});
