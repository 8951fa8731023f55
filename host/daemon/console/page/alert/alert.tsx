// An alert: what fired, why, what led to it and what came of it.

import type { VNode } from 'preact';
import type { ShownAlert, ShownRule } from '../../messages.ts';
import { SessionTree } from '../activity/session-tree.tsx';
import { captureAddress } from '../captures/captures.tsx';
import { Place } from '../now/now.tsx';
import { Fact, Failed, Fields, Section } from '../parts/parts.tsx';
import { count, Lines, Note, Priority, Text, Time } from '../parts/text.tsx';
import { Title } from '../parts/title.tsx';
import { ruleAddress } from '../rules/rule.tsx';
import { board } from '../state/board.ts';
import { useSignal } from '../state/signal.ts';
import { useAnswer } from '../state/use-answer.ts';
import { Condition } from './condition.tsx';
import { HoldBack } from './hold-back.tsx';
import { InForce } from './in-force.tsx';
import { Journal } from './journal.tsx';
import { Processes } from './processes.tsx';

export function AlertView({ instance, id }: { readonly instance: string; readonly id: number }): VNode {
  const { instance: current } = useSignal(board);
  const reply = useAnswer<ShownAlert>(`alerts/${id}`);
  // The answer may come before the stream's first message.
  const answering = reply?.kind === 'done' ? reply.body.instance : current;
  const isOther = answering !== undefined && answering !== instance;
  if (isOther || reply?.kind === 'gone') {
    return (
      <>
        <Title>An alert</Title>
        <Note role="alert">
          {isOther
            ? 'This alert is from an earlier run of the agent. The agent keeps alerts only while it runs; its outputs have this one.'
            : 'The agent does not have this alert any more: of each group it keeps the latest. Its outputs have it.'}
        </Note>
        <p>
          <a href="#/now">Now</a>
        </p>
      </>
    );
  }
  if (reply?.kind === 'done') return <Shown alert={reply.body} />;
  return (
    <>
      <Title>An alert</Title>
      {reply ? <Failed reply={reply} /> : <Note role="status">Loading</Note>}
    </>
  );
}

function Shown({ alert }: { readonly alert: ShownAlert }): VNode {
  const { rule, priority, time, hostname, message, tags, process, capture, response } = alert;
  return (
    <article class="alert">
      <div class="head">
        <Title>
          <Text value={rule} most={300} />
        </Title>
        <Priority name={priority} />
      </div>
      <dl class="summary">
        <Fact name="Time">
          <Time ms={time} date />
        </Fact>
        <Fact name="Machine">
          <Text value={hostname} />
        </Fact>
        <Fact name="Workload">
          <Place workload={alert} />
        </Fact>
        {process?.user !== undefined && (
          <Fact name="User">
            <Text value={process.user} />
            {process.login !== undefined && process.login !== process.user && (
              <>
                , logged in as <Text value={process.login} />
              </>
            )}
          </Fact>
        )}
        {tags.length > 0 && (
          <Fact name="Tags">
            <Text value={tags.join(', ')} />
          </Fact>
        )}
      </dl>
      <p class="message">
        <Text value={message} />
      </p>
      <div class="sections">
        <div>
          <Section title="Process">
            {process ? (
              <>
                <Processes line={process.line} />
                <SessionTree key={alert.id} id={alert.id} time={time} />
              </>
            ) : (
              <Note>
                {alert.source === 'internal'
                  ? 'The agent itself reports this.'
                  : alert.source !== 'syscall'
                    ? 'Alerts of this source have no process.'
                    : 'It was not read: details are read of 5 alerts a second, and there were more.'}
              </Note>
            )}
          </Section>
          <Section title="What was done">
            <Done capture={capture} response={response} />
            <InForce key={alert.id} id={alert.id} />
          </Section>
          {alert.source !== 'internal' && (
            <Section title="Exceptions">
              <HoldBack key={alert.id} id={alert.id} rule={rule} />
            </Section>
          )}
          <Section title="Fields">
            <Fields fields={alert.fields} />
            {process && process.details.length > 0 && (
              <details>
                <summary>{count(process.details.length, 'further field')} of the event</summary>
                <Fields fields={process.details} />
              </details>
            )}
          </Section>
        </div>
        <div>
          <Section title="Why it fired">
            <Rule id={alert.id} name={rule} hasProcess={process !== undefined} />
          </Section>
          <Section title="A minute before and after">
            <Journal id={alert.id} time={time} />
          </Section>
        </div>
      </div>
    </article>
  );
}

function Done({
  capture,
  response,
}: {
  readonly capture: string | undefined;
  readonly response: string | undefined;
}): VNode {
  if (capture === undefined && response === undefined)
    return <Note>The alert has neither a response nor a capture.</Note>;
  return (
    <dl class="facts">
      {response !== undefined && (
        <Fact name="Response">
          <Text value={response} />
        </Fact>
      )}
      {capture !== undefined && (
        <Fact name="Capture">
          <a href={captureAddress(capture)}>
            <Text value={capture} />
          </a>
        </Fact>
      )}
    </dl>
  );
}

function Rule({
  id,
  name,
  hasProcess,
}: {
  readonly id: number;
  readonly name: string;
  readonly hasProcess: boolean;
}): VNode {
  const reply = useAnswer<ShownRule>(`alerts/${id}/rule`);
  if (!reply) return <Note role="status">Evaluating</Note>;
  if (reply.kind !== 'done') return <Note>It can't be loaded.</Note>;
  const { body } = reply;
  if (body.kind === 'none') return <Note>No condition: {body.reason}.</Note>;
  return (
    <>
      <p>
        <Text value={body.description} />
      </p>
      {!hasProcess && <Note>Of this alert only the fields of its output were read: other parts are unknown.</Note>}
      {hasProcess && body.condition.verdict === 'false' && (
        <Note>The condition of the rule file is not true of this event: the file has probably changed since.</Note>
      )}
      <Condition part={body.condition} />
      <details>
        <summary>
          As it is written in <Text value={body.place} />
        </summary>
        <pre>
          <Lines value={body.written} most={20_000} />
        </pre>
      </details>
      <p>
        <a href={ruleAddress(name)}>The rule, its explanation and its cost</a>
      </p>
    </>
  );
}
