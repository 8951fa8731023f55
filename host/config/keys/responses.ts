// Responses to alerts.

import { applies, choice, duration, flag, item, list, map, section, text } from '../../config-values/value-types.ts';
import { ACTION_KINDS } from '../../responses/settings.ts';
import { PRIORITY_WORDS } from './rules.ts';

const MATCH = {
  rules: { ...list(text('', "A rule's name; * matches any text, ? one character."), 'Names of rules.'), orOne: true },
  tags: { ...list(text('', 'A tag, exactly.'), 'Rules that have any of these tags.'), orOne: true },
  priority: choice(PRIORITY_WORDS, 'debug', 'Lowest priority that matches.'),
} as const;

const ACTION = {
  name: text('', 'A unique name, for alerts and commands.'),
  match: item('The alerts that the response matches: those that meet all given keys.', MATCH),
  unless: text(
    '',
    'A condition in the language of rules, without macros and lists of rule files. The response ignores events that match it. Its fields must be those of the source of the rules: `ka.*` for audit events, `proc.*` for system calls.',
  ),
  do: choice(
    ACTION_KINDS,
    'kill_process',
    'What is done. `deny` refuses the call and lets the process live; it needs `where: kernel`.',
  ),
  where: choice(
    ['host', 'kernel'],
    'host',
    '`host`: the agent acts when the alert is raised. `kernel`: the call itself is stopped. This needs rules that the kernel can decide exactly (`wasprey explain`). Default: host.',
  ),
  undo_after: duration(
    '0s',
    1000,
    'Time after which a pause, an isolation or a label is undone. Default: never, until somebody undoes it.',
  ),
  grace: duration('0s', 0, "stop_container: time for its processes to end by themselves. Default: the runtime's."),
  allow: list(
    text('', 'A network, an address and a port, `dns` or `kubernetes` (host/responses/isolation/README.md).'),
    'isolate_container: what the container can still reach.',
  ),
  labels: map(text('', 'Its value.'), 'label_pod: labels that the pod gets.'),
} as const;

export const RESPONSE_KEYS = {
  responses: applies(
    'rules',
    section('What is done about alerts (host/responses/README.md). Nothing by default.', {
      mode: choice(
        ['observe', 'act'],
        'observe',
        '`observe`: alerts report what would have been done, and nothing is done. `act`: responses are performed.',
      ),
      limits: section('Limits on actions, as NUMBER/TIME. Above a limit nothing is done, and alerts report that.', {
        per_container: text(
          '5/1m',
          'Actions on one container. All processes of the host count as one, and so does the pod of audit events.',
        ),
        per_node: text('20/10m', 'Actions on this node.'),
      }),
      never: section('Targets that responses never touch.', {
        namespaces: list(text('', 'The name of a namespace.'), 'Namespaces of Kubernetes.', ['kube-system']),
        labels: map(text('', 'Its value.'), 'Labels of pods and containers. Default: wasprey.io/responses: off.'),
        executables: list(
          text('', 'A path; without a slash, the name of a file in any folder.'),
          'Executables of the host, in addition to those that are always protected.',
        ),
      }),
      hosts: flag(false, 'Act on processes of the host, too, not only on those of containers.'),
      pinned: flag(
        false,
        'Keep refusing what responses with `where: kernel` refuse while no agent runs: after a crash, a kill or an update, until an agent takes over or `wasprey responses undo --all` runs. Only for `deny` of connects and datagrams.',
      ),
      folder: applies(
        'start',
        text(
          '/var/lib/wasprey/responses',
          'Folder for the state of running and active responses. An agent that was killed continues from it, so it must outlive the agent.',
        ),
      ),
      actions: list(
        item('A response.', ACTION),
        'The responses. Every response that matches an alert runs, in this order.',
      ),
    }),
  ),
} as const;
