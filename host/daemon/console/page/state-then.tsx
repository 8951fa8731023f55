// The processes of a capture in the state that was taken at the alert.

import type { VNode } from 'preact';
import type { StateProcess } from '../captures/messages.ts';
import { Fields } from './parts.tsx';
import { Note, number, Text } from './text.tsx';

const SHOWN = 20;

export function StateThen({ processes }: { readonly processes: readonly StateProcess[] }): VNode {
  if (processes.length === 0) return <Note>The state was not taken.</Note>;
  const list = (some: readonly StateProcess[]): VNode => (
    <>
      {some.map((process) => (
        <ProcessState key={process.pid} process={process} />
      ))}
    </>
  );
  const more = processes.length - SHOWN;
  return (
    <>
      {list(processes.slice(0, SHOWN))}
      {more > 0 && (
        <details>
          <summary>{number(more)} more</summary>
          {list(processes.slice(SHOWN))}
        </details>
      )}
    </>
  );
}

function ProcessState({ process: { pid, name, command, facts, open } }: { readonly process: StateProcess }): VNode {
  return (
    <details class="state">
      <summary>
        <span class="pid">{pid}</span> <Text value={command === '' ? name : command} most={200} />
      </summary>
      <Fields fields={facts} />
      {open.length > 0 && (
        <>
          <h3>Open files and sockets</h3>
          <ul class="lines">
            {open.map((line, index) => (
              <li key={index}>
                <Text value={line} />
              </li>
            ))}
          </ul>
        </>
      )}
    </details>
  );
}
