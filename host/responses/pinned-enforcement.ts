// Enforcement in the kernel that continues without the agent: a folder on the BPF file system, whose files keep its programs on the root cgroup,
// and their maps. It ends when the files are removed, which needs no agent.

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { EnforcementPins, UnattendedEnforcement } from '../capture/enforcement-pins.ts';
import { count } from '../diagnostics/numbers.ts';
import { ENFORCED } from '../schema/enforced.ts';
import { BPF_FS, isBpfFileSystem } from './isolation/isolations.ts';
import type { NeverSettings } from './settings.ts';

export class PinnedEnforcement {
  readonly #fileSystem: string;

  /** @param fileSystem where a BPF file system is mounted */
  constructor(fileSystem: string = BPF_FS) {
    this.#fileSystem = fileSystem;
  }

  get folder(): string {
    return join(this.#fileSystem, 'wasprey-enforcement');
  }

  /** Why nothing can be pinned; undefined: it can. */
  get lack(): string | undefined {
    if (isBpfFileSystem(this.#fileSystem)) return undefined;
    return 'no BPF file system is mounted at /sys/fs/bpf, which keeps enforcement beyond the agent: mount -t bpf bpf /sys/fs/bpf';
  }

  /** Where agents with these settings pin it. */
  pinsFor({ namespaces, labels }: Pick<NeverSettings, 'namespaces' | 'labels'>): EnforcementPins {
    const text = JSON.stringify([[...namespaces].sort(), [...labels].sort()]);
    return { folder: this.folder, never: createHash('sha256').update(text).digest().readBigUInt64LE() };
  }

  /** Whether there is any, of an agent that runs or of one that has ended. */
  get exists(): boolean {
    return existsSync(this.folder);
  }

  /** Ends it, unless an agent runs: then it ends with that. False if there is none. Throws Node's error if the file system refuses. */
  remove(): boolean {
    if (!this.exists) return false;
    for (const name of readdirSync(this.folder)) unlinkSync(join(this.folder, name));
    rmdirSync(this.folder);
    return true;
  }
}

/** What an agent that takes over reports of the time before; undefined: nothing was done. @param now ms since the epoch */
export function unattendedText({ outcomes, agoMs }: UnattendedEnforcement, now: number): string | undefined {
  const of = (outcome: number): number => outcomes[outcome] ?? 0;
  const parts = [
    [of(ENFORCED.REFUSED) + of(ENFORCED.REFUSED_AND_KILLED), 'refused'],
    [of(ENFORCED.OBSERVED), 'not refused, in mode observe'],
    [of(ENFORCED.LIMITED), 'let through because of the limits'],
    [of(ENFORCED.UNDECIDED), 'let through because their container or service was not known yet'],
  ] as const;
  const told = parts.filter(([times]) => times > 0).map(([times, what]) => `${count(times, 'call')} ${what}`);
  if (told.length === 0) return undefined;
  const since = new Date(now - agoMs).toISOString();
  return `by pinned responses, since ${since}, when the previous agent was last running: ${told.join(', ')}. Their alerts, if any, do not mention it`;
}
