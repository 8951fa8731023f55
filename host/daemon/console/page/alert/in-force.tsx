// What responses have in force on an alert's container, and undoing it.

import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { ShownEntry, ShownInForce, ShownUndo } from '../../responses/messages.ts';
import { Failed } from '../parts/parts.tsx';
import { Note, Text, Time } from '../parts/text.tsx';
import { type Reply, send } from '../state/api.ts';
import { useRepeatedAnswer } from '../state/use-answer.ts';

/** What was last undone. */
interface Undo {
  readonly entry: ShownEntry;
  /** Undefined while it is under way. */
  readonly reply?: Reply<ShownUndo>;
}

const PHASES = { doing: 'being done', 'in-force': 'in force', undoing: 'being undone' } as const;

/** @param id of the alert */
export function InForce({ id }: { readonly id: number }): VNode | null {
  const { reply, again } = useRepeatedAnswer<ShownInForce>(`alerts/${id}/in-force`);
  const [last, setLast] = useState<Undo | undefined>(undefined);
  const isBusy = last !== undefined && last.reply === undefined;
  const undo = async (entry: ShownEntry): Promise<void> => {
    if (isBusy) return;
    setLast({ entry });
    setLast({ entry, reply: await send<ShownUndo>(`responses/${entry.id}/undo`, '') });
    again();
  };
  if (!reply) return null;
  if (reply.kind !== 'done') return <Failed reply={reply} />;
  const { entries, mayUndo } = reply.body;
  return (
    <>
      {entries.length > 0 && (
        <ul class="in-force">
          {entries.map((entry) => (
            <li key={entry.id}>
              <Entry entry={entry} />
              {mayUndo ? (
                <button type="button" aria-disabled={isBusy} onClick={() => void undo(entry)}>
                  Undo
                </button>
              ) : (
                <code>wasprey responses undo {entry.id}</code>
              )}
            </li>
          ))}
        </ul>
      )}
      <div role="status">{last && <Outcome undo={last} />}</div>
    </>
  );
}

function Entry({ entry }: { readonly entry: ShownEntry }): VNode {
  const { action, phase, on, response, since, undoneAt } = entry;
  return (
    <span>
      <strong>{action}</strong> {on === '' ? 'on the host' : <Text value={on} most={600} />}: {PHASES[phase]}, by{' '}
      <Text value={response} most={300} />, since <Time ms={since} />,{' '}
      {undoneAt === undefined ? (
        'until somebody undoes it'
      ) : (
        <>
          until <Time ms={undoneAt} />
        </>
      )}
    </span>
  );
}

function Outcome({ undo: { entry, reply } }: { readonly undo: Undo }): VNode {
  if (!reply) return <Note>Undoing</Note>;
  const what = (
    <>
      {entry.action} {entry.on === '' ? 'on the host' : <Text value={entry.on} most={600} />}
    </>
  );
  const error = errorOf(reply);
  if (error === undefined) return <p class="well">Undone: {what}</p>;
  return (
    <Note role="alert">
      Not undone: {what}: <Text value={error} most={600} />
    </Note>
  );
}

function errorOf(reply: Reply<ShownUndo>): string | undefined {
  switch (reply.kind) {
    case 'done':
      return reply.body.error;
    case 'failed':
      return reply.reason;
    case 'over':
      return 'the session is over';
    case 'gone':
      return 'the agent has no such request';
  }
}
