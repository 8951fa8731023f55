// Fields of the container that a process runs in. On the host id, name and type say "host".

import type { Field, FieldSource } from '../types.ts';
import { computed } from './computed.ts';
import { RETIRED } from './unavailable.ts';

const container = (member: string): FieldSource => ({ from: 'container', member });

/** A part of one mount, chosen by index or by one of its ends. */
function mount(name: string, description: string): Field {
  return { name, type: 'CHARBUF', description, source: computed(name), argument: 'required', argumentKind: 'either' };
}

export const CONTAINER_FIELDS: readonly Field[] = [
  { name: 'container.id', type: 'CHARBUF', description: 'First 12 characters of its id.', source: container('id') },
  { name: 'container.full_id', type: 'CHARBUF', description: 'Its whole id.', source: container('full_id') },
  { name: 'container.name', type: 'CHARBUF', description: 'Its name.', source: container('name') },
  { name: 'container.type', type: 'CHARBUF', description: 'Runtime, e.g. containerd.', source: container('type') },
  { name: 'container.image', type: 'CHARBUF', description: 'Image with tag.', source: container('image') },
  { name: 'container.image.id', type: 'CHARBUF', description: 'Id of the image.', source: container('image_id') },
  {
    name: 'container.image.repository',
    type: 'CHARBUF',
    description: 'Image without tag and digest.',
    source: container('image_repository'),
  },
  { name: 'container.image.tag', type: 'CHARBUF', description: 'Tag of the image.', source: container('image_tag') },
  {
    name: 'container.image.digest',
    type: 'CHARBUF',
    description: 'Digest of the image in its registry.',
    source: container('image_digest'),
  },
  {
    name: 'container.privileged',
    type: 'BOOL',
    description: 'Runs privileged; absent if not known.',
    source: computed('container.privileged'),
  },
  { name: 'container.mounts', type: 'CHARBUF', description: 'All mounts.', source: container('mounts_text') },
  mount('container.mount', 'One mount, by index or source.'),
  mount('container.mount.source', 'Source of a mount, by index or destination.'),
  mount('container.mount.dest', 'Destination of a mount, by index or source.'),
  mount('container.mount.mode', 'Mode of a mount, by index or source.'),
  mount('container.mount.rdwr', 'Whether a mount may be written, by index or source.'),
  mount('container.mount.propagation', 'Propagation of a mount, by index or source.'),
  { name: 'container.ip', type: 'CHARBUF', description: 'Its main IPv4 address.', source: container('ip') },
  {
    name: 'container.cni.json',
    type: 'CHARBUF',
    description: 'Network interfaces of its pod, as CNI made them, in JSON; from CRI alone.',
    source: container('cni'),
  },
  {
    name: 'container.host_pid',
    type: 'BOOL',
    description: "Uses the host's pid namespace; absent if not known.",
    source: computed('container.host_pid'),
  },
  {
    name: 'container.host_network',
    type: 'BOOL',
    description: "Uses the host's network namespace; absent if not known.",
    source: computed('container.host_network'),
  },
  {
    name: 'container.host_ipc',
    type: 'BOOL',
    description: "Uses the host's IPC namespace; absent if not known.",
    source: computed('container.host_ipc'),
  },
  {
    name: 'container.label',
    type: 'CHARBUF',
    description: 'One label.',
    source: computed('container.label'),
    argument: 'required',
    argumentKind: 'key',
  },
  { name: 'container.labels', type: 'CHARBUF', description: 'All labels.', source: container('labels_text') },
  {
    name: 'container.start_ts',
    type: 'ABSTIME',
    description: 'When it started.',
    source: computed('container.start_ts'),
  },
  {
    name: 'container.duration',
    type: 'RELTIME',
    description: 'How long it has run.',
    source: computed('container.duration'),
  },
  {
    name: 'container.user',
    type: 'CHARBUF',
    description: 'User that its first process was to run as, as name or number.',
    source: container('user'),
  },
  {
    name: 'container.env_names',
    type: 'CHARBUF',
    description: 'Names of the environment variables that it was started with, without their values.',
    source: computed('container.env_names'),
    list: true,
  },
  { name: 'container.healthcheck', type: 'CHARBUF', description: 'Retired; absent.', source: RETIRED },
  { name: 'container.liveness_probe', type: 'CHARBUF', description: 'Retired; absent.', source: RETIRED },
  { name: 'container.readiness_probe', type: 'CHARBUF', description: 'Retired; absent.', source: RETIRED },
  {
    name: 'proc.is_container_healthcheck',
    type: 'BOOL',
    description: 'Retired; false.',
    source: computed('proc.is_container_healthcheck'),
  },
  {
    name: 'proc.is_container_liveness_probe',
    type: 'BOOL',
    description: 'Retired; false.',
    source: computed('proc.is_container_liveness_probe'),
  },
  {
    name: 'proc.is_container_readiness_probe',
    type: 'BOOL',
    description: 'Retired; false.',
    source: computed('proc.is_container_readiness_probe'),
  },
];
