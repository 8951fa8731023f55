// The manifest: names, outputs and needs of a module's rules. It travels in the module, as JSON. make-manifest.ts makes it.

import { isTexts, type JsonObject } from '../diagnostics/json-value.ts';
import type { EventSource } from '../schema/event-source.ts';
import type { EXACT_VERSION, ExactRule } from '../schema/kernel-enforcement.ts';
import type { KernelFilter } from '../schema/kernel-filter.ts';
import { incompatibility, MODULE_LAYOUT, readLayout, type StoredLayout } from '../schema/versions/record-layout.ts';
import { schemaVersion } from './schema-version.ts';

/** Custom section that holds it. */
export const MANIFEST_SECTION = 'wasprey.manifest';

/** Raised whenever the meaning of a manifest or of the module's interface changes. */
export const MANIFEST_VERSION = 2;

/** Version of a manifest with alternatives: versions that do not know them must not run its module. */
export const ALTERNATIVES_VERSION = 3;

/** Version of a manifest with a condition of an alternative on the session that the process is in. */
export const ENTRY_VERSION = 4;

const VERSIONS = [MANIFEST_VERSION, ALTERNATIVES_VERSION, ENTRY_VERSION] as const;

/** Raised with every change of the compiler's output for the same rules. */
export const COMPILER_VERSION = '0.1.0';

export interface ManifestRule {
  readonly name: string;
  readonly description: string;
  readonly priority: string;
  readonly tags: readonly string[];
  readonly source: string;
  /** Output template as it was written. */
  readonly output: string;
  /** Condition as it was written. */
  readonly condition: string;
  readonly file: string;
  readonly line: number;
  /** Fields that the condition reads, with their arguments. */
  readonly fields: readonly string[];
  /** Event types on which it can match; empty: it never does. */
  readonly eventTypes: readonly string[];
  /** What an event of each of them costs, roughly in ns: by it the time that a module takes is divided among its rules. */
  readonly costs: Readonly<Record<string, number>>;
  /** Its alerts begin a capture. Absent: they do not. */
  readonly capture?: true;
  /** How long that lasts, in ms. Absent: as the configuration says. */
  readonly captureDuration?: number;
}

export interface ManifestAlternative {
  /** Number of its rule. */
  readonly rule: number;
  /** A condition on the session alone that the process is in. Absent: none. */
  readonly entry?: string;
  /** A condition on the exec session alone. Absent: none. */
  readonly session?: string;
}

export interface Manifest {
  readonly version: (typeof VERSIONS)[number];
  readonly compiler: string;
  /** schemaVersion() of the layout that the module was compiled for. */
  readonly schema: string;
  /** The layout that the compiler had, as far as the module may read it: another version can run the module if it has all of this at the same places. */
  readonly layout: StoredLayout;
  /** File name -> sha256 of the rules it was compiled from. */
  readonly sources: Readonly<Record<string, string>>;
  /** Source of the events that all rules are on. Absent: syscall. */
  readonly eventSource?: EventSource;
  /** The values of audit events that conditions read and that lie in no member of the record: fields with their arguments, by number. */
  readonly auditValues?: readonly string[];
  /** All event types that any rule can match: what has to be captured. */
  readonly eventTypes: readonly string[];
  /** Rules by the number that the module reports, unless there are alternatives. */
  readonly rules: readonly ManifestRule[];
  /** Alternatives by the number that the module reports, which is also that of `filter` and `exact`. Absent: each rule is its only one. */
  readonly alternatives?: readonly ManifestAlternative[];
  /** Names of addresses that conditions compare: what has to be resolved. Absent: none. */
  readonly names?: readonly string[];
  /** The needs of the rules that the kernel can check. Absent: it drops nothing. */
  readonly filter?: KernelFilter;
  /** The rules that the kernel can decide exactly. Absent: none is known to be. */
  readonly exact?: { readonly version: typeof EXACT_VERSION; readonly rules: readonly ExactRule[] };
}

/**
 * Why this version can't run a module with that manifest, for people; undefined if it can. The manifest is not trusted.
 * @param manifest as JSON
 */
export function whyOtherVersion(manifest: JsonObject): string | undefined {
  if (!VERSIONS.some((version) => version === manifest.version)) return 'its manifest has another version';
  if (manifest.schema === schemaVersion()) return undefined;
  const layout = readLayout(manifest.layout);
  if (!layout || !isTexts(manifest.eventTypes)) return 'it does not say for which layout of events it was compiled';
  return incompatibility(layout, MODULE_LAYOUT, manifest.eventTypes);
}
