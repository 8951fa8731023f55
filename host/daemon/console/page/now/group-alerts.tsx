// The alerts of a group that the agent still has.

import type { VNode } from 'preact';
import type { GroupAlerts } from '../../messages.ts';
import { Note, number, Text, Time } from '../parts/text.tsx';
import { useAnswer } from '../state/use-answer.ts';

interface Props {
  readonly id: number;
  readonly instance: string;
  /** All that there were. */
  readonly count: number;
}

export function GroupAlertList({ id, instance, count }: Props): VNode {
  const reply = useAnswer<GroupAlerts>(`groups/${id}`);
  if (!reply) return <Note role="status">Loading</Note>;
  if (reply.kind === 'gone') return <Note role="alert">The agent does not have this group any more.</Note>;
  if (reply.kind !== 'done') {
    const reason = reply.kind === 'failed' ? reply.reason : 'the session is over';
    return <Note role="alert">The alerts can't be loaded: {reason}.</Note>;
  }
  const { alerts } = reply.body;
  return (
    <div class="kept">
      <p class="facts">
        {number(alerts.length)} of {number(count)}, the latest first
      </p>
      <ol>
        {alerts.map(({ id: alert, time, message, hasDetails }) => (
          <li key={alert}>
            <a href={`#/alert/${instance}/${alert}`}>
              <Time ms={time} />
            </a>{' '}
            <Text value={message} most={300} />
            {!hasDetails && <small> without its process</small>}
          </li>
        ))}
      </ol>
    </div>
  );
}
