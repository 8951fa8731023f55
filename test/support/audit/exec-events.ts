// Audit events of a request to enter a pod, as an API server writes them.

export interface MadeRequest {
  readonly id: string;
  readonly user: string;
  readonly words: readonly string[];
  readonly container?: string | undefined;
  readonly pod?: string;
  /** ms since the epoch. */
  readonly received: number;
  readonly ended?: number;
  readonly status?: number;
  /** Default: that of an API server, by the status. */
  readonly decision?: 'allow' | 'forbid' | 'none';
  readonly subresource?: string;
  readonly verb?: 'create' | 'get';
}

/** One at the beginning of the answer and, if it is over, one at its end. */
export function execEvents(request: MadeRequest): readonly object[] {
  const { id, user, words, container, pod = 'web-0', received, ended, status = 101, subresource = 'exec' } = request;
  const { verb = 'create', decision = status === 403 ? 'forbid' : 'allow' } = request;
  const parameters = [
    ...words.map((word) => ['command', word]),
    ...(container === undefined ? [] : [['container', container]]),
    ['stdin', 'true'],
  ].map(([name, value]) => `${name}=${encodeURIComponent(value ?? '')}`);
  const event = {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'Request',
    auditID: id,
    requestURI: `/api/v1/namespaces/shop/pods/${pod}/${subresource}?${parameters.join('&')}`,
    verb,
    user: { username: user, groups: ['system:authenticated'] },
    sourceIPs: ['203.0.113.9'],
    userAgent: 'kubectl/v1.20.0',
    objectRef: { resource: 'pods', namespace: 'shop', name: pod, apiVersion: 'v1', subresource },
    responseStatus: { code: status },
    ...(decision !== 'none' && { annotations: { 'authorization.k8s.io/decision': decision } }),
    requestReceivedTimestamp: new Date(received).toISOString(),
  };
  const stage = (name: string, time: number) => ({
    ...event,
    stage: name,
    stageTimestamp: new Date(time).toISOString(),
  });
  return [stage('ResponseStarted', received + 10), ...(ended === undefined ? [] : [stage('ResponseComplete', ended)])];
}
