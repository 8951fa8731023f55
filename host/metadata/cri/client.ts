// Calls to one container runtime over its Unix socket by gRPC, with limits on the time of a call and the length of an answer.

import { credentials, Client as GrpcClient, status as GrpcStatus, Metadata, type ServiceError } from '@grpc/grpc-js';
import { asText, at } from '../../diagnostics/json-value.ts';
import { asMetadataError, type FailureKind, MetadataError, type SourceListener } from '../failure-log.ts';
import { type CriCall, type CriMethod, type CriVersion, criCalls } from './messages.ts';

/** A list of a thousand containers has some 100 KB; a container's details, with its whole configuration, 50 KB. */
const LONGEST_ANSWER = 8 * 1024 * 1024;
/** gRPC waits up to two minutes by default; runtimes are restarted in seconds. */
const RECONNECT_MS = { first: 50, longest: 2000 };

const VERSIONS: readonly CriVersion[] = ['v1', 'v1alpha2'];

export class CriClient {
  readonly socket: string;
  readonly #client: GrpcClient;
  readonly #listener: SourceListener;
  #calls: Readonly<Record<CriMethod, CriCall>> | undefined;
  /** The runtime's own name: containerd, cri-o. */
  #runtime = '';

  constructor(socket: string, listener: SourceListener) {
    this.socket = socket;
    this.#listener = listener;
    this.#client = new GrpcClient(`unix:${socket}`, credentials.createInsecure(), {
      'grpc.max_receive_message_length': LONGEST_ANSWER,
      'grpc.initial_reconnect_backoff_ms': RECONNECT_MS.first,
      'grpc.min_reconnect_backoff_ms': RECONNECT_MS.first,
      'grpc.max_reconnect_backoff_ms': RECONNECT_MS.longest,
      'grpc.default_authority': 'localhost',
      'grpc.enable_http_proxy': 0,
      'grpc.service_config_disable_resolution': 1,
    });
  }

  get runtime(): string {
    return this.#runtime;
  }

  /** Determines the API version of the runtime. False if it has no CRI, such as containerd with its CRI plugin disabled. */
  async greet(deadline: number): Promise<boolean> {
    if (this.#calls) return true;
    for (const version of VERSIONS) {
      const calls = criCalls(version);
      const answer = await this.#call(calls.Version, { version: '0.1.0' }, deadline, GrpcStatus.UNIMPLEMENTED);
      if (!answer) continue;
      this.#calls = calls;
      this.#runtime = asText(at(answer, 'runtime_name')) ?? '';
      return true;
    }
    return false;
  }

  /** Undefined if not found. Rejects with MetadataError. Only after greet(). */
  async call(method: CriMethod, message: object, deadline: number): Promise<unknown> {
    if (!this.#calls) throw new MetadataError('unreachable', `${this.socket} has not been greeted`);
    const answer = await this.#call(this.#calls[method], message, deadline, GrpcStatus.NOT_FOUND);
    this.#listener.working(method);
    return answer;
  }

  close(): void {
    this.#client.close();
  }

  #call({ path, encode, decode }: CriCall, message: object, deadline: number, none: GrpcStatus): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const done = (error: ServiceError | null, answer?: object) => {
        if (!error) resolve(answer);
        else if (error.code === none) resolve(undefined);
        else {
          // Another release may have another version.
          if (error.code === GrpcStatus.UNIMPLEMENTED) this.#calls = undefined;
          const subject = path.slice(path.lastIndexOf('/') + 1);
          reject(new MetadataError(kindOf(error), `${this.socket}: ${error.details}`, subject));
        }
      };
      // gRPC deadlines are wall-clock times, taken when the call begins.
      const wallDeadline = Date.now() + deadline - performance.now();
      try {
        const options = { deadline: wallDeadline };
        this.#client.makeUnaryRequest(path, encode, decode, message, new Metadata(), options, done);
      } catch (error) {
        // It has been closed.
        reject(asMetadataError(error));
      }
    });
  }
}

function kindOf({ code, details }: ServiceError): FailureKind {
  switch (code) {
    case GrpcStatus.DEADLINE_EXCEEDED:
    case GrpcStatus.CANCELLED:
      return 'timeout';
    case GrpcStatus.UNAVAILABLE:
      return /EACCES|EPERM/.test(details) ? 'denied' : 'unreachable';
    case GrpcStatus.PERMISSION_DENIED:
    case GrpcStatus.UNAUTHENTICATED:
      return 'denied';
    case GrpcStatus.INTERNAL:
    case GrpcStatus.RESOURCE_EXHAUSTED:
    case GrpcStatus.DATA_LOSS:
      return 'invalid';
    default:
      return 'error';
  }
}
