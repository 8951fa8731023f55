// A container as a place for actions: `wasprey generate` acts in the container that it is in, tests act in theirs from outside.

import { existsSync, readFileSync } from 'node:fs';
import { actWords } from '../../../host/generate/actions/steps.ts';
import { capabilitiesOf } from '../../../host/generate/capabilities.ts';
import type { Place } from '../../../host/generate/place.ts';
import type { Container, ContainerOptions } from './live-container.ts';

export function placeIn(container: Container, options: ContainerOptions): Place {
  const hasFile = (path: string) => existsSync(`/proc/${container.pid}/root${path}`);
  const act = options.root === 'host' ? '/opt/act' : '/usr/bin/act';
  return {
    kind: 'container',
    act,
    temporary: '/tmp',
    uid: 0,
    capabilities: capabilitiesOf(readFileSync(`/proc/${container.pid}/status`, 'utf8')),
    hasFile,
    hasProgram: (name) => ['/usr/sbin', '/usr/bin', '/sbin', '/bin'].some((folder) => hasFile(`${folder}/${name}`)),
    start: (steps) => container.start([act, ...actWords(steps)]),
    // What is left of it ends with the container.
    kill: (run) => void run.kill('SIGKILL'),
  };
}
