// Whether a receiver of audit events can be heard, if one is configured.

import type { Check } from './check.ts';

export interface ReceiverTrial {
  readonly url: string;
  /** Why it gives no stream. */
  readonly failure: string | undefined;
}

export function checkReceiver({ url, failure }: ReceiverTrial): Check {
  const base = { id: 'receiver', title: 'receiver of audit events' };
  if (failure === undefined) return { ...base, state: 'works', finding: `${url} sends requests to enter pods` };
  const advice =
    'see sessions.receiver here, and sources.k8s_audit.agents of the receiver; sessions have no Kubernetes user until it works';
  return { ...base, state: 'limited', finding: failure, advice };
}
