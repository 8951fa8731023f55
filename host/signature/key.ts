// Keys that modules are signed with: ed25519, in PEM files as OpenSSL writes them (`openssl genpkey -algorithm ed25519`).

import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';

/** Why a key is invalid. `code` is stable. */
export class KeyError extends Error {
  override readonly name = 'KeyError';
  readonly code: 'KEY_UNREADABLE' | 'KEY_OTHER_KIND' | 'KEY_IS_PUBLIC' | 'KEY_IS_PRIVATE';

  constructor(code: KeyError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

export interface KeyPair {
  /** PKCS #8. */
  readonly privatePem: string;
  /** SubjectPublicKeyInfo. */
  readonly publicPem: string;
}

export interface SigningKey {
  readonly id: string;
  readonly key: KeyObject;
}

/** A key whose signatures are accepted. */
export interface TrustedKey {
  readonly id: string;
  readonly key: KeyObject;
}

const ID_DIGITS = 16;

export function generateKeyPair(): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519', {
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  return { privatePem: privateKey, publicPem: publicKey };
}

/** @throws {KeyError} */
export function readSigningKey(pem: string): SigningKey {
  if (/-----BEGIN PUBLIC KEY-----/.test(pem)) {
    throw new KeyError('KEY_IS_PUBLIC', 'is a public key; signing needs the private one');
  }
  const key = read(pem, createPrivateKey);
  return { id: idOf(createPublicKey(key)), key };
}

/**
 * Refuses private keys: checking signatures must not need them.
 * @throws {KeyError}
 */
export function readTrustedKey(pem: string): TrustedKey {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)) {
    throw new KeyError('KEY_IS_PRIVATE', 'is a private key; use the public one');
  }
  const key = read(pem, createPublicKey);
  return { id: idOf(key), key };
}

function read(pem: string, parse: (pem: string) => KeyObject): KeyObject {
  let key: KeyObject;
  try {
    key = parse(pem);
  } catch {
    // OpenSSL's reason is a number and the name of a decoder, and may be for an encrypted key as well.
    throw new KeyError('KEY_UNREADABLE', 'is not a key in PEM format, or is encrypted');
  }
  if (key.asymmetricKeyType !== 'ed25519') {
    throw new KeyError(
      'KEY_OTHER_KIND',
      `is a key for ${key.asymmetricKeyType ?? 'another algorithm'}, not for ed25519`,
    );
  }
  return key;
}

/** The first digits of the SHA-256 of the public key in DER: identifies keys, and proves nothing. */
function idOf(publicKey: KeyObject): string {
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(der).digest('hex').slice(0, ID_DIGITS);
}
