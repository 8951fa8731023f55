// Health: what the agent captures, evaluates and loses, and how its outputs do.

import type { VNode } from 'preact';
import type { ShownStatus } from '../../messages.ts';
import { Sparkline } from '../parts/charts.tsx';
import { Numbers } from '../parts/numbers.tsx';
import { Scroll } from '../parts/scroll.tsx';
import { bytes, count, milliseconds, Note, number, rate, Text, Time } from '../parts/text.tsx';
import { Title } from '../parts/title.tsx';
import { rates, useStates } from '../state/status.ts';
import { Doctor } from './doctor.tsx';
import { EventTypes } from './event-types.tsx';
import { Metadata } from './metadata.tsx';

export function HealthView(): VNode {
  const states = useStates();
  const status = states.at(-1);
  return (
    <>
      <div class="head">
        <Title>Health</Title>
        {status && (
          <p class="facts">
            Wasprey {status.version}, process {status.pid}, since <Time ms={status.startedMs} date />
          </p>
        )}
      </div>
      {status ? <Shown states={states} status={status} /> : <Note role="status">Loading</Note>}
    </>
  );
}

interface Props {
  readonly states: readonly ShownStatus[];
  readonly status: ShownStatus;
}

function Shown({ states, status }: Props): VNode {
  const { troubles } = status;
  return (
    <>
      {troubles.length === 0 ? (
        <p class="well">Nothing is lost, and the rules in use are the wanted ones.</p>
      ) : (
        <ul class="troubles">
          {troubles.map((trouble) => (
            <li key={trouble}>
              <Trouble text={trouble} />
            </li>
          ))}
        </ul>
      )}
      <h2>Events</h2>
      <Events states={states} status={status} />
      {status.eventTypes.length > 0 && (
        <>
          <h2>Events by type</h2>
          <EventTypes states={states} />
        </>
      )}
      <h2>The engine</h2>
      <Numbers
        rows={[
          ['Age of an event when it is evaluated, on average', milliseconds(status.lagMs)],
          ['Fullest ring since the start', `${Math.round(100 * status.ringHighWater)} %`],
          ['Events that wait in the rings', number(status.eventsWaiting ?? 0)],
          ['Events that wait for their container', number(status.eventsHeld)],
          ['Replacements of rules, refused', `${number(status.reloads.succeeded)}, ${number(status.reloads.failed)}`],
          ['Journal', journalText(status)],
        ]}
      />
      <h2>Containers and pods</h2>
      <Metadata status={status} />
      <h2>Outputs</h2>
      <Outputs status={status} />
      <h2>The machine</h2>
      <Doctor />
    </>
  );
}

/** The agent's times, as AgentStatus has them in texts. */
const MOMENT = /(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000)/;

/** Its times are shown as all others. */
function Trouble({ text }: { readonly text: string }): VNode {
  return (
    <>
      {text.split(MOMENT).map((part, index) => {
        const ms = index % 2 === 1 ? Date.parse(part.replace('+0000', 'Z')) : Number.NaN;
        return Number.isNaN(ms) ? <Text key={index} value={part} most={500} /> : <Time key={index} ms={ms} date />;
      })}
    </>
  );
}

const OUTCOMES = [
  ['produced', 'By the kernel'],
  ['filtered', 'Dropped in the kernel: no rule needs them'],
  ['evaluated', 'Evaluated'],
  ['dropped', 'Lost'],
] as const;

function Events({ states, status }: Props): VNode {
  return (
    <Scroll label="Table of events">
      <table>
        <thead>
          <tr>
            <th scope="col">What became of them</th>
            <th scope="col" class="number">
              Since the start
            </th>
            <th scope="col" class="number">
              Now
            </th>
            <th scope="col">Last two minutes</th>
          </tr>
        </thead>
        <tbody>
          {OUTCOMES.map(([key, title]) => {
            const recent = rates(states, ({ events }) => events[key]);
            return (
              <tr key={key}>
                <th scope="row">{title}</th>
                <td class="number">{number(status.events[key])}</td>
                <td class="number">{recent.length === 0 ? '' : rate(recent.at(-1) ?? 0)}</td>
                <td>
                  <Sparkline values={recent} label={`${title}, a second`} />
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </Scroll>
  );
}

function journalText({ journal }: ShownStatus): string {
  if (!journal) return 'off';
  return `${bytes(journal.bytes)} on disk, ${count(journal.events, 'event')} kept, ${number(journal.leftOut)} left out`;
}

function Outputs({ status: { outputs } }: { readonly status: ShownStatus }): VNode {
  return (
    <Scroll label="Table of outputs">
      <table>
        <thead>
          <tr>
            {['Output', 'Written', 'Lost', 'Errors', 'Queued', 'Spool'].map((title, index) => (
              <th key={title} scope="col" class={index > 0 ? 'number' : ''}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {outputs.map(({ name, counters: { written, dropped, errors, queued, spoolBytes } }, index) => (
            // Several may have one name.
            <tr key={index}>
              <th scope="row">{name}</th>
              <td class="number">{number(written)}</td>
              <td class="number">{number(dropped)}</td>
              <td class="number">{number(errors)}</td>
              <td class="number">{queued === undefined ? '' : number(queued)}</td>
              <td class="number">{spoolBytes === undefined ? '' : bytes(spoolBytes)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
