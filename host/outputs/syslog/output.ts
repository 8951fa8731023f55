// Alerts to a syslog daemon.

import { type AlertFormat, alertLine } from '../alert.ts';
import type { Output } from '../output.ts';
import { type MessageOptions, syslogMessage } from './message.ts';
import type { SyslogPlace } from './place.ts';
import { SyslogSender, type SyslogSenderOptions } from './sender.ts';

export interface SyslogOutputOptions extends MessageOptions, SyslogSenderOptions {
  readonly json: boolean;
  readonly alertFormat: AlertFormat;
}

export function syslogOutput(place: SyslogPlace, options: SyslogOutputOptions): Output {
  const sender = new SyslogSender(place, options);
  const form = { json: options.json, format: options.alertFormat };
  return {
    name: 'syslog',
    write: (alert) => sender.push(syslogMessage(alert, alertLine(alert, form), options)),
    drained: () => sender.drained(),
    close: (timeoutMs) => sender.close(timeoutMs),
    get counters() {
      return sender.counters;
    },
  };
}
