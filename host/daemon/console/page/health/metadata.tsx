// Metadata of containers and pods: how many are known, and why others are not.

import type { VNode } from 'preact';
import type { ShownStatus } from '../../messages.ts';
import { Numbers } from '../parts/numbers.tsx';
import { Scroll } from '../parts/scroll.tsx';
import { Note, number, Text, Time } from '../parts/text.tsx';

type Failure = ShownStatus['containers']['failures'][number];

const SOURCES: Readonly<Record<string, string>> = {
  ...{ cri: 'Container runtime (CRI)', docker: 'Docker', podman: 'Podman', runc: 'runc' },
  kubernetes: 'Kubernetes API server',
};

export function Metadata({ status: { containers } }: { readonly status: ShownStatus }): VNode {
  const { known, unknown, podsKnown, podsUnknown, failures } = containers;
  return (
    <>
      <Numbers
        rows={[
          ['Containers known, unknown', `${number(known)}, ${number(unknown)}`],
          ['Pods known, unknown', `${number(podsKnown)}, ${number(podsUnknown)}`],
        ]}
      />
      {failures.length === 0 ? (
        <Note>No container runtime and no API server has failed to answer.</Note>
      ) : (
        <Failures failures={failures} />
      )}
    </>
  );
}

function Failures({ failures }: { readonly failures: readonly Failure[] }): VNode {
  return (
    <Scroll label="Table of failures of metadata">
      <table>
        <thead>
          <tr>
            <th scope="col">Asked</th>
            <th scope="col">Failure</th>
            <th scope="col" class="number">
              Times
            </th>
            <th scope="col">Last</th>
            <th scope="col">State</th>
            <th scope="col">Reason</th>
          </tr>
        </thead>
        <tbody>
          {failures.map(({ source, kind, count, reason, lastMs, isLasting }) => (
            <tr key={`${source} ${kind}`}>
              <th scope="row">{SOURCES[source] ?? source}</th>
              <td>{kind}</td>
              <td class="number">{number(count)}</td>
              <td>
                <Time ms={lastMs} date />
              </td>
              <td>{isLasting ? 'fails' : 'answers'}</td>
              <td>
                <Text value={reason} most={500} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
