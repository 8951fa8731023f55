// Sources of events beside the system calls of the machine.

import { flag, list, section, text } from '../../config-values/value-types.ts';
import { STREAM_AUDIENCE } from '../../sessions/stream-messages.ts';

export const SOURCE_KEYS = {
  sources: section(
    'Sources of events beside system calls (not in Falco, which has plugins). `--disable-source syscall` runs with these alone.',
    {
      k8s_audit: section(
        'Audit events of Kubernetes, for rules with `source: k8s_audit`. It is on if `listen` or `file` is set.',
        {
          listen: text(
            '',
            "Address and port for the API server's audit webhook, such as `0.0.0.0:9765` or `[::]:9765`. Empty: none.",
          ),
          path: text('/k8s-audit', 'Path of the webhook.'),
          ssl_enabled: flag(true, 'Receive over HTTPS. It can be off only at an address of the loopback interface.'),
          ssl_certificate: text(
            '/etc/wasprey/k8s-audit.pem',
            'PEM file with the certificate, and with its private key unless `ssl_key` is set; it is reloaded when it changes.',
          ),
          ssl_key: text('', 'PEM file of the private key, if it is separate.'),
          client_ca: text(
            '',
            'PEM file of the CAs that sign the certificates of clients. Other clients are rejected. The file is reloaded when it changes.',
          ),
          token_file: text(
            '',
            'File with the token that clients send (`Authorization: Bearer`); it is reloaded when it changes. With `client_ca`, both are required; without both, nothing is received.',
          ),
          file: text('', 'Audit log of an API server. It is followed from its end, also over rotation. Empty: none.'),
          agents: section(
            'Sends each agent the requests to enter pods of its node (`kubectl exec` and the like), so that sessions have their Kubernetes user. Always over HTTPS, with `ssl_certificate`.',
            {
              listen: text(
                '',
                'Address and port to which agents connect, such as `0.0.0.0:9766`. Empty: nothing is sent to agents.',
              ),
              service_accounts: list(
                text('', 'A service account, as `NAMESPACE/NAME`.'),
                'Service accounts of agents. Other clients are rejected: an agent needs a token that is bound to its pod. Each agent gets the requests of its own node.',
              ),
              audience: text(STREAM_AUDIENCE, 'Audience that the tokens of agents must have.'),
            },
          ),
        },
      ),
    },
  ),
} as const;
