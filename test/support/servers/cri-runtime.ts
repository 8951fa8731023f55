// A server that answers as a container runtime with CRI does, on a Unix socket: real gRPC, with what a test wants it to say.

import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Server,
  ServerCredentials,
  type ServiceError,
  status as Status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { type CriMethod, type CriVersion, criServices } from '../../../host/metadata/cri/messages.ts';

/**
 * The answer to a request: a message, or bytes in its place, or a promise of one; undefined for an answer that never comes. Throws
 * CriRefusal for an error, or rejects with it. A method that has none is not there.
 */
export type CriAnswers = Readonly<Partial<Record<CriMethod, (request: Readonly<Record<string, unknown>>) => unknown>>>;

export class CriRefusal extends Error {
  readonly code: Status;

  constructor(code: Status, message = 'refused') {
    super(message);
    this.code = code;
  }
}

export const notFound = (): never => {
  throw new CriRefusal(Status.NOT_FOUND, 'not found');
};

export interface CriServer {
  readonly socket: string;
  /** How often each method was called. */
  readonly calls: ReadonlyMap<CriMethod, number>;
  stop(): void;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function startCriRuntime(
  answers: CriAnswers,
  versions: readonly CriVersion[] = ['v1', 'v1alpha2'],
  at?: string,
): Promise<CriServer> {
  const folder = await mkdtemp(join(tmpdir(), 'wasprey-cri-'));
  const socket = at ?? join(folder, 'cri.sock');
  const calls = new Map<CriMethod, number>();
  const server = new Server();
  for (const version of versions) {
    for (const [, service] of Object.entries(criServices(version))) {
      const handlers: UntypedServiceImplementation = {};
      const offered: Record<string, (typeof service)[string]> = {};
      for (const [name, method] of Object.entries(service)) {
        const answer = answers[name as CriMethod];
        if (!answer) continue;
        const { responseSerialize } = method;
        offered[name] = {
          ...method,
          responseSerialize: (value: unknown) => (Buffer.isBuffer(value) ? value : responseSerialize(value as object)),
        };
        handlers[name] = async (
          call: { readonly request: Readonly<Record<string, unknown>> },
          done: (error: Partial<ServiceError> | null, value?: unknown) => void,
        ) => {
          calls.set(name as CriMethod, (calls.get(name as CriMethod) ?? 0) + 1);
          try {
            const value = await answer(call.request);
            if (value !== undefined) done(null, value);
          } catch (error) {
            if (!(error instanceof CriRefusal)) throw error;
            done({ code: error.code, details: error.message });
          }
        };
      }
      server.addService(offered, handlers);
    }
  }
  await new Promise<void>((resolve, reject) =>
    server.bindAsync(`unix:${socket}`, ServerCredentials.createInsecure(), (error) =>
      error ? reject(error) : resolve(),
    ),
  );
  return {
    socket,
    calls,
    stop: () => server.forceShutdown(),
    async [Symbol.asyncDispose]() {
      server.forceShutdown();
      rmSync(folder, { recursive: true });
    },
  };
}
