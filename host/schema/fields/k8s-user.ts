// Fields of the Kubernetes user of a session that began with an exec into a pod. Whose it is follows from audit events (host/sessions/), which
// come after the session's first events: conditions on them are decided when it is settled (host/compiler/conditions/session-checks.ts).

import type { Field, SessionFact } from './field.ts';

function fact(name: string, of: SessionFact, description: string): Field {
  return { name: `k8s.${name}`, type: 'CHARBUF', description, source: { from: 'session', fact: of } };
}

export const KUBERNETES_USER_FIELDS: readonly Field[] = [
  fact('user.name', 'user', 'Kubernetes user of the exec session; absent unless k8s.session.match is exact.'),
  fact('user.uid', 'uid', 'Its uid, if the API server knows one; likewise.'),
  { ...fact('user.groups', 'groups', 'Its groups, a list; likewise.'), list: true },
  fact('user.impersonated', 'impersonated', 'The user whose rights it used instead of its own; likewise.'),
  fact('session.id', 'id', 'Id of the exec session, as `wasprey activity` has it; absent for other processes.'),
  fact(
    'session.match',
    'match',
    'exact: whose session it is; ambiguous: it may be of k8s.session.candidates, or of somebody who is not known; none: no request is known.',
  ),
  {
    ...fact('session.candidates', 'candidates', 'With the match ambiguous: the users who it may be of, a list.'),
    list: true,
  },
  fact(
    'session.source',
    'source',
    'Address that the request came from, as the API server saw it; absent if not known for sure.',
  ),
  fact('session.agent', 'agent', 'What its client called itself (User-Agent); likewise.'),
];
