// wasprey console: prints the address of the page of this machine's agent, or of one in a cluster, and opens it where there is a desktop.

import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { CONFIG_OPTIONS, configurationOf } from '../../daemon/configuration.ts';
import { UsageError } from '../../diagnostics/arguments.ts';
import { CommandFailure, EXIT } from '../../diagnostics/failure.ts';
import { reasonOf } from '../../diagnostics/system-reason.ts';
import { openPage } from '../console/open-page.ts';
import { defineCommand } from '../definition/command.ts';

const PATIENCE_MS = 5_000;

export const CONSOLE = defineCommand({
  name: 'console',
  usage: '[--pod NAMESPACE/POD] [--no-open]',
  operands: [],
  description: `
    Prints the address of the page that this machine's agent serves (\`console.enabled\`). The address opens the page once, in
    one browser, for twelve hours; the next call prints another. At a terminal on a desktop (DISPLAY or WAYLAND_DISPLAY, and
    xdg-open) your browser opens it, also with sudo; the token is never on a command line.

    The page shows alerts as they come, why a rule fired, what rules cost, and the agent's health. From another machine:
    \`ssh -L 8766:127.0.0.1:8766 HOST\`, then the address that the command prints there.

    With --pod it opens the page of an agent in a cluster, with your kubeconfig (KUBECONFIG, or ~/.kube/config): the command runs
    \`wasprey console\` in the pod, and forwards a port of this machine to it until Ctrl-C.`,
  status: {
    ok: 'The address was printed; with --pod, it was served until Ctrl-C.',
    failure: 'No agent serves the page, or the cluster forbids it.',
  },
  options: {
    ...CONFIG_OPTIONS,
    'no-open': { kind: 'flag', description: 'Start no browser.' },
    pod: { kind: 'text', value: 'NAMESPACE/POD', description: "The agent's pod." },
    namespace: {
      kind: 'text',
      short: 'n',
      value: 'NAME',
      description: "Its namespace, where --pod has none. Default: that of the kubeconfig's context.",
    },
  },
  examples: [
    { command: 'wasprey console', effect: 'Prints an address that opens the page once.' },
    {
      command: 'wasprey console --pod wasprey/wasprey-x7k2p',
      effect: 'Prints the address of an agent in the cluster, and forwards its port.',
    },
    { command: 'wasprey console -c wasprey.yaml', effect: 'Prints the address of an agent with this configuration.' },
  ],
  async run({ options, operands }, terminal) {
    if (operands.length > 0) throw new UsageError('console takes no operands');
    const { pod, namespace, config, option, 'no-open': isPrintedOnly } = options;
    const show = async (link: string, stop?: AbortSignal): Promise<void> => {
      terminal.print(`${link}\n`);
      if (!isPrintedOnly) await openPage(link, terminal, stop);
    };
    if (pod !== undefined) {
      if (config !== undefined || option) throw new UsageError('--pod excludes --config and --option');
      const { showPodPage } = await import('../console/pod-page.ts');
      return showPodPage(pod, namespace, { terminal, show });
    }
    if (namespace !== undefined) throw new UsageError('--namespace is for --pod');
    const { configuration } = await configurationOf({ config, option, usual: true }, terminal);
    const link = await linkIn(configuration.console.token_file);
    await show(link);
    return EXIT.ok;
  },
});

const HELP = 'an agent serves the page when its configuration says console.enabled: true; `npm start` does so';

/** The address in the file, if somebody listens there. Rejects with CommandFailure. */
async function linkIn(path: string): Promise<string> {
  let link: string;
  try {
    link = readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new CommandFailure(`no agent serves the page: can't read ${path}: ${reasonOf(error)}`, HELP);
  }
  const url = URL.canParse(link) ? new URL(link) : undefined;
  if (!url) throw new CommandFailure(`${path} has no address of a page`, 'see console.token_file');
  // An agent that was killed leaves its file.
  if (!(await listens(url))) throw new CommandFailure(`no agent serves the page at ${url.origin}`, HELP);
  return link;
}

function listens({ hostname, port, protocol }: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({
      host: hostname.replace(/^\[(.*)\]$/, '$1'),
      port: Number(port || (protocol === 'https:' ? 443 : 80)),
      timeout: PATIENCE_MS,
    });
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
    socket.once('timeout', () => end(false));
  });
}
