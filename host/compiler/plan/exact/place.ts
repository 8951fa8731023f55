// Where a test is looked at: on events of which type, at which point.

import type { EventType } from '../../../schema/events/index.ts';
import type { Point } from './points.ts';

export interface Place {
  readonly type: EventType;
  readonly point: Point;
}

/** The event's program is just being run: its image is not known in time. */
export function isNewProgram({ type, point }: Place): boolean {
  return type.shape === 'exec' && point.result === 'succeeded';
}

export function isOnIp({ point: { socket } }: Place): boolean {
  return socket === 'ipv4' || socket === 'ipv6';
}
