// Describes new process images, and announces new containers, before any of their events is evaluated.

import { type Capture, type ContainerNotice, IMAGES_AT_ONCE } from '../../capture/native.ts';
import type { EventMemory } from '../../fields/memory.ts';
import { ImageRecord } from '../../fields/record.ts';
import type { SshPeers } from '../../fields/ssh-peer.ts';
import type { ExecSessions } from '../match-reading/exec-sessions.ts';
import type { Hold } from '../matches/hold.ts';
import type { RecordedTime } from '../matches/match-queue.ts';
import type { FromWorker } from '../messages/protocol.ts';
import type { ModuleSet } from '../modules/module-set.ts';
import type { Replacement } from './replacement.ts';

export interface NewImageParts {
  readonly capture: Capture;
  readonly memory: EventMemory;
  /** Set: events are not of this machine now. */
  readonly replay?: RecordedTime;
  /** Absent: nobody asks for them. */
  readonly sessions?: ExecSessions;
  /** Absent: events are not of this machine now. */
  readonly sshPeers?: SshPeers;
  readonly send: (message: FromWorker) => void;
}

/** The rules in use, and those that are about to replace them. */
export interface RulesAtHand {
  readonly set: ModuleSet;
  readonly replacement: Replacement | undefined;
}

export class NewImages {
  readonly #parts: NewImageParts;
  readonly #hold: Hold;
  readonly #addresses = new Uint32Array(IMAGES_AT_ONCE);
  /** Whether all new images are described, or those alone that an event names. */
  #describesAll = true;

  constructor(parts: NewImageParts, hold: Hold) {
    this.#parts = parts;
    this.#hold = hold;
  }

  /**
   * Sets candidate bits of new processes and reports new containers. False if the time for that is over.
   * @param isLate whether it is
   */
  prepare(rules: RulesAtHand, isLate: () => boolean): boolean {
    const { capture } = this.#parts;
    let count = capture.takeImages(this.#addresses);
    for (; count > 0; count = count < IMAGES_AT_ONCE ? 0 : capture.takeImages(this.#addresses)) {
      for (let index = 0; index < count; index++) {
        if (isLate()) return false;
        this.#describe(this.#addresses[index] ?? 0, rules);
      }
    }
    // Containers are seen whether or not their images are taken.
    const notices = capture.takeContainers();
    if (notices.length > 0) this.#announce(notices, rules.set);
    return true;
  }

  /**
   * Most processes make no event that a rule reads, and are over before they are described: half of those that are forked to execute another program.
   * A replay has its own way. Programs that enforce act on first calls. Sessions and their peers are recognised by images alone. Rules that
   * are about to be used describe all images there are, and those that come before they have taken over.
   */
  choose({ set, replacement }: RulesAtHand): void {
    const { capture, replay, sessions } = this.#parts;
    if (replay) return;
    const all = replacement !== undefined || set.enforces || set.readsSshPeers || sessions !== undefined;
    if (all === this.#describesAll) return;
    this.#describesAll = all;
    capture.announceImages(all ? 'all' : 'on-demand', set.bank);
  }

  #describe(image: number, { set, replacement }: RulesAtHand): void {
    const { capture, sessions, sshPeers } = this.#parts;
    set.describe(image, capture);
    replacement?.setCandidates(image);
    sessions?.see(image);
    if (sshPeers && set.readsSshPeers) this.#seePeer(sshPeers, image);
  }

  #seePeer(peers: SshPeers, image: number): void {
    const record = ImageRecord.at(this.#parts.memory, image);
    if (record) peers.see(record);
  }

  #announce(notices: readonly ContainerNotice[], set: ModuleSet): void {
    const { replay, send } = this.#parts;
    // A recording has its own container metadata; the runtimes here do not know its containers.
    if (!replay) send({ kind: 'containers', notices });
    if (set.containerRules.any) this.#hold.expect(notices);
  }
}
