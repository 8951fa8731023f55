// What a recording knows of containers, as an event of a savefile: JSON, as libs' container plugin has it.

import type { ContainerBytes, ContainerRecord } from '../../fields/record.ts';
import { SECOND } from '../../fields/time.ts';
import { decode } from '../../fields/value.ts';
import { HOST_NAMESPACE } from '../../schema/container.ts';
import { scapType } from '../format/event-table.ts';
import { encodeEvent } from './encode.ts';

const ASYNC_EVENT = scapType(402);
/** libs' numbers of container types. */
const TYPES: Readonly<Record<string, number>> = {
  docker: 0,
  lxc: 1,
  libvirt_lxc: 2,
  cri: 6,
  containerd: 7,
  'cri-o': 8,
  podman: 11,
};
const STATIC_TYPE = 10;

/** The event that describes a container to a reader. @param entry a `struct container` */
export function containerEvent(entry: ContainerRecord, time: bigint): Uint8Array {
  if (!ASYNC_EVENT) throw new Error('the table of event types lacks asyncevent');
  const data = Buffer.from(`${JSON.stringify({ container: jsonOf(entry) })}\0`);
  const values = { plugin_id: 0, name: Buffer.from('container'), data };
  return encodeEvent({ type: ASYNC_EVENT, time, tid: -1, cpu: 0, values, stateOnly: false });
}

function jsonOf(entry: ContainerRecord) {
  const text = (member: ContainerBytes) => decode(entry.bytes(member) ?? new Uint8Array(0));
  const namespaces = entry.number('host_namespaces');
  const labels = { ...pairs(text('labels'), '='), ...kubernetesLabels(text) };
  return {
    id: text('id'),
    full_id: text('full_id'),
    type: TYPES[text('type')] ?? STATIC_TYPE,
    name: text('name'),
    image: text('image'),
    imageid: text('image_id'),
    imagerepo: text('image_repository'),
    imagetag: text('image_tag'),
    imagedigest: text('image_digest'),
    privileged: entry.number('privileged') === 1,
    labels,
    Mounts: mountsOf(text('mounts')),
    ip: text('ip'),
    User: text('user'),
    created_time: Number(entry.big('start_time') / SECOND),
    host_pid: (namespaces & HOST_NAMESPACE.PID) !== 0,
    host_network: (namespaces & HOST_NAMESPACE.NETWORK) !== 0,
    host_ipc: (namespaces & HOST_NAMESPACE.IPC) !== 0,
    is_pod_sandbox: false,
    pod_sandbox_id: text('pod_sandbox_id'),
    pod_sandbox_labels: pairs(text('pod_labels'), ':'),
    cni_json: text('cni'),
    env: [],
    port_mappings: [],
  };
}

/** Falco reads the pod from these. */
function kubernetesLabels(text: (member: ContainerBytes) => string): Record<string, string> {
  const labels = [
    ['io.kubernetes.pod.name', text('pod_name')],
    ['io.kubernetes.pod.namespace', text('pod_namespace')],
    ['io.kubernetes.pod.uid', text('pod_uid')],
  ] as const;
  return Object.fromEntries(labels.filter(([, value]) => value !== ''));
}

function items(text: string): string[] {
  return text.split('\0').slice(0, -1);
}

function pairs(text: string, separator: string): Record<string, string> {
  return Object.fromEntries(
    items(text).map((item) => {
      const at = item.indexOf(separator);
      return [item.slice(0, at), item.slice(at + 1)];
    }),
  );
}

function mountsOf(text: string) {
  const parts = items(text);
  return Array.from({ length: Math.floor(parts.length / 5) }, (_, index) => {
    const [Source = '', Destination = '', Mode = '', writable, Propagation = ''] = parts.slice(5 * index);
    return { Source, Destination, Mode, RW: writable === 'true', Propagation };
  });
}
