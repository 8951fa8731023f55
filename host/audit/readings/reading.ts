// Carries out a field's reading on an event (host/schema/audit/reading.ts).

import { latin1 } from '../../fields/value.ts';
import type { AuditReading, Pointer } from '../../schema/audit/reading.ts';
import { indentedJson } from '../json/indent.ts';
import { follow, parsePointer } from '../json/pointer.ts';
import { type JsonValues, keyOf, NOWHERE, untilNul } from '../json/values.ts';
import { queryParameter } from './query-parameter.ts';
import { type PreparedWalk, prepareWalk, walk } from './walk.ts';

/** The number of a value whose text it is, or a text with a character a byte. */
export type Item = number | string;

/** What a field reads: one text, the elements of a list, or nothing. */
export type ReadValue = Item | readonly Item[] | undefined;

/** A reading with its argument in place. */
export type PreparedReading = (values: JsonValues, event: number) => ReadValue;

/** Bytes of an indented event. A larger one is absent; `evt.plugininfo` has it in one line. */
const MOST_INDENTED = 1024 * 1024;

/** @param argument as rules write it */
export function prepareReading(reading: AuditReading, argument?: string): PreparedReading {
  const index = argument !== undefined && /^\d+$/.test(argument) ? Number(argument) : undefined;
  switch (reading.read) {
    case 'text':
      return atPointer(reading.at);
    case 'pointer':
      return argument === '' ? (_, event) => event : atPointer(`/${(argument ?? '').replace(/^\//, '')}`);
    case 'elements':
      return elementsAt(reading.at, index);
    case 'walk': {
      const prepared = prepareWalk(reading);
      return (values, event) => walk(values, event, prepared, index);
    }
    case 'repositories': {
      const of = prepareWalk(reading.of);
      return (values, event) => walk(values, event, of, index)?.map((image) => repositoryOf(values.text(image)));
    }
    case 'first': {
      const of = prepareReading(reading.of, '0');
      return (values, event) => firstOf(of(values, event));
    }
    case 'words':
      return wordsOf(prepareWalk(reading.of), index);
    case 'ports':
      return portsOf(prepareWalk(reading.of), index);
    case 'effective':
      return effectiveOf(reading, index);
    case 'anyTrue': {
      const of = prepareWalk(reading.of);
      return (values, event) => truth(walk(values, event, of, undefined)?.some((value) => values.isTrue(value)));
    }
    case 'anyIs': {
      const of = prepareWalk(reading.of);
      const matches = pathTest(latin1(Buffer.from(argument ?? '')));
      return (values, event) => truth(walk(values, event, of, undefined)?.some((value) => matches(values.text(value))));
    }
    case 'subjects':
      return subjectsOf(reading.kind, reading.qualified === true);
    case 'ofRules':
      return ofRules(reading.key, index);
    case 'volumeTypes':
      return volumeTypesAt(reading.at, index);
    case 'podName':
      return podName;
    case 'constant':
      return () => reading.value;
    case 'parameter': {
      const of = atPointer(reading.at);
      const name = latin1(Buffer.from(argument ?? ''));
      return (values, event) => parameterOf(values, of(values, event), name);
    }
    case 'event':
      return reading.form === 'compact'
        ? (_, event) => event
        : (values, event) => indentedJson(values, event, MOST_INDENTED);
  }
}

function atPointer(pointer: Pointer): (values: JsonValues, event: number) => number | undefined {
  const path = parsePointer(pointer);
  return (values, event) => present(follow(values, event, path));
}

function present(value: number): number | undefined {
  return value === NOWHERE ? undefined : value;
}

function firstOf(list: ReadValue): Item | undefined {
  return typeof list === 'object' ? list[0] : list;
}

function truth(holds: boolean | undefined): string | undefined {
  return holds === undefined ? undefined : String(holds);
}

function elementsAt(at: Pointer, index: number | undefined): PreparedReading {
  const path = parsePointer(at);
  return (values, event) => {
    const array = follow(values, event, path);
    if (array === NOWHERE) return undefined;
    if (index === undefined) return values.elements(array);
    const element = values.element(array, index);
    return element === NOWHERE ? undefined : [element];
  };
}

/** `registry:5000/name:tag@digest` -> `registry:5000/name` */
function repositoryOf(image: string): string {
  const [named = ''] = image.split('@', 1);
  const tag = named.indexOf(':', named.lastIndexOf('/') + 1);
  return tag < 0 ? named : named.slice(0, tag);
}

function wordsOf(of: PreparedWalk, index: number | undefined): PreparedReading {
  return (values, event) => {
    const found = walk(values, event, of, index);
    const words = found?.map((array) => values.elements(array));
    if (!words?.flat().every((word) => values.isString(word))) return undefined;
    return words.map((each) => each.map((word) => values.text(word)).join(' '));
  };
}

const [HOST_PORT, CONTAINER_PORT] = [keyOf('hostPort'), keyOf('containerPort')];

function portsOf(of: PreparedWalk, index: number | undefined): PreparedReading {
  return (values, event) =>
    walk(values, event, of, index)?.flatMap((ports) =>
      values.elements(ports).flatMap((port) => {
        const host = values.member(port, HOST_PORT);
        return present(host === NOWHERE ? values.member(port, CONTAINER_PORT) : host) ?? [];
      }),
    );
}

function effectiveOf(
  { containers, pod, key }: Extract<AuditReading, { read: 'effective' }>,
  index: number | undefined,
): PreparedReading {
  const list = elementsAt(containers, index);
  const own = parsePointer(`/securityContext/${key}`);
  const ofPod = parsePointer(`${pod}/${key}`);
  return (values, event) => {
    const found = list(values, event);
    if (typeof found !== 'object') return undefined;
    const otherwise = present(follow(values, event, ofPod)) ?? '0';
    return found.map((container) =>
      typeof container === 'number' ? (present(follow(values, container, own)) ?? otherwise) : container,
    );
  };
}

function pathTest(wanted: string): (path: string) => boolean {
  if (!wanted.endsWith('*')) return (path) => path === wanted;
  return (path) => path.startsWith(wanted.slice(0, -1));
}

const SUBJECTS = elementsAt('/requestObject/subjects', undefined);
const [NAME, NAMESPACE, SUBJECT_KIND] = [keyOf('name'), keyOf('namespace'), keyOf('kind')];

function subjectsOf(kind: string, qualified: boolean): PreparedReading {
  return (values, event) => {
    const subjects = SUBJECTS(values, event);
    if (typeof subjects !== 'object') return undefined;
    return subjects.flatMap((subject): Item[] => {
      if (typeof subject !== 'number') return [];
      const [is, name] = [values.member(subject, SUBJECT_KIND), values.member(subject, NAME)];
      if (is === NOWHERE || name === NOWHERE || values.text(is) !== kind) return [];
      if (!qualified) return [name];
      const namespace = values.member(subject, NAMESPACE);
      return namespace === NOWHERE ? [] : [`${values.text(namespace)}:${values.text(name)}`];
    });
  };
}

function ofRules(key: string, index: number | undefined): PreparedReading {
  const rules = elementsAt('/requestObject/rules', index);
  const wanted = keyOf(key);
  return (values, event) => {
    const found = rules(values, event);
    if (typeof found !== 'object') return undefined;
    return found.flatMap((rule) => {
      const array = typeof rule === 'number' ? values.member(rule, wanted) : NOWHERE;
      return array === NOWHERE ? [] : values.elements(array);
    });
  };
}

function volumeTypesAt(at: Pointer, index: number | undefined): PreparedReading {
  const volumes = elementsAt(at, index);
  return (values, event) => {
    const found = volumes(values, event);
    if (typeof found !== 'object') return undefined;
    return found.flatMap((volume) =>
      typeof volume === 'number' ? values.names(volume).filter((name) => values.text(name) !== NAME.text) : [],
    );
  };
}

const [RESOURCE, SUBRESOURCE, RESPONSE_NAME] = [
  atPointer('/objectRef/resource'),
  atPointer('/objectRef/subresource'),
  atPointer('/responseObject/metadata/name'),
];

function podName(values: JsonValues, event: number): ReadValue {
  const [resource, subresource] = [RESOURCE(values, event), SUBRESOURCE(values, event)];
  const isPod = resource !== undefined && values.text(resource) === 'pods';
  const isItself = subresource === undefined || values.text(subresource) === '';
  return isPod && isItself ? RESPONSE_NAME(values, event) : undefined;
}

function parameterOf(values: JsonValues, uri: number | undefined, name: string): string | undefined {
  const value = uri === undefined ? undefined : queryParameter(values.text(uri), name);
  return value === undefined ? undefined : untilNul(value);
}
