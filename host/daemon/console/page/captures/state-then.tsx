// The processes of a capture in the state that was taken at the alert.

import type { VNode } from 'preact';
import type { StateProcess } from '../../captures/messages.ts';
import { Fields, Folded, LineList } from '../parts/parts.tsx';
import { Note, Text } from '../parts/text.tsx';

const SHOWN = 20;

export function StateThen({ processes }: { readonly processes: readonly StateProcess[] }): VNode {
  if (processes.length === 0) return <Note>The state was not taken.</Note>;
  return (
    <Folded items={processes} shown={SHOWN}>
      {(some) => (
        <>
          {some.map((process) => (
            <ProcessState key={process.pid} process={process} />
          ))}
        </>
      )}
    </Folded>
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
          <LineList lines={open} />
        </>
      )}
    </details>
  );
}
