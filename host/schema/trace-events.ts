// The trace events that BPF programs are attached to where the kernel preempts programs on raw tracepoints: the capture attaches them
// (native/src/loading/attachment.cc), and the doctor looks for them.

/** The first major version of Linux that preempts programs on raw tracepoints. */
export const FIRST_ON_TRACE_EVENTS = 7;

/** Where tracefs is looked for. */
export const TRACE_FOLDERS = ['/sys/kernel/tracing', '/sys/kernel/debug/tracing'] as const;

/** @param release as uname -r */
export function attachesToTraceEvents(release: string): boolean {
  return Number.parseInt(release, 10) >= FIRST_ON_TRACE_EVENTS;
}
