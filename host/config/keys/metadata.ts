// Whom the agent asks about containers and pods.

import { flag, list, section, text, unused } from '../../config-values/value-types.ts';

const SOCKETS = list(
  text('', 'Path of a socket.'),
  'Sockets to ask at, below HOST_ROOT if that is set. Default: where they usually are.',
);

const engine = (name: string) => section(`${name}.`, { enabled: flag(true, `Ask ${name}.`), sockets: SOCKETS });
const noEngine = unused('Its containers are known by their control group alone.');

export const METADATA_KEYS = {
  container_engines: section(
    "Container runtimes, by Falco's names; `plugins[container].init_config.engines` means the same.",
    {
      docker: engine('Docker'),
      podman: engine('Podman'),
      containerd: engine('containerd, by CRI'),
      cri: section('CRI-O, containerd and others, by CRI.', {
        enabled: flag(true, 'Ask them.'),
        sockets: SOCKETS,
        disable_async: unused('Alerts wait for the runtime for a while, evaluation does not.'),
      }),
      lxc: noEngine,
      libvirt_lxc: noEngine,
      bpm: noEngine,
      static: noEngine,
    },
  ),
  kubernetes: section('The API server, asked about the pods of this node (not in Falco).', {
    enabled: flag(true, 'Ask it, where the agent runs in a pod with a service account, or `kubeconfig` is given.'),
    node: text('', "The node's name. Default: NODE_NAME or FALCO_HOSTNAME of the environment."),
    kubeconfig: text('', 'Path of a kubeconfig file, for an agent outside of the cluster.'),
  }),
} as const;
