// Answers of an API server about tokens and pods, for a receiver of audit events in a test.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { asText, at } from '../../../host/diagnostics/json-value.ts';
import { type ApiServer, reply } from './api-server.ts';

export const AUDIENCE = 'wasprey-pod-requests';
export const ACCOUNT = 'wasprey/agent';
const USER = 'system:serviceaccount:wasprey:agent';

export interface KnownToken {
  /** Default: that of an agent. */
  readonly user?: string;
  /** What the token is for. Default: the receiver. */
  readonly audience?: string;
  /** Name and uid of the pod that it is bound to; undefined: none. */
  readonly pod?: string | undefined;
  /** The node that it is bound to, as API servers from 1.30 on say. */
  readonly node?: string;
}

/** A token as a service account's looks. */
export function tokenOf(name: string): string {
  return `${Buffer.from('{}').toString('base64url')}.${Buffer.from(name).toString('base64url')}.c2ln`;
}

export class TokenReviews {
  readonly known = new Map<string, KnownToken>();
  /** Tokens that were reviewed. */
  readonly asked: string[] = [];
  isDown = false;

  constructor(api: ApiServer) {
    api.intercept = (url, response, request) => this.#answer(url, response, request);
  }

  #answer({ pathname }: URL, response: ServerResponse, request: IncomingMessage): boolean {
    if (this.isDown) {
      reply(response, 500);
      return true;
    }
    if (pathname !== '/apis/authentication.k8s.io/v1/tokenreviews') return false;
    let text = '';
    request.on('data', (chunk) => {
      text += String(chunk);
    });
    request.on('end', () => reply(response, 201, this.#review(JSON.parse(text))));
    return true;
  }

  #review(review: unknown): object {
    const token = asText(at(review, 'spec', 'token')) ?? '';
    this.asked.push(token);
    const found = this.known.get(token);
    const { user = USER, audience = AUDIENCE, pod, node } = found ?? {};
    // As an API server does that is asked for one audience.
    const audiences = at(review, 'spec', 'audiences');
    const isFor = Array.isArray(audiences) && audiences.includes(audience);
    if (!found || !isFor) return { status: { user: {}, error: 'invalid bearer token' } };
    const extra = {
      ...(pod !== undefined && {
        'authentication.kubernetes.io/pod-name': [pod],
        'authentication.kubernetes.io/pod-uid': [`uid-of-${pod}`],
      }),
      ...(node !== undefined && { 'authentication.kubernetes.io/node-name': [node] }),
    };
    return { status: { authenticated: true, user: { username: user, extra }, audiences: [audience] } };
  }
}

/** Has a pod looked up. */
export function putPod(
  api: ApiServer,
  namespace: string,
  name: string,
  node: string | undefined,
  created: number,
): void {
  api.objects.set(`/api/v1/namespaces/${namespace}/pods/${name}`, {
    metadata: {
      name,
      namespace,
      uid: `uid-of-${name}`,
      creationTimestamp: new Date(created).toISOString().replace(/\.\d+/, ''),
    },
    spec: node === undefined ? {} : { nodeName: node },
  });
}
