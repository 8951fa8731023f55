// The file, in the form of a kubeconfig, with the address to which an API server sends audit events, and its credentials.

export interface WebhookTarget {
  /** https://HOST:PORT/PATH. */
  readonly server: string;
  /** PEM of who has signed the receiver's certificate. Undefined: the authorities of the API server's machine. */
  readonly authority?: string;
  /** PEM of the certificate of the API server, and of its key. */
  readonly client?: { readonly certificate: string; readonly key: string };
  readonly token?: string;
}

const NAME = 'wasprey';

export function webhookKubeconfig({ server, authority, client, token }: WebhookTarget): string {
  const lines = [
    'apiVersion: v1',
    'kind: Config',
    'clusters:',
    `  - name: ${NAME}`,
    '    cluster:',
    `      server: ${JSON.stringify(server)}`,
    ...(authority === undefined ? [] : [`      certificate-authority-data: ${base64(authority)}`]),
    'users:',
    `  - name: ${NAME}`,
    ...(client || token !== undefined ? ['    user:'] : ['    user: {}']),
    ...(client
      ? [`      client-certificate-data: ${base64(client.certificate)}`, `      client-key-data: ${base64(client.key)}`]
      : []),
    ...(token === undefined ? [] : [`      token: ${JSON.stringify(token)}`]),
    'contexts:',
    `  - {name: ${NAME}, context: {cluster: ${NAME}, user: ${NAME}}}`,
    `current-context: ${NAME}`,
  ];
  return `${lines.join('\n')}\n`;
}

function base64(text: string): string {
  return Buffer.from(text, 'latin1').toString('base64');
}
