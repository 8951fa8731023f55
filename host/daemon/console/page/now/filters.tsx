// What of the groups is shown: the filter is a part of the address.

import type { VNode } from 'preact';
import { PRIORITIES } from '../../../../schema/priority.ts';
import { visible } from '../parts/text.tsx';
import { hasWords, WordsInput, wordsOf } from '../parts/words.tsx';
import type { Group } from '../state/board.ts';
import { route, setQueryValue } from '../state/route.ts';

const SORTS = ['priority', 'latest', 'count'] as const;

export interface NowFilter {
  /** All of them must be somewhere in a group's texts. */
  readonly words: readonly string[];
  /** The least severe that is shown. */
  readonly priority: string;
  readonly namespace: string;
  readonly rule: string;
  readonly sort: (typeof SORTS)[number];
}

export function readFilter(query: URLSearchParams): NowFilter {
  const words = wordsOf(query.get('words') ?? '');
  const sort = SORTS.find((one) => one === query.get('sort')) ?? 'priority';
  const [priority, namespace, rule] = ['priority', 'namespace', 'rule'].map((name) => query.get(name) ?? '');
  return { words, sort, priority: priority ?? '', namespace: namespace ?? '', rule: rule ?? '' };
}

export function shows({ words, priority, namespace, rule }: NowFilter, group: Group): boolean {
  if (priority !== '' && rank(group.priority) > rank(priority)) return false;
  if (namespace !== '' && group.namespace !== namespace) return false;
  if (rule !== '' && group.rule !== rule) return false;
  const { namespace: own = '', pod = '', container = '', latest } = group;
  return hasWords(words, group.rule, own, pod, container, latest);
}

/** 0 is the most severe. */
export function rank(priority: string): number {
  const levels: readonly string[] = PRIORITIES;
  return levels.indexOf(priority);
}

export function Filters({ filter, groups }: { readonly filter: NowFilter; readonly groups: readonly Group[] }): VNode {
  const namespaces = unique(groups.map(({ namespace }) => namespace ?? ''));
  const rules = unique(groups.map(({ rule }) => rule));
  return (
    <search class="filters">
      <WordsInput value={route.value.query.get('words') ?? ''} onChange={(words) => setQueryValue('words', words)} />
      <Choice
        label="Priority"
        name="priority"
        value={filter.priority}
        values={PRIORITIES}
        every="All"
        suffix=" and worse"
      />
      <Choice label="Namespace" name="namespace" value={filter.namespace} values={namespaces} every="All" />
      <Choice label="Rule" name="rule" value={filter.rule} values={rules} every="All" />
      <Choice label="Order" name="sort" value={filter.sort} values={SORTS} />
    </search>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly name: string;
  readonly value: string;
  readonly values: readonly string[];
  /** The name of no choice. */
  readonly every?: string;
  readonly suffix?: string;
}

function Choice({ label, name, value, values, every, suffix = '' }: ChoiceProps): VNode {
  const all = value === '' || values.includes(value) ? values : [...values, value];
  return (
    <label>
      {label}
      <select value={value} onChange={({ currentTarget }) => setQueryValue(name, currentTarget.value)}>
        {every !== undefined && <option value="">{every}</option>}
        {all.map((one) => (
          <option key={one} value={one}>
            {visible(one)}
            {suffix}
          </option>
        ))}
      </select>
    </label>
  );
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)].filter(Boolean).sort();
}
