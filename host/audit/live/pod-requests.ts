// Finds the events of requests to enter pods among all others.

import { ENTERING_SUBRESOURCES } from '../../sessions/pod-request.ts';
import { type PodRequestFacts, podRequestFacts } from '../../sessions/pod-request-facts.ts';
import type { FoundEvent } from '../events/find-events.ts';
import { type JsonValues, keyOf, NOWHERE } from '../json/values.ts';

const [TARGET, SUBRESOURCE] = [keyOf('objectRef'), keyOf('subresource')];

/** A request to enter a pod, in the text that was scanned last. Undefined for any other event: it is not even parsed. */
export function podRequestOf(values: JsonValues, { value: event }: FoundEvent): PodRequestFacts | undefined {
  const target = values.member(event, TARGET);
  const subresource = target === NOWHERE ? NOWHERE : values.member(target, SUBRESOURCE);
  if (subresource === NOWHERE || !values.isString(subresource)) return undefined;
  if (!ENTERING_SUBRESOURCES.includes(values.text(subresource))) return undefined;
  try {
    return podRequestFacts(JSON.parse(Buffer.from(values.bytes(event)).toString('utf8')));
  } catch {
    // Events behind it are evaluated all the same.
    return undefined;
  }
}
