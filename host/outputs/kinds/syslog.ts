// Alerts to syslog.

import { choice, flag, type SectionValue, section, text } from '../../config-values/value-types.ts';
import { FACILITIES } from '../syslog/facilities.ts';
import type { MessageOptions } from '../syslog/message.ts';
import { syslogOutput } from '../syslog/output.ts';
import { parsePlace, type SyslogPlace } from '../syslog/place.ts';
import { defineOutput, lineOptions } from './kind.ts';

const KEYS = section('Alerts to syslog, with the priority of the rule as severity.', {
  enabled: flag(false, 'Send alerts to syslog.'),
  address: text(
    '/dev/log',
    'A datagram socket of this machine, or `udp://HOST:PORT` or `tcp://HOST:PORT`, by default port 514 (not in Falco).',
  ),
  format: choice(
    ['auto', 'rfc5424', 'rfc3164'],
    'auto',
    'Format of the messages; auto: as syslog(3) writes them to a socket, RFC 5424 over the network (not in Falco).',
  ),
  facility: choice(FACILITIES, 'user', 'Syslog facility (not in Falco).'),
  ident: text('wasprey', "The program's name in the messages (not in Falco, where it is falco)."),
});

type SyslogValues = SectionValue<typeof KEYS.keys>;

export const SYSLOG = defineOutput({
  name: 'syslog',
  keys: KEYS,
  check: ({ address, ident }) => [
    ...(parsePlace(address)
      ? []
      : [{ key: 'address', help: 'it is a path, udp://HOST:PORT or tcp://HOST:PORT' } as const]),
    ...(/^[\x21-\x7e]{1,48}$/.test(ident)
      ? []
      : [{ key: 'ident', help: 'it is a word of 48 characters at most' } as const]),
  ],
  make(values, context) {
    const { place, ...form } = syslogForm(values);
    const { format: alertFormat, ...rest } = lineOptions(context, 'syslog');
    return syslogOutput(place, { ...rest, alertFormat, ...form });
  },
});

/** Where messages go, and in which form. */
export function syslogForm({
  address,
  format,
  facility,
  ident,
}: SyslogValues): MessageOptions & { readonly place: SyslogPlace } {
  // The configuration was checked.
  const place = parsePlace(address) ?? { kind: 'unix', path: address };
  const auto = place.kind === 'unix' ? 'rfc3164' : 'rfc5424';
  return { place, format: format === 'auto' ? auto : format, facility, ident };
}
