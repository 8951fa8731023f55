// TypeScript's language server: who refers to a name, by its types. A search for the word would find its namesakes too.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PROJECT } from '../../host/setup/paths.mjs';

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/** A place in a file of the project, from 0. */
export interface Place {
  /** From the project's root. */
  readonly file: string;
  readonly line: number;
  readonly character: number;
}

interface Reference {
  readonly uri: string;
  readonly range: { readonly start: { readonly line: number; readonly character: number } };
}

const HEAD = /^Content-Length: (\d+)\r\n\r\n/;

export class LanguageServer {
  readonly #process = spawn(process.execPath, [join(PROJECT, 'node_modules/typescript/bin/tsc'), '--lsp', '--stdio'], {
    cwd: PROJECT,
  });
  readonly #answers = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #opened = new Set<string>();
  readonly #root = pathToFileURL(join(PROJECT, '/')).href;
  #received = '';
  #requests = 0;
  /** Why it does not answer any more. */
  #ended: Error | undefined;

  constructor() {
    this.#process.stdout.setEncoding('latin1').on('data', (text: string) => this.#receive(text));
    // It writes there at its usual end, too.
    let errors = '';
    this.#process.stderr.on('data', (text) => {
      errors += text;
    });
    const end = (reason: string): void => {
      this.#ended ??= new Error(`the language server has ended: ${reason}`);
      for (const { reject } of this.#answers.values()) reject(this.#ended);
    };
    this.#process.on('error', ({ message }) => end(message)).on('exit', () => end(errors));
    this.#process.stdin.on('error', ({ message }) => end(message));
  }

  async start(): Promise<void> {
    await this.#request('initialize', { processId: process.pid, rootUri: this.#root, capabilities: {} });
    this.#send({ method: 'initialized', params: {} });
  }

  /** The places that refer to what is defined at one, without that itself. */
  async references({ file, line, character }: Place): Promise<Place[]> {
    const uri = `${this.#root}${file}`;
    if (!this.#opened.has(file)) {
      const text = readFileSync(join(PROJECT, file), 'utf8');
      this.#send({
        method: 'textDocument/didOpen',
        params: { textDocument: { uri, languageId: 'typescript', version: 1, text } },
      });
      this.#opened.add(file);
    }
    const found = await this.#request('textDocument/references', {
      textDocument: { uri },
      position: { line, character },
      context: { includeDeclaration: false },
    });
    const references = (found ?? []) as readonly Reference[];
    return references.map((each) => ({ file: each.uri.slice(this.#root.length), ...each.range.start }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended) return;
    await this.#request('shutdown', undefined);
    const ended = once(this.#process, 'exit');
    this.#send({ method: 'exit' });
    await ended;
  }

  #request(method: string, params: unknown): Promise<unknown> {
    if (this.#ended) return Promise.reject(this.#ended);
    this.#requests++;
    const answer = Promise.withResolvers<unknown>();
    this.#answers.set(this.#requests, answer);
    this.#send({ id: this.#requests, method, params });
    return answer.promise;
  }

  #send(message: object): void {
    const text = JSON.stringify({ jsonrpc: '2.0', ...message });
    this.#process.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
  }

  #receive(text: string): void {
    this.#received += text;
    for (;;) {
      const [head, length] = HEAD.exec(this.#received) ?? [];
      if (head === undefined) return;
      const end = head.length + Number(length);
      if (this.#received.length < end) return;
      const message = JSON.parse(Buffer.from(this.#received.slice(head.length, end), 'latin1').toString());
      this.#received = this.#received.slice(end);
      this.#take(message);
    }
  }

  #take({ id, method, result, error }: Message): void {
    if (id === undefined) return;
    // It asks for settings, and registers what it can watch.
    if (method !== undefined) {
      this.#send({ id, result: null });
      return;
    }
    const answer = this.#answers.get(id);
    assert.ok(answer);
    this.#answers.delete(id);
    if (error) answer.reject(new Error(error.message));
    else answer.resolve(result);
  }
}
