// Events by their type: what became of each, those that come most often now first.

import type { VNode } from 'preact';
import type { ShownStatus } from '../../messages.ts';
import { Sparkline } from '../parts/charts.tsx';
import { Scroll } from '../parts/scroll.tsx';
import { number, rate, Text } from '../parts/text.tsx';
import { rates } from '../state/status.ts';

type TypeTotals = ShownStatus['eventTypes'][number];

/** @param states the latest last */
export function EventTypes({ states }: { readonly states: readonly ShownStatus[] }): VNode {
  const types = states.at(-1)?.eventTypes ?? [];
  const known = states.map(({ eventTypes }) => new Map(eventTypes.map((one) => [one.type, producedOf(one)])));
  const rows = types.map((totals) => {
    const produced = new Map(states.map((state, index) => [state, known[index]?.get(totals.type) ?? 0]));
    const recent = rates(states, (state) => produced.get(state) ?? 0);
    return { totals, recent, now: recent.at(-1) ?? 0 };
  });
  rows.sort((one, other) => other.now - one.now || producedOf(other.totals) - producedOf(one.totals));
  return (
    <Scroll label="Table of events by type">
      <table>
        <thead>
          <tr>
            <th scope="col">Type</th>
            {['Produced', 'Filtered', 'Evaluated', 'Lost', 'Now'].map((title) => (
              <th key={title} scope="col" class="number">
                {title}
              </th>
            ))}
            <th scope="col">Last two minutes</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ totals, recent, now }) => (
            <tr key={totals.type}>
              <th scope="row">
                <Text value={totals.type} most={100} />
              </th>
              <td class="number">{number(producedOf(totals))}</td>
              <td class="number">{number(totals.filtered)}</td>
              <td class="number">{number(totals.evaluated)}</td>
              <td class="number">{number(totals.dropped)}</td>
              <td class="number">{recent.length === 0 ? '' : rate(now)}</td>
              <td>
                <Sparkline values={recent} label={`${rate(now)} events`} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function producedOf({ evaluated, filtered, dropped }: TypeTotals): number {
  return evaluated + filtered + dropped;
}
