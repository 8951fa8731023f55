// Signatures of modules: what they cover, and what an agent that asks for them takes.

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { before, test } from 'node:test';
import fc from 'fast-check';
import { compileModule } from '../../../host/compiler/compile.ts';
import { SandboxError } from '../../../host/sandbox/error.ts';
import { readCustomSection, writeCustomSection } from '../../../host/sandbox/sections.ts';
import { generateKeyPair, KeyError, readSigningKey, readTrustedKey } from '../../../host/signature/key.ts';
import { admitModule, SignatureError } from '../../../host/signature/policy.ts';
import { checkSignature, SIGNATURE_SECTION, signersOf, signModule } from '../../../host/signature/signature.ts';
import { TEST_MODULES } from '../../support/module-cache.ts';
import { rulesOf } from '../../support/records/rule-module.ts';

const [old, young, foreign] = [pair(), pair(), pair()];

function pair() {
  const { privatePem, publicPem } = generateKeyPair();
  return { privatePem, publicPem, signing: readSigningKey(privatePem), trusted: readTrustedKey(publicPem) };
}

let module: Uint8Array;
before(async () => {
  module = (await compileModule(rulesOf(['evt.type = open']), { cacheDirectory: TEST_MODULES, inThisProcess: true }))
    .wasm;
});

test('a module that a trusted key has signed is known by it, whoever else has signed', () => {
  assert.deepEqual(checkSignature(module, [old.trusted]), { kind: 'unsigned' });
  const signed = signModule(module, [old.signing]);
  assert.deepEqual(checkSignature(signed, [old.trusted]), { kind: 'trusted', keys: [old.trusted.id] });
  assert.deepEqual(checkSignature(signed, [young.trusted]), { kind: 'untrusted', keys: [old.trusted.id] });
  assert.deepEqual(checkSignature(signed, []), { kind: 'untrusted', keys: [old.trusted.id] });
});

test('keys are changed by signing with both: agents that trust either take the module', () => {
  const both = signModule(signModule(module, [old.signing]), [young.signing]);
  assert.deepEqual(both, signModule(module, [old.signing, young.signing]));
  for (const { trusted } of [old, young]) {
    assert.deepEqual(checkSignature(both, [trusted, foreign.trusted]), { kind: 'trusted', keys: [trusted.id] });
  }
  assert.deepEqual(signersOf(both), [old.trusted.id, young.trusted.id]);
  assert.deepEqual(signModule(both, [young.signing]), both, 'a key signs once');
});

test('no byte of a signed module can be changed, and none added', () => {
  const signed = signModule(module, [old.signing]);
  const end = signed.length - (readCustomSection(signed, SIGNATURE_SECTION)?.length ?? 0);
  fc.assert(
    fc.property(fc.nat({ max: signed.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const changed = signed.slice();
      changed[at] = (changed[at] ?? 0) ^ change;
      try {
        const { kind } = checkSignature(changed, [old.trusted]);
        // Within the signature's section white space or the case of a name may make no difference to what it says; elsewhere all does.
        assert.ok(kind !== 'trusted' || at >= end, `byte ${at} was changed to ${changed[at]}`);
      } catch (error) {
        assert.ok(error instanceof SandboxError, String(error));
      }
    }),
    { numRuns: 2000 },
  );
  const longer = writeCustomSection(signed, 'wasprey.other', new Uint8Array(4));
  assert.deepEqual(checkSignature(longer, [old.trusted]), {
    kind: 'malformed',
    reason: 'its signature is not its last section',
  });
});

test('a signature of another module, or of the same bytes as something else, does not fit', () => {
  const other = signModule(writeCustomSection(module, 'wasprey.other', new Uint8Array(4)), [old.signing]);
  const moved = writeCustomSection(module, SIGNATURE_SECTION, readCustomSection(other, SIGNATURE_SECTION) ?? module);
  assert.deepEqual(checkSignature(moved, [old.trusted]), { kind: 'tampered', keys: [old.trusted.id] });
  const both = signModule(moved, [young.signing]);
  assert.equal(checkSignature(both, [old.trusted, young.trusted]).kind, 'tampered', 'one that does not fit spoils all');
});

test('a section that is not a signature is refused with what is wrong', () => {
  const { id } = old.trusted;
  const signature = Buffer.alloc(64).toString('base64');
  for (const [section, reason] of [
    ['{', 'its signature is not valid JSON'],
    ['[]', 'its signature is not a JSON object with a version and signatures'],
    ['{"version":2,"signatures":[]}', 'its signature has an unknown version'],
    ['{"version":1,"signatures":[]}', 'it has no signature'],
    [
      JSON.stringify({ version: 1, signatures: [{ key: id, signature: 'AA' }] }),
      'one of its signatures is not an ed25519 signature',
    ],
    [
      JSON.stringify({ version: 1, signatures: [{ key: '../x', signature }] }),
      'one of its signatures is not an ed25519 signature',
    ],
    [
      JSON.stringify({
        version: 1,
        signatures: [
          { key: id, signature },
          { key: id, signature },
        ],
      }),
      'it has two signatures of one key',
    ],
    [
      JSON.stringify({ version: 1, signatures: Array.from({ length: 9 }, () => ({ key: id, signature })) }),
      'it has more than 8 signatures',
    ],
    [' '.repeat(20_000), 'its signature is too long'],
  ] as const) {
    const bytes = writeCustomSection(module, SIGNATURE_SECTION, Buffer.from(section));
    assert.deepEqual(checkSignature(bytes, [old.trusted]), { kind: 'malformed', reason });
  }
});

test('a policy refuses, or only warns, and says why', () => {
  const warnings: string[] = [];
  const warn = (message: string) => void warnings.push(message);
  const admit = (bytes: Uint8Array, mode: 'off' | 'warn' | 'required') =>
    admitModule('r.wasm', bytes, { mode, keys: [old.trusted] }, warn);
  const refused = (bytes: Uint8Array, code: SignatureError['code']) =>
    assert.throws(
      () => admit(bytes, 'required'),
      (error) => error instanceof SignatureError && error.code === code,
    );
  const signed = signModule(module, [old.signing]);
  assert.deepEqual(admit(signed, 'required'), [old.trusted.id]);
  refused(module, 'SIGNATURE_MISSING');
  refused(signModule(module, [foreign.signing]), 'SIGNATURE_UNTRUSTED');
  const section = readCustomSection(signed, SIGNATURE_SECTION) ?? module;
  refused(
    writeCustomSection(writeCustomSection(module, 'wasprey.x', section), SIGNATURE_SECTION, section),
    'SIGNATURE_WRONG',
  );
  refused(writeCustomSection(module, SIGNATURE_SECTION, new Uint8Array()), 'SIGNATURE_DAMAGED');
  assert.equal(admit(signed, 'off'), undefined, 'not checked');
  assert.deepEqual(warnings, []);
  assert.deepEqual(admit(module, 'warn'), []);
  assert.deepEqual(warnings, ['r.wasm is not signed [SIGNATURE_MISSING]']);
});

test('keys of another kind, and the wrong half of a pair, are refused', () => {
  const rsa = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const code = (work: () => unknown): string => {
    try {
      work();
    } catch (error) {
      assert.ok(error instanceof KeyError, String(error));
      return error.code;
    }
    return assert.fail('the key was taken');
  };
  assert.equal(
    code(() => readSigningKey(old.publicPem)),
    'KEY_IS_PUBLIC',
  );
  assert.equal(
    code(() => readTrustedKey(old.privatePem)),
    'KEY_IS_PRIVATE',
  );
  assert.equal(
    code(() => readSigningKey(rsa.privateKey)),
    'KEY_OTHER_KIND',
  );
  assert.equal(
    code(() => readTrustedKey(rsa.publicKey)),
    'KEY_OTHER_KIND',
  );
  assert.equal(
    code(() => readTrustedKey('')),
    'KEY_UNREADABLE',
  );
  assert.equal(
    code(() => readTrustedKey('-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n')),
    'KEY_UNREADABLE',
  );
});
