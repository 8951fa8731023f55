// The processes of a capture as they were at a moment: those that lived, with what each ran then.

import type { VNode } from 'preact';
import type { CapturedProcess } from '../../captures/messages.ts';
import { Indent } from '../parts/parts.tsx';
import { Scroll } from '../parts/scroll.tsx';
import { Note, number, Text } from '../parts/text.tsx';

const MOST_SHOWN = 300;

interface Node {
  readonly process: CapturedProcess;
  readonly children: Node[];
}

interface Row {
  readonly process: CapturedProcess;
  readonly depth: number;
}

export function ProcessesThen({
  processes,
  at,
  fired,
}: {
  readonly processes: readonly CapturedProcess[];
  readonly at: number;
  /** When the rule matched. */
  readonly fired: number;
}): VNode {
  const rows = rowsAt(processes, at);
  if (rows.length === 0) return <Note>No process of the capture lived then.</Note>;
  const more = rows.length - MOST_SHOWN;
  return (
    <Scroll label="Processes at that time">
      <ul class="living">
        {rows.slice(0, MOST_SHOWN).map(({ process, depth }, index) => (
          <ProcessRow key={index} process={process} depth={depth} at={at} hasFired={process.hasFired && at >= fired} />
        ))}
      </ul>
      {more > 0 && <Note>And {number(more)} more.</Note>}
    </Scroll>
  );
}

function lived({ began, ended }: CapturedProcess, at: number): boolean {
  return (began === undefined || began <= at) && (ended === undefined || ended.time > at);
}

/** Depth first. A process whose parent has ended is below the nearest of its ancestors that lives, as far as they are known. */
function rowsAt(processes: readonly CapturedProcess[], at: number): Row[] {
  const nodes = processes.map((process): Node | undefined =>
    lived(process, at) ? { process, children: [] } : undefined,
  );
  const roots: Node[] = [];
  for (const node of nodes) {
    if (!node) continue;
    let { parent } = node.process;
    while (parent !== undefined && !nodes[parent]) parent = processes[parent]?.parent;
    const above = parent === undefined ? undefined : nodes[parent];
    (above?.children ?? roots).push(node);
  }
  const rows: Row[] = [];
  const waiting = roots.toReversed().map((node) => ({ node, depth: 0 }));
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { node, depth } = next;
    rows.push({ process: node.process, depth });
    waiting.push(...node.children.toReversed().map((child) => ({ node: child, depth: depth + 1 })));
  }
  return rows;
}

function ProcessRow({
  process: { pid, programs, isOnBranch, began },
  depth,
  at,
  hasFired,
}: Row & { readonly at: number; readonly hasFired: boolean }): VNode {
  const program = programs.findLast(({ time }) => time <= at) ?? programs[0];
  return (
    <li class={hasFired ? 'fired' : isOnBranch ? 'branch' : ''}>
      <Indent depth={depth} />
      <div>
        <span class="pid">{pid}</span> <Text value={program?.command || '(unknown)'} most={300} />
        {program && program.user !== '' && (
          <span class="macro">
            {' '}
            <Text value={program.user} />
          </span>
        )}
        {hasFired && <span class="tag">fired</span>}
        {began !== undefined && at - began < 1_000 && <span class="tag">new</span>}
      </div>
    </li>
  );
}
