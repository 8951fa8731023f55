// Signatures of a module: they are in its last custom section and cover every byte before it.

import { sign, verify } from 'node:crypto';
import { customSectionAtEnd, readCustomSection, removeCustomSection, writeCustomSection } from '../sandbox/sections.ts';
import type { SigningKey, TrustedKey } from './key.ts';

export const SIGNATURE_SECTION = 'wasprey.signature';

/** Prefix of the signed data, so that a signature for other data is invalid for a module. */
const CONTEXT = Buffer.from('wasprey module 1\0');
const SECTION_VERSION = 1;
const LONGEST_SECTION = 16 * 1024;
const MOST_SIGNATURES = 8;
const SIGNATURE_BYTES = 64;

/** The result of checking a module's signatures. */
export type SignatureVerdict =
  /** Signed by these trusted keys. */
  | { readonly kind: 'trusted'; readonly keys: readonly string[] }
  | { readonly kind: 'unsigned' }
  /** Only signed by keys that are not trusted. */
  | { readonly kind: 'untrusted'; readonly keys: readonly string[] }
  /** The signature of a trusted key is invalid: the module was changed, or the signature belongs to another. */
  | { readonly kind: 'tampered'; readonly keys: readonly string[] }
  | { readonly kind: 'malformed'; readonly reason: string };

interface Signature {
  readonly key: string;
  readonly bytes: Buffer;
}

/** Adds signatures of these keys to a module, one for each key. Throws SandboxError for an invalid module. */
export function signModule(bytes: Uint8Array, keys: readonly SigningKey[]): Uint8Array<ArrayBuffer> {
  const content = removeCustomSection(bytes, SIGNATURE_SECTION);
  const signed = Buffer.concat([CONTEXT, content]);
  const kept = signaturesOf(bytes).filter(({ key }) => !keys.some(({ id }) => id === key));
  const made = keys.map(({ id, key }): Signature => ({ key: id, bytes: sign(null, signed, key) }));
  const signatures = [...kept, ...made].map((each) => ({ key: each.key, signature: each.bytes.toString('base64') }));
  const section = JSON.stringify({ version: SECTION_VERSION, signatures });
  return writeCustomSection(content, SIGNATURE_SECTION, Buffer.from(section));
}

/** Ids of the keys in a module's signatures, without checking them. */
export function signersOf(bytes: Uint8Array): string[] {
  return signaturesOf(bytes).map(({ key }) => key);
}

/** Checks a module's signatures. Throws SandboxError for an invalid module. */
export function checkSignature(bytes: Uint8Array, trusted: readonly TrustedKey[]): SignatureVerdict {
  const section = readCustomSection(bytes, SIGNATURE_SECTION);
  if (section === undefined) return { kind: 'unsigned' };
  const end = customSectionAtEnd(bytes, SIGNATURE_SECTION);
  // Bytes after it would be run, or read as a manifest, without being covered by a signature.
  if (end === undefined) return { kind: 'malformed', reason: 'its signature is not its last section' };
  const signatures = parseSection(section);
  if (typeof signatures === 'string') return { kind: 'malformed', reason: signatures };
  const signed = Buffer.concat([CONTEXT, bytes.subarray(0, end)]);
  const known = signatures.flatMap((signature) =>
    trusted.filter(({ id }) => id === signature.key).map(({ id, key }) => ({ id, key, signature: signature.bytes })),
  );
  if (known.length === 0) return { kind: 'untrusted', keys: signatures.map(({ key }) => key) };
  const [fit, unfit] = [true, false].map((wanted) =>
    known.filter(({ key, signature }) => verify(null, signed, key, signature) === wanted).map(({ id }) => id),
  ) as [string[], string[]];
  // An invalid one is a sign of tampering, even if others are valid.
  return unfit.length > 0 ? { kind: 'tampered', keys: unfit } : { kind: 'trusted', keys: fit };
}

function signaturesOf(bytes: Uint8Array): readonly Signature[] {
  const section = readCustomSection(bytes, SIGNATURE_SECTION);
  const signatures = section === undefined ? [] : parseSection(section);
  return typeof signatures === 'string' ? [] : signatures;
}

/** The signatures, or the error of the section. */
function parseSection(section: Uint8Array): readonly Signature[] | string {
  if (section.length > LONGEST_SECTION) return 'its signature is too long';
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(section).toString('utf8'));
  } catch {
    return 'its signature is not valid JSON';
  }
  if (typeof json !== 'object' || json === null || !('version' in json) || !('signatures' in json)) {
    return 'its signature is not a JSON object with a version and signatures';
  }
  if (json.version !== SECTION_VERSION) return 'its signature has an unknown version';
  if (!Array.isArray(json.signatures) || json.signatures.length === 0) return 'it has no signature';
  if (json.signatures.length > MOST_SIGNATURES) return `it has more than ${MOST_SIGNATURES} signatures`;
  const signatures = json.signatures.map(parseSignature);
  const whole = signatures.filter((signature) => signature !== undefined);
  if (whole.length < signatures.length) return 'one of its signatures is not an ed25519 signature';
  if (new Set(whole.map(({ key }) => key)).size < whole.length) return 'it has two signatures of one key';
  return whole;
}

function parseSignature(value: unknown): Signature | undefined {
  if (typeof value !== 'object' || value === null || !('key' in value) || !('signature' in value)) return undefined;
  const { key, signature } = value;
  if (typeof key !== 'string' || !/^[0-9a-f]{16}$/.test(key) || typeof signature !== 'string') return undefined;
  const bytes = Buffer.from(signature, 'base64');
  return bytes.length === SIGNATURE_BYTES ? { key, bytes } : undefined;
}
