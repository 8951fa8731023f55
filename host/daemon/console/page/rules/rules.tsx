// Rules: what each costs and how often it matches.

import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { ShownStatus } from '../../messages.ts';
import { Sparkline } from '../parts/charts.tsx';
import { Scroll } from '../parts/scroll.tsx';
import { count, milliseconds, Note, number, Priority, rate, Text, Time } from '../parts/text.tsx';
import { Title } from '../parts/title.tsx';
import { WordsInput } from '../parts/words.tsx';
import { rates, useStates } from '../state/status.ts';
import { ruleAddress } from './rule.tsx';

interface Row {
  readonly name: string;
  readonly module: string;
  readonly priority: string;
  readonly alerts: number;
  /** ns that it takes of an event, on average. */
  readonly nanoseconds: number;
  /** Share of the time that all rules take, 0 to 1. */
  readonly share: number;
  readonly recent: readonly number[];
  /** Its module is not evaluated. */
  readonly isSetAside: boolean;
}

const COLUMNS = [
  { key: 'name', title: 'Rule', isNumber: false },
  { key: 'priority', title: 'Priority', isNumber: false },
  { key: 'alerts', title: 'Alerts', isNumber: true },
  { key: 'nanoseconds', title: 'ns an event', isNumber: true },
  { key: 'share', title: 'Share of time', isNumber: true },
  { key: 'module', title: 'Module', isNumber: false },
] as const;

type Column = (typeof COLUMNS)[number]['key'];

export function RulesView(): VNode {
  const states = useStates();
  const [sort, setSort] = useState<{ readonly by: Column; readonly isUp: boolean }>({ by: 'share', isUp: false });
  const [words, setWords] = useState('');
  const status = states.at(-1);
  if (!status) return <Loading />;
  const sorted = rowsOf(states, status)
    .filter(({ name }) => name.toLowerCase().includes(words.toLowerCase()))
    .sort((one, other) => compare(one[sort.by], other[sort.by]) * (sort.isUp ? 1 : -1));
  const setAside = status.setAside.filter(({ to }) => to === undefined);
  const choose = (by: Column): void =>
    setSort({ by, isUp: by === sort.by ? !sort.isUp : by === 'name' || by === 'module' });
  return (
    <>
      <div class="head">
        <Title>Rules</Title>
        <p class="facts">
          {count(status.rules.length, 'rule')}, {count(status.modules.length, 'module')}, costs estimated from samples
        </p>
      </div>
      {setAside.map(({ module, reason, from, again }) => (
        <div key={module} class="banner" role="status">
          The rules of <Text value={module} most={200} /> are set aside since <Time ms={from} date />:{' '}
          <Text value={reason} most={500} />.{' '}
          {again === undefined ? (
            'They are not evaluated until they are replaced.'
          ) : (
            <>
              They are tried again at <Time ms={again} />.
            </>
          )}
        </div>
      ))}
      <search class="filters">
        <WordsInput value={words} onChange={setWords} />
      </search>
      {sorted.length === 0 && <Note>No rule matches the filter.</Note>}
      <Scroll label="Table of rules">
        <table>
          <thead>
            <tr>
              {COLUMNS.map(({ key, title, isNumber }) => (
                <th
                  key={key}
                  scope="col"
                  class={isNumber ? 'number' : ''}
                  aria-sort={key === sort.by ? (sort.isUp ? 'ascending' : 'descending') : 'none'}
                >
                  <button type="button" onClick={() => choose(key)}>
                    {title}
                    <span aria-hidden="true">{key === sort.by ? (sort.isUp ? ' ↑' : ' ↓') : ''}</span>
                  </button>
                </th>
              ))}
              <th scope="col">Last two minutes</th>
            </tr>
          </thead>
          <tbody>
            {sorted.map((row) => (
              <RuleRow key={`${row.module} ${row.name}`} row={row} />
            ))}
          </tbody>
        </table>
      </Scroll>
      <h2>Modules</h2>
      <Modules status={status} />
    </>
  );
}

function Loading(): VNode {
  return (
    <>
      <Title>Rules</Title>
      <Note role="status">Loading</Note>
    </>
  );
}

function RuleRow({
  row: { name, priority, alerts, nanoseconds, share, module, recent, isSetAside },
}: {
  readonly row: Row;
}): VNode {
  return (
    <tr>
      <th scope="row">
        <a href={ruleAddress(name)}>
          <Text value={name} most={200} />
        </a>
        {isSetAside && <SetAside />}
      </th>
      <td>
        <Priority name={priority} />
      </td>
      <td class="number">{number(alerts)}</td>
      <td class="number">{nanoseconds < 100 ? nanoseconds.toFixed(2) : number(nanoseconds)}</td>
      <td class="number">{(100 * share).toFixed(1)} %</td>
      <td>
        <Text value={module} most={100} />
      </td>
      <td>
        <Sparkline values={recent} label={`${rate(recent.at(-1) ?? 0)} alerts`} />
      </td>
    </tr>
  );
}

function SetAside(): VNode {
  return <span class="tag warning">set aside</span>;
}

function Modules({ status }: { readonly status: ShownStatus }): VNode {
  const { modules } = status;
  const absent = setAsideOf(status);
  return (
    <Scroll label="Table of modules">
      <table>
        <thead>
          <tr>
            <th scope="col">Module</th>
            <th scope="col" class="number">
              Rules
            </th>
            <th scope="col" class="number">
              Evaluation
            </th>
            <th scope="col">In use since</th>
            <th scope="col">SHA-256</th>
            <th scope="col">Signed by</th>
          </tr>
        </thead>
        <tbody>
          {modules.map(({ name, sha256, signedBy, rules, evaluationMs, inUseSince }) => (
            <tr key={sha256}>
              <th scope="row">
                <Text value={name} most={200} />
                {absent.has(name) && <SetAside />}
              </th>
              <td class="number">{number(rules)}</td>
              <td class="number">{milliseconds(evaluationMs)}</td>
              <td>
                <Time ms={inUseSince} date />
              </td>
              <td title={sha256}>
                <code>{sha256.slice(0, 16)}</code>
              </td>
              <td>
                <Signers ids={signedBy} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function Signers({ ids }: { readonly ids: readonly string[] | undefined }): VNode {
  if (ids === undefined) return <>not checked</>;
  return ids.length === 0 ? <>no trusted key</> : <code>{ids.join(', ')}</code>;
}

/** Names of modules that are not evaluated now. */
function setAsideOf({ setAside }: ShownStatus): ReadonlySet<string> {
  return new Set(setAside.filter(({ to }) => to === undefined).map(({ module }) => module));
}

function rowsOf(states: readonly ShownStatus[], status: ShownStatus): Row[] {
  const total = status.rules.reduce((sum, { estimatedMs }) => sum + estimatedMs, 0);
  const { evaluated } = status.events;
  const absent = setAsideOf(status);
  return status.rules.map(({ name, module, priority, alerts, estimatedMs }, index) => ({
    name,
    module,
    priority,
    alerts,
    nanoseconds: evaluated === 0 ? 0 : (estimatedMs * 1_000_000) / evaluated,
    isSetAside: absent.has(module),
    share: total === 0 ? 0 : estimatedMs / total,
    recent: rates(states, ({ rules }) => (rules[index]?.name === name ? rules[index].alerts : alerts)),
  }));
}

function compare(one: string | number, other: string | number): number {
  if (typeof one === 'number' && typeof other === 'number') return one - other;
  return String(one).localeCompare(String(other), 'en');
}
