// The source of requests to enter pods of a run, if it has one. Its code is loaded only then.

import type { PodRequestSource } from '../../agent/sources/pod-request-source.ts';
import type { Configuration } from '../../config/definition.ts';
import type { Log } from '../../diagnostics/log.ts';
import type { ReceiverPlace } from './receiver-stream.ts';

/** Undefined if no receiver is configured. */
export function receiverPlace({ sessions: { receiver } }: Configuration): ReceiverPlace | undefined {
  const { url, ca_file: authorities, token_file: tokenFile } = receiver;
  return url === '' ? undefined : { url, authorities, tokenFile };
}

export async function podRequestSource(configuration: Configuration, log: Log): Promise<PodRequestSource | undefined> {
  const place = receiverPlace(configuration);
  if (!place) return undefined;
  const { ReceiverClient } = await import('./receiver-client.ts');
  return new ReceiverClient({
    ...place,
    onTrouble: (message) => log.say('warning', message),
    onNote: (message) => log.say('info', message),
  });
}
