// The audit policy of an API server: what it sends, and how much of it.

/**
 * Rules read the objects of requests that change what runs or who may do what. Values of secrets and tokens are not sent: nobody but the API
 * server should have them. What the cluster's own parts ask all the time is left out. The first entry that fits an event decides.
 */
const POLICY = `apiVersion: audit.k8s.io/v1
kind: Policy
# Rules are evaluated on what came of a request.
omitStages: [RequestReceived]
rules:
  # Health checks and discovery. Not of anonymous users elsewhere: these are what rules look for.
  - level: None
    nonResourceURLs: ["/healthz*", "/livez*", "/readyz*", "/version", "/openapi/*", "/swagger*"]
  # What the parts of the cluster read and renew all the time.
  - level: None
    users: ["system:kube-proxy"]
    verbs: [watch]
    resources: [{group: "", resources: [endpoints, services, "services/status"]}, {group: discovery.k8s.io, resources: [endpointslices]}]
  - level: None
    resources: [{group: coordination.k8s.io, resources: [leases]}]
  - level: None
    userGroups: ["system:nodes"]
    verbs: [get, list, watch]
    resources: [{group: "", resources: [nodes, "nodes/status", pods]}]
  - level: None
    userGroups: ["system:nodes"]
    resources: [{group: "", resources: ["nodes/status", "pods/status"]}]
  # Not that they are deleted: that hides traces.
  - level: None
    verbs: [create, update, patch, get, list, watch]
    resources: [{group: "", resources: [events]}, {group: events.k8s.io, resources: [events]}]
  # Never with their contents: secrets, tokens, and requests that ask about them.
  - level: Metadata
    resources:
      - {group: "", resources: [secrets, "serviceaccounts/token"]}
      - {group: authentication.k8s.io, resources: [tokenreviews]}
  # With the answer, too: it has the name that a pod was given (generateName), and its uid.
  - level: RequestResponse
    verbs: [create]
    resources: [{group: "", resources: [pods]}]
  # With the object that was sent: what runs, and with which rights.
  - level: Request
    verbs: [create, update, patch, delete]
    resources:
      - {group: "", resources: [pods, "pods/*", services, configmaps, namespaces, serviceaccounts, replicationcontrollers]}
      - {group: apps, resources: [deployments, daemonsets, statefulsets, replicasets]}
      - {group: batch, resources: [jobs, cronjobs]}
      - {group: rbac.authorization.k8s.io, resources: [roles, rolebindings, clusterroles, clusterrolebindings]}
      - {group: networking.k8s.io, resources: [ingresses, networkpolicies]}
      - {group: admissionregistration.k8s.io}
      - {group: certificates.k8s.io}
  # Sessions are requests to read: kubectl exec, attach, port-forward.
  - level: Request
    resources: [{group: "", resources: ["pods/exec", "pods/attach", "pods/portforward", "pods/ephemeralcontainers"]}]
  - level: Metadata
`;

export function auditPolicy(): string {
  return POLICY;
}
