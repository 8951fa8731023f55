// Exceptions that would hold an alert back, tried on the journal by the agent when that is asked for: it takes some seconds.

import type { VNode } from 'preact';
import type { NoAnswer } from '../../messages.ts';
import type { ShownException, ShownHoldBack } from '../../tuning/messages.ts';
import { Failed } from '../parts/parts.tsx';
import { count, Lines, Note, number, Text, Time } from '../parts/text.tsx';
import { ask, type Reply } from '../state/api.ts';
import { useAskedAnswer } from '../state/use-answer.ts';

/** @param id of the alert */
export function HoldBack({ id, rule }: { readonly id: number; readonly rule: string }): VNode {
  const proposed = useAskedAnswer<ShownHoldBack | NoAnswer>();
  return (
    <>
      <button
        type="button"
        aria-disabled={proposed.state === 'asking'}
        onClick={() => void proposed.ask(() => ask(`alerts/${id}/hold-back`))}
      >
        Hold this back
      </button>
      <div role="status">
        {proposed.state === 'asking' && <Note>Trying exceptions on the journal: this takes some seconds</Note>}
        {typeof proposed.state === 'object' && <Result reply={proposed.state} rule={rule} />}
      </div>
    </>
  );
}

function Result({ reply, rule }: { readonly reply: Reply<ShownHoldBack | NoAnswer>; readonly rule: string }): VNode {
  if (reply.kind !== 'done') return <Failed reply={reply} />;
  const { body } = reply;
  if (body.kind === 'none') {
    return (
      <Note>
        No exception: <Text value={body.reason} most={600} />. <Command rule={rule} /> has no bound on time and memory.
      </Note>
    );
  }
  const { alerts, events, from, exceptions, remarks } = body;
  return (
    <>
      <p class="facts">
        {alerts === 0
          ? 'The rule fires on nothing in the journal'
          : `By itself the rule fires ${count(alerts, 'time')} in the journal`}
        , of {count(events, 'event')} since <Time ms={from} date />.
      </p>
      {remarks.map((remark) => (
        <Note key={remark}>
          <Text value={remark} most={600} />
        </Note>
      ))}
      {exceptions.length === 0 && <Note>The alerts have too little in common for an exception.</Note>}
      {exceptions.map((exception) => (
        <Exception key={exception.yaml} exception={exception} alerts={alerts} />
      ))}
      {exceptions.length > 0 && (
        <p class="facts">
          Whether what an exception holds back is harmless is for you to decide. Put it into a rule file that loads
          after the rule&apos;s own. <Command rule={rule} /> tries more of them, on all of the journal and with all
          rules.
        </p>
      )}
    </>
  );
}

const HOLDS = {
  yes: 'Holds back this alert',
  no: 'Does not hold back this alert',
  unknown: 'May hold back this alert: not all of these fields were read of it',
} as const;

function Exception({ exception, alerts }: { readonly exception: ShownException; readonly alerts: number }): VNode {
  const { yaml, fields, holdsThis, heldBack, left, leftOrigins } = exception;
  return (
    <div class="exception">
      <h3>
        {HOLDS[holdsThis]}, by {fields.join(', ')}
      </h3>
      {alerts > 0 && (
        <p class="facts">
          Over the journal it would have held back {number(heldBack)} of {count(alerts, 'alert')};{' '}
          {left === 0 ? 'none would have fired' : `${number(left)} would still have fired`}
          {leftOrigins.length > 0 && ': '}
          {leftOrigins.map(({ name, alerts: times }, index) => (
            <>
              {index > 0 && ', '}
              <Text value={name} most={300} /> {number(times)}
            </>
          ))}
          .
        </p>
      )}
      <pre class="code">
        <Lines value={yaml} most={20_000} />
      </pre>
    </div>
  );
}

function Command({ rule }: { readonly rule: string }): VNode {
  return (
    <code>
      wasprey tune <Text value={quoted(rule)} />
    </code>
  );
}

/** For a shell. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
