// A client of registries: the part of the OCI distribution protocol that artifacts need. All returned content has been checked against its
// digest and size; all reads have limits, because a registry is not trusted.

import { createHash } from 'node:crypto';
import { withoutAdvice } from '../diagnostics/system-reason.ts';
import { readBody } from './body.ts';
import type { Credentials } from './credentials.ts';
import { RegistryError } from './error.ts';
import { guardedFetch } from './guarded-fetch.ts';
import { isLoopback, type Reference } from './reference.ts';
import { authorize } from './token.ts';

export const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json';

/** The specification allows registries to refuse larger manifests. */
const LARGEST_MANIFEST = 4 * 1024 * 1024;
const TIMEOUT_MS = 30_000;

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: ReadonlyMap<string, string>;
}

export interface StoredManifest {
  readonly digest: string;
  readonly bytes: Uint8Array;
}

export interface ClientOptions {
  readonly credentials?: Credentials | undefined;
  /** HTTP without TLS. Default: for this machine's own addresses only. */
  readonly plainHttp?: boolean;
}

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Talks about one repository. All methods reject with RegistryError. */
export class RegistryClient {
  readonly #host: string;
  readonly #base: string;
  readonly #repository: string;
  readonly #credentials: Credentials | undefined;
  #authorization: string | undefined;

  constructor({ host, repository }: Reference, { credentials, plainHttp }: ClientOptions = {}) {
    this.#host = host;
    this.#repository = repository;
    this.#base = `${(plainHttp ?? isLoopback(host)) ? 'http' : 'https'}://${host}`;
    this.#credentials = credentials;
  }

  /** For messages. */
  get place(): string {
    return `${this.#host}/${this.#repository}`;
  }

  /** The current digest of a tag, without fetching it; undefined if the tag does not exist. */
  async resolve(tag: string): Promise<string | undefined> {
    const response = await this.#request('HEAD', `manifests/${tag}`, { accept: MANIFEST_TYPE }, undefined, [200, 404]);
    const digest = response.headers.get('docker-content-digest');
    if (response.status === 404) return undefined;
    // A registry may omit the header.
    return digest !== null && /^sha256:[0-9a-f]{64}$/.test(digest) ? digest : (await this.manifest(tag))?.digest;
  }

  /** Undefined if not found. @param name a tag or a digest */
  async manifest(name: string): Promise<StoredManifest | undefined> {
    const response = await this.#request('GET', `manifests/${name}`, { accept: MANIFEST_TYPE }, undefined, [200, 404]);
    if (response.status === 404) return undefined;
    const bytes = await this.#read(response, LARGEST_MANIFEST, `manifest ${name}`);
    const digest = digestOf(bytes);
    if (name.startsWith('sha256:') && name !== digest)
      throw this.#wrong(`manifest ${name} has another digest, ${digest}`);
    return { digest, bytes };
  }

  /** @param largest most bytes that are accepted, regardless of the descriptor */
  async blob({ digest, size }: Descriptor, largest: number): Promise<Uint8Array> {
    if (size > largest) throw this.#wrong(`${digest} has ${size} bytes; the limit is ${largest}`);
    const response = await this.#request('GET', `blobs/${digest}`, {}, undefined, [200]);
    const bytes = await this.#read(response, size, digest);
    if (bytes.length !== size || digestOf(bytes) !== digest)
      throw this.#wrong(`the content of ${digest} has another digest`);
    return bytes;
  }

  /** Uploads a blob, unless it exists. */
  async pushBlob(bytes: Uint8Array): Promise<string> {
    const digest = digestOf(bytes);
    const there = await this.#request('HEAD', `blobs/${digest}`, {}, undefined, [200, 404]);
    if (there.status === 200) return digest;
    const begun = await this.#request('POST', 'blobs/uploads/', {}, undefined, [202]);
    const location = begun.headers.get('location');
    if (location === null)
      throw new RegistryError('REGISTRY_ANSWER', `${this.#host} returned no location for the upload`);
    const url = new URL(location, this.#base);
    url.searchParams.set('digest', digest);
    await this.#send('PUT', url, { 'content-type': 'application/octet-stream' }, bytes, [201]);
    return digest;
  }

  /** @param name a tag, or the manifest's own digest; returns its digest */
  async pushManifest(name: string, bytes: Uint8Array): Promise<string> {
    await this.#request('PUT', `manifests/${name}`, { 'content-type': MANIFEST_TYPE }, bytes, [201]);
    return digestOf(bytes);
  }

  #request(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body: Uint8Array | undefined,
    expected: readonly number[],
  ): Promise<Response> {
    return this.#send(method, new URL(`/v2/${this.#repository}/${path}`, this.#base), headers, body, expected);
  }

  async #send(
    method: string,
    url: URL,
    headers: Readonly<Record<string, string>>,
    body: Uint8Array | undefined,
    expected: readonly number[],
  ): Promise<Response> {
    let response = await this.#fetch(method, url, headers, body);
    if (response.status === 401) {
      const challenge = response.headers.get('www-authenticate') ?? '';
      await response.body?.cancel();
      this.#authorization = await authorize(this.#host, challenge, this.#credentials, method);
      response = await this.#fetch(method, url, headers, body);
    }
    if (expected.includes(response.status)) return response;
    await response.body?.cancel();
    throw this.#refused(method, response.status);
  }

  async #fetch(method: string, url: URL, headers: Readonly<Record<string, string>>, body: Uint8Array | undefined) {
    // Credentials are only for the registry: an upload may be redirected to another host.
    const own = url.host === new URL(this.#base).host && this.#authorization !== undefined;
    try {
      return await guardedFetch(this.#host, url, {
        method,
        headers: { ...headers, ...(own && { authorization: this.#authorization }) },
        ...(body && { body: new Uint8Array(body) }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch (error) {
      throw error instanceof RegistryError ? error : unreachable(this.#host, error);
    }
  }

  #refused(method: string, status: number): RegistryError {
    if (status === 401 || status === 403) {
      const help = this.#credentials ? 'may this user do that?' : 'credentials come from --registry-config FILE';
      return new RegistryError('REGISTRY_UNAUTHORIZED', `${this.#host} refuses access to ${this.#repository}`, help);
    }
    if (status === 404) {
      return new RegistryError('REGISTRY_NOT_FOUND', `${this.#host} has no such content in ${this.#repository}`);
    }
    const help = status === 400 && this.#base.startsWith('http:') ? 'the request was sent without TLS' : undefined;
    return new RegistryError('REGISTRY_ANSWER', `${this.#host} answered ${method} with status ${status}`, help);
  }

  #wrong(message: string): RegistryError {
    return new RegistryError('REGISTRY_CONTENT', `${this.place}: ${message}`);
  }

  async #read(response: Response, most: number, what: string): Promise<Uint8Array> {
    let body: Buffer | undefined;
    try {
      body = await readBody(response, most);
    } catch (error) {
      throw unreachable(this.#host, error);
    }
    if (!body) throw this.#wrong(`${what} is too long`);
    return body;
  }
}

function adviceOn(reason: string): string | undefined {
  if (/wrong version number|packet length too long/i.test(reason)) {
    return 'it has no TLS; use --plain-http';
  }
  return /certificate/i.test(reason)
    ? "set the environment variable NODE_EXTRA_CA_CERTS to a file with its authority's certificate"
    : undefined;
}

/** fetch() has the reason in the cause. */
export function unreachable(host: string, error: unknown): RegistryError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const reason = withoutAdvice(cause instanceof Error ? cause.message : String(cause));
  return new RegistryError('REGISTRY_UNREACHABLE', `no answer from ${host}: ${reason}`, adviceOn(reason));
}
