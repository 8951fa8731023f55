// The line of processes of an alert.

import type { VNode } from 'preact';
import type { ShownProcess } from '../../messages.ts';
import { Note, Text } from '../parts/text.tsx';

/** From the entry down to the process that fired, each below the one that forked it. */
export function Processes({ line: [first, ...rest] }: { readonly line: readonly ShownProcess[] }): VNode {
  if (!first) return <Note>It has no process.</Note>;
  const { name, pid, executable, command, remarks } = first;
  const isLast = rest.length === 0;
  return (
    <ol class="processes">
      <li class={isLast ? 'fired' : ''}>
        <div class="process">
          <strong>
            <Text value={name} most={100} />
          </strong>{' '}
          {pid !== undefined && <span class="pid">{pid}</span>}
          {isLast && <span class="tag">fired</span>}
          {remarks.map((remark) => (
            <span key={remark} class="tag warning">
              {remark}
            </span>
          ))}
          {executable !== undefined && (
            <div class="path">
              <Text value={executable} most={500} />
            </div>
          )}
          {command !== undefined && command !== name && (
            <code>
              <Text value={command} most={isLast ? 2_000 : 300} />
            </code>
          )}
        </div>
        {!isLast && <Processes line={rest} />}
      </li>
    </ol>
  );
}
