// The values of fields of exec sessions, which alerts get when they are sent.

import { encode, type FieldValue, text } from '../../fields/value.ts';
import type { SessionFact } from '../../schema/fields/field.ts';
import { resolveField } from '../../schema/fields/index.ts';
import type { SessionFacts } from '../../sessions/live-sessions.ts';
import type { KubernetesUser, PodRequest } from '../../sessions/pod-request.ts';

/** What a field prints of the session; undefined for other fields. */
export function sessionFactOf(field: string): SessionFact | undefined {
  const resolved = resolveField(field);
  return resolved.ok && resolved.field.source.from === 'session' ? resolved.field.source.fact : undefined;
}

/** Undefined where it is not known for sure. */
export function sessionValue(fact: SessionFact, { id, match }: SessionFacts): FieldValue | undefined {
  const user: KubernetesUser | undefined = match.match === 'exact' ? match.user : undefined;
  const requests = match.match === 'exact' ? match.requests : [];
  switch (fact) {
    case 'id':
      return text(id);
    case 'match':
      return text(match.match);
    case 'user':
      return textOr(user?.name);
    case 'uid':
      return textOr(user?.uid);
    case 'impersonated':
      return textOr(user?.impersonated);
    case 'groups':
      return user && listOf(user.groups);
    case 'candidates':
      return match.match === 'ambiguous' ? listOf(match.candidates.map(({ name }) => name)) : undefined;
    // What stands before it the client says of itself.
    case 'source':
      return textOr(sameOf(requests, ({ addresses }) => addresses.at(-1)));
    case 'agent':
      return textOr(sameOf(requests, ({ userAgent }) => userAgent));
  }
}

function textOr(value: string | undefined): FieldValue | undefined {
  return value === undefined ? undefined : text(value);
}

function listOf(texts: readonly string[]): FieldValue {
  return { kind: 'list', items: [...new Set(texts)].map(encode) };
}

/** Undefined if they differ. */
function sameOf(requests: readonly PodRequest[], of: (request: PodRequest) => string | undefined): string | undefined {
  const [first, ...others] = new Set(requests.map(of));
  return others.length === 0 ? first : undefined;
}
