// wasprey console --pod: the page of an agent in the cluster, at a port of this machine.

import { UsageError } from '../../diagnostics/arguments.ts';
import { EXIT } from '../../diagnostics/failure.ts';
import type { Terminal } from '../../diagnostics/terminal.ts';
import { forwardPort } from '../../pod-access/forward-port.ts';
import { type PodName, userCluster, usualNamespace } from '../../pod-access/pod-cluster.ts';
import { podLink } from '../../pod-access/pod-link.ts';
import { untilSignal } from '../options/trial-options.ts';

/** What Kubernetes allows: they become part of an address. */
const NAMESPACE = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const POD = /^[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$/;

export interface PodPageTerminal {
  readonly terminal: Terminal;
  /** Prints the page's address, and opens it where there is a desktop, unless it is stopped. */
  show(link: string, stop: AbortSignal): Promise<void>;
}

/**
 * Shows the address, and forwards the port until Ctrl-C.
 * @param pod `POD` or `NAMESPACE/POD`
 * @returns the exit status
 * @throws {UsageError | CommandFailure}
 */
export async function showPodPage(
  pod: string,
  namespace: string | undefined,
  { terminal, show }: PodPageTerminal,
): Promise<number> {
  const named = podNamed(pod, namespace);
  const config = await userCluster();
  const chosen: PodName = { name: named.name, namespace: named.namespace ?? usualNamespace(config) };
  const { scheme, port, token } = await podLink(config, chosen);
  const stop = untilSignal();
  let last = '';
  const onTrouble = (message: string): void => {
    if (message !== last) terminal.say(`wasprey: ${message}\n`);
    last = message;
  };
  const forwarded = await forwardPort({ config, pod: chosen, port, onTrouble });
  const shown = show(`${scheme}://127.0.0.1:${forwarded.port}/#token=${token}`, stop);
  terminal.say(`the page of ${chosen.namespace}/${chosen.name}, until Ctrl-C\n`);
  await shown;
  if (!stop.aborted) await new Promise((resolve) => stop.addEventListener('abort', resolve, { once: true }));
  await forwarded.close();
  return EXIT.ok;
}

function podNamed(
  text: string,
  namespace: string | undefined,
): { readonly namespace: string | undefined; readonly name: string } {
  const [first = '', second, ...more] = text.split('/');
  const [inText, name] = second === undefined ? [undefined, first] : [first, second];
  if (more.length > 0 || !POD.test(name)) throw new UsageError(`--pod can't be '${text}'`, 'write --pod NAMESPACE/POD');
  if (inText !== undefined && namespace !== undefined && inText !== namespace)
    throw new UsageError('--pod and --namespace name two namespaces');
  const chosen = inText ?? namespace;
  if (chosen !== undefined && !NAMESPACE.test(chosen))
    throw new UsageError(`'${chosen}' is not the name of a namespace`);
  return { namespace: chosen, name };
}
