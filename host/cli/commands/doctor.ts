// wasprey doctor: whether this machine has what an agent needs.

import type { Configuration } from '../../config/definition.ts';
import { CONFIG_OPTIONS, configurationOf } from '../../daemon/configuration.ts';
import { examinedSettings } from '../../daemon/places/examined-settings.ts';
import { runtimePlaces } from '../../daemon/places/metadata-places.ts';
import { receiverPlace } from '../../daemon/pod-requests/start.ts';
import { UsageError } from '../../diagnostics/arguments.ts';
import { EXIT } from '../../diagnostics/failure.ts';
import { version } from '../../diagnostics/version.ts';
import { examine } from '../../doctor/examine.ts';
import type { ReceiverTrial } from '../../doctor/receiver-check.ts';
import { defineCommand } from '../definition/command.ts';
import { renderExamination } from '../reports/doctor-report.ts';

export const DOCTOR = defineCommand({
  name: 'doctor',
  usage: '[-c FILE]',
  operands: [],
  description: `
    Checks whether this machine has what an agent needs: kernel and its type information, capabilities, namespaces, lockdown,
    security modules, cgroups, tracefs, memory, sockets of container runtimes, and the receiver of audit events if one is
    configured. It loads all BPF programs and attaches them briefly, as an agent does, and reports for each item whether it
    works, is limited or fails, and what to do. A running agent is not disturbed.

    Run it as you run the agent: as root, or in the same container.`,
  status: { ok: 'An agent works here, perhaps with limits.', failure: 'Something does not work.' },
  options: {
    ...CONFIG_OPTIONS,
    json: {
      kind: 'flag',
      short: 'j',
      description: 'All of it as one JSON object, with the names of all BPF programs that were loaded.',
    },
  },
  examples: [
    { command: 'wasprey doctor', effect: 'Prints what works here, and how to fix the rest.' },
    {
      command: 'wasprey doctor -c falco.yaml',
      effect: 'The same, with the sockets of runtimes and the hooks that this configuration names.',
    },
    {
      command: `wasprey doctor --json | jq '.groups[].checks[] | select(.state != "works")'`,
      effect: 'Prints what fails or is limited.',
    },
  ],
  async run({ options, operands }, terminal) {
    if (operands.length > 0) throw new UsageError('doctor takes no operands');
    const { config, option } = options;
    const { configuration } = await configurationOf({ config, option, usual: true }, terminal);
    const settings = { ...examinedSettings(configuration), receiver: await receiverTrial(configuration) };
    const found = await examine(runtimePlaces(configuration), settings);
    terminal.print(
      options.json ? `${JSON.stringify({ version: version(), ...found })}\n` : renderExamination(found, terminal),
    );
    return found.state === 'fails' ? EXIT.failure : EXIT.ok;
  },
});

async function receiverTrial(configuration: Configuration): Promise<ReceiverTrial | undefined> {
  const place = receiverPlace(configuration);
  if (!place) return undefined;
  const { tryReceiver } = await import('../../daemon/pod-requests/try-receiver.ts');
  return { url: place.url, failure: await tryReceiver(place) };
}
