// Now: groups of alerts by rule and workload, as they come.

import type { VNode } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Workload } from '../../messages.ts';
import { STEPS } from '../../messages.ts';
import { Sparkline, Timeline } from '../parts/charts.tsx';
import { count, Note, number, Priority, priorityClass, Text, Time, visible } from '../parts/text.tsx';
import { Title } from '../parts/title.tsx';
import { type Board, board, type Group } from '../state/board.ts';
import { route } from '../state/route.ts';
import { useSignal } from '../state/signal.ts';
import { Filters, type NowFilter, rank, readFilter, shows } from './filters.tsx';
import { GroupAlertList } from './group-alerts.tsx';

export function NowView(): VNode {
  const live = useSignal(board);
  const { query } = useSignal(route);
  const [paused, setPaused] = useState<Board | undefined>(undefined);
  const shown = paused ?? live;
  const filter = readFilter(query);
  const groups = useMemo(() => [...shown.groups.values()].filter((group) => shows(filter, group)), [shown, query]);
  const toggle = (): void => setPaused(paused ? undefined : live);
  useEffect(() => {
    const onKey = ({ key, target, ctrlKey, metaKey, altKey }: KeyboardEvent): void => {
      const isTyping = target instanceof HTMLInputElement || target instanceof HTMLSelectElement;
      if (key === 'p' && !isTyping && !ctrlKey && !metaKey && !altKey) toggle();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  });
  return (
    <>
      <div class="head">
        <Title>Now</Title>
        <p class="facts">{count(live.alerts, 'alert')} since the agent started</p>
        <button type="button" aria-pressed={paused !== undefined} onClick={toggle} title="Key: p">
          {paused ? 'Catch up' : 'Pause'}
        </button>
      </div>
      {paused && (
        <p class="paused" role="status">
          Paused at <Time ms={paused.now} />. {count(live.alerts - paused.alerts, 'more alert')} since.
        </p>
      )}
      <Timeline series={seriesOf(groups, shown.step)} />
      <Filters filter={filter} groups={[...shown.groups.values()]} />
      <Groups board={shown} groups={groups} filter={filter} />
    </>
  );
}

const CLASSES = ['severe', 'error', 'warning', 'notice', 'info'] as const;

function seriesOf(groups: readonly Group[], step: number): { priority: string; values: number[] }[] {
  const series = CLASSES.map((priority) => ({ priority, values: new Array<number>(STEPS).fill(0) }));
  for (const group of groups) {
    const own = series.find(({ priority }) => priority === priorityClass(group.priority));
    for (const [index, value] of stepsAt(group, step).entries())
      if (own) own.values[index] = (own.values[index] ?? 0) + value;
  }
  return series.filter(({ values }) => values.some((value) => value > 0));
}

/** Values of all steps, up to that one. The agent sends a group again only when it changes. */
export function stepsAt({ steps, sentStep }: Group, step: number): readonly number[] {
  const behind = Math.max(0, Math.min(STEPS, step - sentStep));
  const all = [...new Array<number>(STEPS).fill(0), ...steps, ...new Array<number>(behind).fill(0)];
  return all.slice(-STEPS);
}

interface GroupsProps {
  readonly board: Board;
  readonly groups: readonly Group[];
  readonly filter: NowFilter;
}

/** The order stays as it is while the pointer or the keyboard is in the list: nothing moves under who reads. */
function Groups({ board: { connection, groups: all, instance, step }, groups, filter }: GroupsProps): VNode {
  const order = useRef<readonly number[]>([]);
  const { current: rows } = useRef(new Rows());
  const [isRead, setRead] = useState(false);
  const sorted = useMemo(() => sortedIds(groups, filter.sort), [groups, filter.sort]);
  const known = new Map(groups.map((group) => [group.id, group]));
  const added = sorted.filter((id) => !order.current.includes(id));
  if (!isRead || order.current.every((id) => !known.has(id))) order.current = sorted;
  const waiting = isRead && order.current !== sorted ? added.length : 0;
  if (instance === undefined) return <Note role="status">{connection === 'broken' ? 'Not connected' : 'Loading'}</Note>;
  if (all.size === 0) {
    return (
      <Note>
        No alert yet. Rules are watching: <code>cat /etc/shadow</code> on this machine raises one.
      </Note>
    );
  }
  if (groups.length === 0) return <Note>No group matches the filter.</Note>;
  return (
    <>
      <p class="waiting" role="status">
        {waiting > 0 ? `${count(waiting, 'new group')}: shown when you leave the list` : ''}
      </p>
      <ul
        class="groups"
        aria-label="Groups of alerts"
        onMouseEnter={() => setRead(true)}
        onMouseLeave={({ currentTarget }) => setRead(currentTarget.contains(document.activeElement))}
        onFocusCapture={() => setRead(true)}
        onBlurCapture={({ currentTarget, relatedTarget: next }) =>
          setRead(currentTarget.matches(':hover') || (next instanceof Node && currentTarget.contains(next)))
        }
      >
        {order.current.map((id) => {
          const group = known.get(id);
          return group && rows.of(group, instance, step);
        })}
      </ul>
    </>
  );
}

/** Rows that were made: one whose group has not changed is the same element, which is not compared with what is shown. */
class Rows {
  #made = new WeakMap<Group, { readonly step: number; readonly row: VNode }>();

  of(group: Group, instance: string, step: number): VNode {
    const made = this.#made.get(group);
    if (made?.step === step) return made.row;
    const row = <GroupRow key={group.id} group={group} instance={instance} step={step} />;
    this.#made.set(group, { step, row });
    return row;
  }
}

function sortedIds(groups: readonly Group[], sort: NowFilter['sort']): readonly number[] {
  const newest = (one: Group, other: Group): number => other.id - one.id;
  const by = {
    priority: (one: Group, other: Group) => rank(one.priority) - rank(other.priority) || newest(one, other),
    latest: (one: Group, other: Group) => other.last - one.last || newest(one, other),
    count: (one: Group, other: Group) => other.count - one.count || newest(one, other),
  };
  return [...groups].sort(by[sort]).map(({ id }) => id);
}

function GroupRow({
  group,
  instance,
  step,
}: {
  readonly group: Group;
  readonly instance: string;
  readonly step: number;
}): VNode {
  const [isOpen, setOpen] = useState(false);
  const { id, rule, priority, latest, latestAlert, last } = group;
  const values = stepsAt(group, step);
  const recent = values.reduce((sum, value) => sum + value, 0);
  return (
    <li class={`group ${priorityClass(priority)}`}>
      <Priority name={priority} />
      <a class="rule" href={`#/alert/${instance}/${latestAlert}`}>
        <Text value={rule} most={200} />
      </a>
      <Place workload={group} />
      <Sparkline values={values} label={`${count(recent, 'alert')} within 5 minutes`} />
      <span class="count">{number(group.count)}</span>
      <span class="when">
        <Time ms={last} />
      </span>
      <button
        type="button"
        class="more"
        aria-expanded={isOpen}
        aria-label={`Alerts of ${visible(rule)}`}
        onClick={() => setOpen(!isOpen)}
      >
        {isOpen ? 'Less' : 'Alerts'}
      </button>
      <p class="latest">
        <Text value={latest} most={300} />
      </p>
      {isOpen && <GroupAlertList id={id} instance={instance} count={group.count} />}
    </li>
  );
}

export function Place({ workload: { namespace, pod, container } }: { readonly workload: Workload }): VNode {
  if (pod !== undefined) {
    return (
      <span class="place">
        <Text value={namespace ?? ''} most={100} />/<Text value={pod} most={100} />
      </span>
    );
  }
  return (
    <span class="place">{container === undefined ? 'not in the alert' : <Text value={container} most={100} />}</span>
  );
}
