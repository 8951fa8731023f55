// What is done about alerts.

import { applies, choice, duration, flag, item, list, map, section, text } from '../../config-values/value-types.ts';
import { ACTION_KINDS } from '../../responses/settings.ts';
import { PRIORITY_WORDS } from './rules.ts';

const MATCH = {
  rules: { ...list(text('', "A rule's name; * matches any text, ? one character."), 'Names of rules.'), orOne: true },
  tags: { ...list(text('', 'A tag, exactly.'), 'Rules that have any of these tags.'), orOne: true },
  priority: choice(PRIORITY_WORDS, 'debug', 'Rules that are at least so severe.'),
} as const;

const ACTION = {
  name: text('', 'A name of its own, for alerts and commands.'),
  match: item('Which alerts it is for: those that meet all of the given keys.', MATCH),
  unless: text(
    '',
    'A condition in the language of rules, without macros and lists of rule files: it is not acted on events for which this holds. It is for rules of the source whose fields it reads: with `ka.*` on audit events, with `proc.*` on system calls.',
  ),
  do: choice(
    ACTION_KINDS,
    'kill_process',
    'What is done. `deny` refuses the call and lets the process live; it needs `where: kernel`.',
  ),
  where: choice(
    ['host', 'kernel'],
    'host',
    '`host`: the agent acts when the alert is raised. `kernel`: the call itself is stopped, which takes rules that the kernel can decide exactly (`wasprey explain`). Default: host.',
  ),
  undo_after: duration(
    '0s',
    1000,
    'When what was paused, isolated or labelled is undone. Default: when somebody does.',
  ),
  grace: duration('0s', 0, "stop_container: how long its processes have to end by themselves. Default: the runtime's."),
  allow: list(
    text('', 'A network, an address and a port, `dns` or `kubernetes` (host/responses/isolation/README.md).'),
    'isolate_container: what the container still reaches.',
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
        '`observe`: alerts say what would have been done, and nothing is done. `act`: it is done.',
      ),
      limits: section('How often it is acted; beyond that alerts only say so. A number, a slash, a time.', {
        per_container: text(
          '5/1m',
          'Actions on one container. All processes of the host count as one, and so does the pod of audit events.',
        ),
        per_node: text('20/10m', 'Actions on this node.'),
      }),
      never: section('What nothing is done to, whatever matches.', {
        namespaces: list(text('', 'The name of a namespace.'), 'Namespaces of Kubernetes.', ['kube-system']),
        labels: map(text('', 'Its value.'), 'Labels of pods and containers. Default: wasprey.io/responses: off.'),
        executables: list(
          text('', 'A path; without a slash, the name of a file in any folder.'),
          'Executables of the host, beside those that are protected in any case.',
        ),
      }),
      hosts: flag(false, 'Whether processes of the host are acted on, too, and not of containers alone.'),
      pinned: flag(
        false,
        'Whether what responses with `where: kernel` refuse is refused also while no agent runs: after a crash, a kill or an update, until an agent takes over or `wasprey responses undo --all`. Only for `deny` of connects and datagrams.',
      ),
      folder: applies(
        'start',
        text(
          '/var/lib/wasprey/responses',
          'Folder of what is under way and in force, from which an agent that was killed goes on. It has to outlive the agent.',
        ),
      ),
      actions: list(
        item('A response.', ACTION),
        'The responses. Of an alert, each is performed that is for it, in this order.',
      ),
    }),
  ),
} as const;
