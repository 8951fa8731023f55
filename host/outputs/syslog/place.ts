// The address of a syslog daemon.

export type SyslogPlace =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'udp' | 'tcp'; readonly host: string; readonly port: number };

const USUAL_PORT = 514;

/** `/dev/log`, `udp://host`, `tcp://[::1]:601`; undefined for an invalid address. */
export function parsePlace(text: string): SyslogPlace | undefined {
  if (text.startsWith('/')) return { kind: 'unix', path: text };
  const [, kind, bracketed, plain, port] =
    /^(udp|tcp):\/\/(?:\[([0-9a-fA-F:.]+)\]|([^\s:/[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const number = port === undefined ? USUAL_PORT : Number(port);
  if ((kind !== 'udp' && kind !== 'tcp') || host === undefined || number < 1 || number > 65_535) return undefined;
  return { kind, host, port: number };
}
