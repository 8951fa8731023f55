// A certificate authority of a test's own, made by openssl.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

export class Authority {
  readonly #folder: string;
  readonly #name: string;

  /** Its certificate and key lie in the folder under that name. */
  constructor(folder: string, name = 'ca') {
    this.#folder = folder;
    this.#name = name;
    this.#openssl(
      'req',
      '-x509',
      ...KEY,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.crt`,
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
    );
  }

  get path(): string {
    return join(this.#folder, `${this.#name}.crt`);
  }

  get pem(): string {
    return readFileSync(this.path, 'latin1');
  }

  /** Makes NAME.crt and NAME.key in the folder, for 127.0.0.1. */
  issue(name: string): { readonly certificate: string; readonly key: string } {
    const [key, request, certificate] = [`${name}.key`, `${name}.csr`, `${name}.crt`];
    const extension = ['-addext', 'subjectAltName=IP:127.0.0.1'];
    this.#openssl('req', ...KEY, '-keyout', key, '-out', request, '-subj', `/CN=${name}`, ...extension);
    const signer = ['-CA', `${this.#name}.crt`, '-CAkey', `${this.#name}.key`];
    this.#openssl(
      'x509',
      '-req',
      '-in',
      request,
      ...signer,
      '-out',
      certificate,
      '-days',
      '2',
      '-copy_extensions',
      'copy',
    );
    return { certificate: join(this.#folder, certificate), key: join(this.#folder, key) };
  }

  #openssl(...words: string[]): void {
    execFileSync('openssl', words, { cwd: this.#folder, stdio: 'pipe' });
  }
}
