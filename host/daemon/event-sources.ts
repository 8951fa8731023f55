// Which sources of events a run has: those that are configured, as far as the command line leaves them on.

import { receivesAuditEvents } from '../config/audit-source.ts';
import type { Configuration } from '../config/definition.ts';
import { type OptionValues, UsageError } from '../diagnostics/arguments.ts';
import { EVENT_SOURCES, type EventSource, isEventSource } from '../schema/event-source.ts';
import type { RUN_OPTIONS } from './run-options.ts';

type SourceOptions = Pick<OptionValues<typeof RUN_OPTIONS>, 'enable-source' | 'disable-source'>;

const UNCONFIGURED = 'set sources.k8s_audit.listen or sources.k8s_audit.file';

/**
 * In the order of EVENT_SOURCES; the meaning of the options is Falco's.
 * @throws {UsageError}
 */
export function eventSources(options: SourceOptions, { sources }: Configuration): readonly EventSource[] {
  const [enabled, disabled] = [named('enable-source', options), named('disable-source', options)];
  if (enabled.length > 0 && disabled.length > 0) {
    throw new UsageError('--enable-source and --disable-source exclude each other');
  }
  const isConfigured = receivesAuditEvents(sources.k8s_audit);
  if (enabled.includes('k8s_audit') && !isConfigured) {
    throw new UsageError('no audit events are received by this configuration', UNCONFIGURED);
  }
  const on = EVENT_SOURCES.filter((source) => source !== 'k8s_audit' || isConfigured).filter((source) =>
    enabled.length > 0 ? enabled.includes(source) : !disabled.includes(source),
  );
  if (on.length === 0) throw new UsageError('all sources of events are off', UNCONFIGURED);
  return on;
}

function named(option: keyof SourceOptions, options: SourceOptions): EventSource[] {
  return (options[option] ?? []).map(({ text }) => {
    if (!isEventSource(text)) {
      throw new UsageError(`--${option} can't be '${text}'`, `sources are ${EVENT_SOURCES.join(' and ')}`);
    }
    return text;
  });
}
