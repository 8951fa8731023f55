// Where an event happened: its container and its pod.

/** The fields that Falco's container plugin suggests for outputs, in its order. */
export const PLACE_FIELDS = {
  container: 'container.id',
  name: 'container.name',
  image: 'container.image.repository',
  tag: 'container.image.tag',
  pod: 'k8s.pod.name',
  namespace: 'k8s.ns.name',
} as const;
