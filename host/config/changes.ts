// What differs between two configurations, key by key.

import { isDeepStrictEqual } from 'node:util';
import type { SectionDefinition } from '../config-values/value-types.ts';
import { DEFINITION } from './definition.ts';
import type { LoadedConfig } from './load.ts';
import { isRecord, sourceOf } from './print.ts';
import { shownValue } from './shown.ts';

export interface ConfigChange {
  /** `webserver.listen_port` */
  readonly path: string;
  /** For display: on one line, shortened, without secrets. */
  readonly from: string;
  readonly to: string;
  /** The place of the new value: `falco.yaml:12`, or `default`. */
  readonly source: string;
}

/** Lists and maps are compared as a whole. */
export function changesBetween(
  before: Pick<LoadedConfig, 'configuration'>,
  after: Pick<LoadedConfig, 'configuration' | 'origins'>,
): ConfigChange[] {
  return changesIn(DEFINITION, before.configuration, after.configuration, after.origins, '');
}

type Values = Readonly<Record<string, unknown>>;

function changesIn(
  { keys }: SectionDefinition,
  before: Values,
  after: Values,
  origins: LoadedConfig['origins'],
  section: string,
): ConfigChange[] {
  return Object.entries(keys).flatMap(([key, definition]) => {
    const [from, to] = [before[key], after[key]];
    const path = section === '' ? key : `${section}.${key}`;
    if (definition.kind === 'unused' || isDeepStrictEqual(from, to)) return [];
    if (definition.kind === 'section' && isRecord(from) && isRecord(to)) {
      return changesIn(definition, from, to, origins, path);
    }
    const origin = origins.get(path);
    const source = origin ? sourceOf(origin) : 'default';
    return [{ path, from: short(shownValue(definition, from)), to: short(shownValue(definition, to)), source }];
  });
}

const LONGEST = 120;

function short(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text;
}
