// Who asks for the requests of a node: the token of a service account, as the API server reviews it, and the node of the pod that it is bound to. What an
// agent says of itself does not count.

import { createHash } from 'node:crypto';
import { asArray, asText, at, isTexts } from '../../../diagnostics/json-value.ts';
import type { ApiClient } from '../../../metadata/kubernetes/api.ts';

const REVIEWS = '/apis/authentication.k8s.io/v1/tokenreviews';
const TIMEOUT_MS = 10_000;
/** How long an answer of the API server is used again: agents that lost their connection come back all at once. */
const KNOWN_MS = 60_000;
const MOST_KNOWN = 8_192;
/** At a time; strangers may send tokens as fast as they like. */
const MOST_REVIEWS = 32;
const LONGEST_TOKEN = 8_192;
/** Three parts in base64url: nothing else is a token of a service account. */
const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** What the API server adds about the pod that a token is bound to; the node since Kubernetes 1.30. */
const EXTRA = 'authentication.kubernetes.io';

export interface AgentIdentity {
  readonly node: string;
  /** Uid of its pod. */
  readonly pod: string;
}

export type Review =
  | { readonly result: 'known'; readonly agent: AgentIdentity }
  /** @property status 401: not authenticated; 403: somebody else than an agent; 503: it can't be decided now */
  | { readonly result: 'refused'; readonly status: 401 | 403 | 503; readonly reason: string };

export interface IdentityOptions {
  readonly client: ApiClient;
  readonly audience: string;
  /** `NAMESPACE/NAME` of the service accounts that agents have. */
  readonly serviceAccounts: readonly string[];
  /** The API server can't be asked. */
  readonly onFailure: (error: unknown) => void;
}

interface Known {
  readonly review: Promise<Review>;
  readonly until: number;
}

export class AgentIdentities {
  readonly #options: IdentityOptions;
  readonly #users: ReadonlySet<string>;
  /** Reviews by hashes of tokens, in the order in which they came. */
  readonly #known = new Map<string, Known>();
  #reviews = 0;

  constructor(options: IdentityOptions) {
    this.#options = options;
    this.#users = new Set(options.serviceAccounts.map((name) => `system:serviceaccount:${name.replace('/', ':')}`));
  }

  /** Never rejects. */
  review(token: string): Promise<Review> {
    if (token.length > LONGEST_TOKEN || !TOKEN.test(token)) return Promise.resolve(UNKNOWN);
    const hash = createHash('sha256').update(token).digest('base64');
    const known = this.#known.get(hash);
    if (known && known.until > performance.now()) return known.review;
    if (this.#reviews >= MOST_REVIEWS) return Promise.resolve(unsure('too many tokens are being reviewed'));
    const review = this.#ask(token);
    this.#known.delete(hash);
    this.#known.set(hash, { review, until: performance.now() + KNOWN_MS });
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MOST_KNOWN) break;
      this.#known.delete(oldest);
    }
    // What could not be decided is asked anew.
    void review.then((answer) => {
      if (answer.result === 'refused' && answer.status === 503) this.#known.delete(hash);
    });
    return review;
  }

  async #ask(token: string): Promise<Review> {
    this.#reviews++;
    try {
      return await this.#identify(token);
    } catch (error) {
      this.#options.onFailure(error);
      // A stranger does not learn why.
      return unsure("the API server can't be asked");
    } finally {
      this.#reviews--;
    }
  }

  /** Rejects with MetadataError. */
  async #identify(token: string): Promise<Review> {
    const { client, audience } = this.#options;
    const object = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      spec: { token, audiences: [audience] },
    };
    const status = at(await client.create(REVIEWS, object, TIMEOUT_MS), 'status');
    // An API server that knows no audiences leaves them out: the token would be one for the API server itself.
    const audiences = at(status, 'audiences');
    if (at(status, 'authenticated') !== true || !isTexts(audiences) || !audiences.includes(audience)) return UNKNOWN;
    const user = asText(at(status, 'user', 'username')) ?? '';
    if (!this.#users.has(user)) return refused('it is not the service account of an agent');
    const extra = (name: string): string | undefined =>
      asText(asArray(at(status, 'user', 'extra', `${EXTRA}/${name}`))[0]);
    const [pod, uid] = [extra('pod-name'), extra('pod-uid')];
    if (pod === undefined || uid === undefined) return refused('the token is not bound to a pod');
    const [, , namespace = ''] = user.split(':');
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}`;
    const found = await client.get(path, TIMEOUT_MS);
    const node = asText(at(found, 'spec', 'nodeName'));
    if (!node || at(found, 'metadata', 'uid') !== uid) return refused('the pod that the token is bound to is gone');
    const bound = extra('node-name');
    if (bound !== undefined && bound !== node) return refused('the token is bound to another node');
    return { result: 'known', agent: { node, pod: uid } };
  }
}

const UNKNOWN: Review = {
  result: 'refused',
  status: 401,
  reason: 'a token of a service account for this audience is required',
};

function refused(reason: string): Review {
  return { result: 'refused', status: 403, reason };
}

function unsure(reason: string): Review {
  return { result: 'refused', status: 503, reason };
}
