// Alerts posted over HTTP, as Falco posts them.

import { flag, secretText, section, text, unused } from '../../config-values/value-types.ts';
import { falcoFormat } from '../http/formats.ts';
import { HEADERS, httpOutput, TIMEOUT, TRANSPORT } from './http-transport.ts';
import { defineOutput } from './kind.ts';

export const HTTP = defineOutput({
  name: 'http',
  keys: section("Alerts posted over HTTP, one in each request: to Falcosidekick, or any receiver of Falco's alerts.", {
    enabled: flag(false, 'Post alerts.'),
    url: secretText('address', 'Address that alerts are posted to.'),
    user_agent: text('falcosecurity/falco', 'The User-Agent header; receivers may identify Falco by it.'),
    ...TRANSPORT,
    ca_path: unused('Folders of certificates are not supported: set files with `ca_cert` and `ca_bundle`.'),
    echo: unused("Answers are not printed; a failure is logged with the receiver's answer."),
    keep_alive: flag(false, 'Keep the connection for the next alert.'),
    max_consecutive_timeouts: unused('Failed requests are repeated, after 0.2 to 30 s, until they succeed.'),
    headers: HEADERS,
    timeout: TIMEOUT,
  }),
  needs: 'url',
  isSpooled: true,
  make(values, context) {
    const { url, user_agent: userAgent, keep_alive: keepAlive } = values;
    const format = falcoFormat(context.json, context.format);
    return httpOutput({ name: 'http', url, format, userAgent, keepAlive }, values, context);
  },
});
