// Fields of an audit event itself: the request, its user, its target, its answer.

import type { AuditRow, Pointer } from './reading.ts';

function text(name: string, at: Pointer, description: string): AuditRow {
  return { name, description, reading: { read: 'text', at } };
}

export const REQUEST_ROWS: readonly AuditRow[] = [
  text('ka.auditid', '/auditID', 'Id of the request, the same at all its stages.'),
  text('ka.stage', '/stage', 'RequestReceived, ResponseStarted, ResponseComplete or Panic.'),
  text('ka.auth.decision', '/annotations/authorization.k8s.io~1decision', 'allow or forbid.'),
  text('ka.auth.reason', '/annotations/authorization.k8s.io~1reason', 'Why it was allowed or forbidden.'),
  text(
    'ka.auth.openshift.decision',
    '/annotations/authentication.openshift.io~1decision',
    'Decision of the authentication (OpenShift).',
  ),
  text(
    'ka.auth.openshift.username',
    '/annotations/authentication.openshift.io~1username',
    'User of the authentication (OpenShift).',
  ),
  text(
    'ka.validations.admission.policy.failure',
    '/annotations/validation.policy.admission.k8s.io~1validation_failure',
    'Failures of validating admission policies, as JSON.',
  ),
  text(
    'ka.security.pod.violations',
    '/annotations/pod-security.kubernetes.io~1audit-violations',
    'What violates the pod security standard.',
  ),
  text('ka.cluster.name', '/annotations/cluster_name', 'Name of the cluster (GKE).'),
  text('ka.user.name', '/user/username', 'The user; with impersonation, the real one.'),
  {
    name: 'ka.user.groups',
    description: 'Groups of the user.',
    reading: { read: 'elements', at: '/user/groups' },
    list: true,
  },
  text('ka.impuser.name', '/impersonatedUser/username', 'The user that is impersonated.'),
  text('ka.verb', '/verb', 'What is done: create, get, list, watch, update, patch, delete...'),
  text('ka.uri', '/requestURI', 'URI of the request, as sent.'),
  {
    name: 'ka.uri.param',
    description: 'A parameter of the URI by its name: its first value, decoded.',
    reading: { read: 'parameter', at: '/requestURI' },
    argument: 'key',
  },
  text('ka.useragent', '/userAgent', 'What the client calls itself.'),
  {
    name: 'ka.sourceips',
    description: 'Addresses that the request came from: all but the last can be forged.',
    reading: { read: 'elements', at: '/sourceIPs' },
    list: true,
    argument: 'index',
  },
  text('ka.target.name', '/objectRef/name', 'Name of the object.'),
  text('ka.target.namespace', '/objectRef/namespace', 'Namespace of the object.'),
  text('ka.target.resource', '/objectRef/resource', 'Resource of the object: pods, secrets...'),
  text(
    'ka.target.subresource',
    '/objectRef/subresource',
    'Subresource: exec, attach, log...; absent for the object itself.',
  ),
  {
    name: 'ka.target.pod.name',
    description: 'Name of the pod in the response, on requests about pods themselves.',
    reading: { read: 'podName' },
  },
  text('ka.resp.name', '/responseObject/metadata/name', 'Name of the object in the response.'),
  text('ka.response.code', '/responseStatus/code', 'Status code of the response, as text.'),
  text('ka.response.reason', '/responseStatus/reason', 'Reason of a failure: Forbidden, NotFound...'),
];

/** Fields of Falco's JSON plugin, and the event as a whole. */
export const JSON_ROWS: readonly AuditRow[] = [
  {
    name: 'evt.plugininfo',
    description: 'The event as compact JSON.',
    reading: { read: 'event', form: 'compact' },
  },
  ...['jevt', 'json'].flatMap((plugin): AuditRow[] => [
    {
      name: `${plugin}.value`,
      description: 'A value of the event by its JSON pointer: /user/username.',
      reading: { read: 'pointer' },
      argument: 'key',
    },
    {
      name: `${plugin}.obj`,
      description: 'The event as indented JSON.',
      reading: { read: 'event', form: 'indented' },
      onDemand: true,
    },
  ]),
];
