// Sessions: from where an agent learns which Kubernetes users entered its pods.

import { section, text } from '../../config-values/value-types.ts';

export const SESSION_KEYS = {
  sessions: section('Who is behind a session by `kubectl exec` (not in Falco).', {
    receiver: section(
      'The receiver of audit events (`sources.k8s_audit.agents` there) that sends this agent the requests to enter pods of its node. They are kept in the journal, for `wasprey activity`, and name users in alerts.',
      {
        url: text('', 'Such as `https://wasprey-audit-audit.wasprey.svc:9766`. Empty: none.'),
        ca_file: text(
          '/etc/wasprey/receiver/ca.crt',
          'PEM file of the CAs that sign the certificate of the receiver; it is read for each connection.',
        ),
        token_file: text(
          '/var/run/secrets/wasprey/receiver/token',
          "File with the token of the service account of the agent's pod, bound to that pod, with the audience that the receiver wants; it is read for each connection.",
        ),
      },
    ),
  }),
} as const;
