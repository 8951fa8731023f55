// The times for which all requests to enter this node's pods are known. What is not stated here is not known: a state that is lost, cut or old makes names
// ambiguous, and never wrong.

import { bigNumber, list, object, optional, type Shape, text } from '../diagnostics/json-shape.ts';

/** ns since the epoch. */
export interface TimeSpan {
  readonly from: bigint;
  readonly to: bigint;
}

/** A request that is known to exist, and nothing else of it. */
export interface WithheldRequest {
  readonly namespace: string;
  /** Absent: any pod of the namespace, and any time until then. */
  readonly pod?: string | undefined;
  /** ns since the epoch. */
  readonly received: bigint;
}

export interface RequestCoverage {
  /** All requests that were received then are known, but for those withheld. In their order, apart from each other. */
  readonly spans: readonly TimeSpan[];
  readonly withheld: readonly WithheldRequest[];
}

export const NO_COVERAGE: RequestCoverage = { spans: [], withheld: [] };

/** A span ends where a receiver was away. Beyond, the oldest are forgotten. */
const MOST_SPANS = 256;
/** Beyond, no pod of the oldest ones' namespaces is covered before them. */
const MOST_WITHHELD = 512;
/** Beyond, no pod at all. */
const MOST_NAMESPACES = 256;

/** Math.max() takes no bigints. */
export function later(one: bigint, other: bigint): bigint {
  if (one > other) return one;
  return other;
}

/** Math.min() takes no bigints. */
export function earlier(one: bigint, other: bigint): bigint {
  if (one < other) return one;
  return other;
}

/** Adds a span, which may touch others. */
export function withSpan({ spans, withheld }: RequestCoverage, added: TimeSpan): RequestCoverage {
  if (added.to <= added.from) return { spans, withheld };
  const apart = spans.filter(({ from, to }) => to < added.from || from > added.to);
  const touched = spans.filter(({ from, to }) => to >= added.from && from <= added.to);
  const from = touched.reduce((earliest, span) => earlier(span.from, earliest), added.from);
  const to = touched.reduce((latest, span) => later(span.to, latest), added.to);
  const all = [...apart, { from, to }].sort((one, other) => (one.from < other.from ? -1 : 1));
  return { spans: all.slice(-MOST_SPANS), withheld };
}

/** Takes a span out: a request of then may be missing. */
export function withoutSpan({ spans, withheld }: RequestCoverage, { from, to }: TimeSpan): RequestCoverage {
  const left = spans.flatMap((span) => {
    if (span.to < from || span.from > to) return [span];
    const before = { from: span.from, to: from };
    const after = { from: to, to: span.to };
    return [before, after].filter((part) => part.to > part.from);
  });
  return { spans: left, withheld };
}

export function withWithheld(coverage: RequestCoverage, request: WithheldRequest): RequestCoverage {
  const ofPods = [...coverage.withheld, request].filter(({ pod }) => pod !== undefined);
  const untils = new Map(
    coverage.withheld.flatMap(({ namespace, pod, received }) => (pod === undefined ? [[namespace, received]] : [])),
  );
  for (const { namespace, received } of ofPods.slice(0, -MOST_WITHHELD)) {
    const until = later(received, untils.get(namespace) ?? 0n);
    // The latest is the last.
    untils.delete(namespace);
    untils.set(namespace, until);
  }
  const ofNamespaces = [...untils].map(([namespace, received]) => ({ namespace, received }));
  const dropped = ofNamespaces.slice(0, -MOST_NAMESPACES);
  const last = dropped.reduce((latest, { received }) => later(received, latest), -1n);
  const { spans } = last < 0n ? coverage : withoutSpan(coverage, { from: 0n, to: last });
  return { spans, withheld: [...ofNamespaces.slice(-MOST_NAMESPACES), ...ofPods.slice(-MOST_WITHHELD)] };
}

/** What both cover. */
export function commonCoverage(one: RequestCoverage, other: RequestCoverage): RequestCoverage {
  const spans = one.spans.flatMap((span) =>
    other.spans.flatMap(({ from, to }) => {
      const common = { from: later(span.from, from), to: earlier(span.to, to) };
      return common.to > common.from ? [common] : [];
    }),
  );
  return { spans, withheld: [...one.withheld, ...other.withheld] };
}

/** Whether all requests to enter the pod that were received in that time are known. */
export function coversPod(
  { spans, withheld }: RequestCoverage,
  { namespace, pod }: { readonly namespace: string; readonly pod: string },
  { from, to }: TimeSpan,
): boolean {
  const isMissing = withheld.some((one) => {
    if (one.namespace !== namespace || one.received < from) return false;
    return one.pod === undefined || (one.pod === pod && one.received <= to);
  });
  return !isMissing && spans.some((span) => span.from <= from && span.to >= to);
}

const COVERAGE: Shape<RequestCoverage> = object({
  spans: list(object({ from: bigNumber, to: bigNumber })),
  withheld: list(object({ namespace: text, pod: optional(text), received: bigNumber })),
});

/** Undefined for JSON of another shape. */
export function readCoverage(json: unknown): RequestCoverage | undefined {
  return COVERAGE(json);
}

/** The JSON that readCoverage() reads. */
export function coverageJson({ spans, withheld }: RequestCoverage): object {
  return {
    spans: spans.map(({ from, to }) => ({ from: String(from), to: String(to) })),
    withheld: withheld.map(({ received, ...pod }) => ({ ...pod, received: String(received) })),
  };
}
