// Event sources: where events come from. A rule is of one source; it decides which fields the rule may read and which events it sees.

export const EVENT_SOURCES = ['syscall', 'k8s_audit'] as const;
export type EventSource = (typeof EVENT_SOURCES)[number];

/** The source of rules that name none. */
export const DEFAULT_SOURCE = 'syscall' satisfies EventSource;

export function isEventSource(name: string): name is EventSource {
  return EVENT_SOURCES.some((source) => source === name);
}

/** The source whose fields rules of that source read: of one that is not known, those of the default. */
export function fieldSource(name: string): EventSource {
  return isEventSource(name) ? name : DEFAULT_SOURCE;
}
