// What a field's value may depend on besides the event: the start of the session, the name of this machine.

import type { AddressNames } from './address-names.ts';
import type { SshPeers } from './ssh-peer.ts';

export interface ReadContext {
  /** Time of the first event of the session, ns since the epoch (evt.reltime). */
  readonly sessionStart: bigint;
  readonly hostname: string;
  /** evt.outputtime is ISO 8601 in UTC instead of the local time of day. */
  readonly isoTime: boolean;
  /** Buffers are shown in base64 instead of as text. */
  readonly base64Buffers?: boolean;
  /** The events are of processes running on this machine now: /proc may be read for what events don't carry. */
  readonly isLive: boolean;
  /** Absent: sessions by ssh are not of this machine now. */
  readonly sshPeers?: SshPeers;
  /** Names of addresses that conditions compare. */
  readonly names?: AddressNames;
}
