// Actions on servers: act under a server's name starts a program, writes a file, opens a port or connects, as no such server does.

import type { Action, Behaviour, Needs, Scene } from './action.ts';
import { INSIDE } from './addresses.ts';
import { AF_INET, SOCK_STREAM } from './numbers.ts';
import { become, create, pretend, type Step } from './steps.ts';

/** A server's names, and how act imitates it. */
export interface Server {
  /** Its name as in the names of its rules. */
  readonly title: string;
  /** Name of its process. */
  readonly program: string;
  /** Words that identify its command line. */
  readonly words?: string;
}

/** A port of none of the servers. */
export const UNUSUAL_PORT = 4444;

export const ROOT = { root: true } as const;

/** In a home folder, where no server lies. */
export const home = ({ marker }: Scene): string => `/root/wasprey-${marker}`;
export const IN_HOME = { steps: (scene: Scene) => create(home(scene)), leaves: (scene: Scene) => [home(scene)] };

/** Goes on as the server; what it is known by stays in its command line. */
function becomeServer({ program, words }: Server, { directory }: Scene): Step[] {
  return [become(directory, program), ...(words === undefined ? [] : [['@mark', words]])];
}

/** Its child is called `program`, and does nothing. */
export function child(program: string, ...words: readonly string[]): (scene: Scene) => Step[] {
  return ({ directory, marker }) => [pretend(directory, program, ...words, marker)];
}

/** Steps of the server, performed as it. */
export function asServer(server: Server, steps: (scene: Scene) => readonly Step[]): Behaviour['steps'] {
  return (scene) => [...becomeServer(server, scene), ...steps(scene)];
}

export function startsProgram(server: Server, does: string, steps = child('id')): Action {
  return {
    ...named(server, 'starts-program', does),
    ownRules: [`${server.title} started a program`],
    steps: asServer(server, steps),
  };
}

export function writesFile(server: Server, does: string, behaviour: Behaviour, needs: Needs = {}): Action {
  return {
    ...named(server, 'writes-out-of-place', does),
    needs,
    ownRules: [`${server.title} wrote a file out of place`],
    ...behaviour,
    steps: asServer(server, behaviour.steps),
  };
}

export function opensPort(server: Server, does: string, steps: readonly Step[]): Action {
  return {
    ...named(server, 'opens-port', does),
    needs: IN_NETWORK_OF_ITS_OWN,
    ownRules: [`${server.title} opened an unusual port`],
    steps: (scene) => [['@network', INSIDE], ...becomeServer(server, scene), ...steps],
  };
}

export function connects(server: Server, does: string, address: string, port: number): Action {
  return {
    ...named(server, 'connects-to-unusual-peer', does),
    needs: IN_NETWORK_OF_ITS_OWN,
    ownRules: [`${server.title} connected to an unusual peer`],
    steps: connection(server, address, port),
  };
}

/** The peer listens in the same process, in a network where nothing else is. */
export function connection(server: Server, address: string, port: number): Behaviour['steps'] {
  return (scene) => [
    ['@network', address],
    ...becomeServer(server, scene),
    ...listen(port),
    ['socket', AF_INET, SOCK_STREAM, 0],
    ['connect', 'r', `in:${address}:${port}`, 'len'],
  ];
}

/** Listens, by the first steps of a program. */
export function listen(port: number): Step[] {
  return [
    ['socket', AF_INET, SOCK_STREAM, 0],
    ['bind', 'r0', `in:0.0.0.0:${port}`, 'len'],
    ['listen', 'r0', 1],
  ];
}

const IN_NETWORK_OF_ITS_OWN: Needs = { root: true, capabilities: ['SYS_ADMIN', 'NET_ADMIN'] };

/** @param does a clause in the third person that goes on after `as MongoDB, ` */
function named(server: Server, name: string, does: string) {
  return {
    name: `${server.title.toLowerCase()}-${name}`,
    description: `as ${server.title}, ${does}`,
    where: 'any',
    rules: [],
  } as const;
}
