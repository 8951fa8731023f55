// Sources of container and pod metadata.

import { duration, flag, list, section, text, unused } from '../../config-values/value-types.ts';

const SOCKETS = list(
  text('', 'Path of a socket.'),
  'Sockets, below HOST_ROOT if that is set. Default: the usual paths.',
);

const engine = (name: string) => section(`${name}.`, { enabled: flag(true, `Ask ${name}.`), sockets: SOCKETS });
const noEngine = unused('Its containers are only identified by their cgroup.');

export const METADATA_KEYS = {
  container_engines: section(
    "Container runtimes, by Falco's names; `plugins[container].init_config.engines` means the same.",
    {
      docker: engine('Docker'),
      podman: engine('Podman'),
      containerd: engine('containerd, by CRI'),
      cri: section('CRI-O, containerd and others, by CRI.', {
        enabled: flag(true, 'Ask runtimes by CRI.'),
        sockets: SOCKETS,
        disable_async: unused('Alerts wait for the runtime, up to a limit; evaluation does not wait.'),
      }),
      lxc: noEngine,
      libvirt_lxc: noEngine,
      bpm: noEngine,
      static: noEngine,
    },
  ),
  kubernetes: section('The API server, for metadata of the pods of this node (not in Falco).', {
    enabled: flag(
      true,
      'Use the API server if the agent runs in a pod with a service account, or `kubeconfig` is given.',
    ),
    node: text('', "The node's name. Default: NODE_NAME or FALCO_HOSTNAME of the environment."),
    kubeconfig: text('', 'Path of a kubeconfig file, for an agent outside of the cluster.'),
    user_wait: duration(
      '5s',
      1_000,
      'With `sources.k8s_audit` or `sessions.receiver`: how long after an exec into a pod alerts wait for its Kubernetes user, if they print it (`k8s.user.name` and the like) or their rules have conditions on it. Their responses wait too. If the audit event arrives later, only later alerts have the user. What a receiver sends is certain some 30 seconds later: with 45s its names are exact, with less the user is among `k8s.session.candidates`.',
    ),
  }),
} as const;
