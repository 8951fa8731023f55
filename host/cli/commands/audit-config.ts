// wasprey audit-config: writes the files that make an API server send its audit events to an agent.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { auditPolicy } from '../../audit/api-server/policy.ts';
import { webhookKubeconfig } from '../../audit/api-server/webhook-kubeconfig.ts';
import { isLoopback } from '../../config/listen-address.ts';
import { writeNewFile } from '../../daemon/rules/key-files.ts';
import { UsageError } from '../../diagnostics/arguments.ts';
import { CommandFailure, EXIT } from '../../diagnostics/failure.ts';
import { reasonOf } from '../../diagnostics/system-reason.ts';
import { defineCommand } from '../definition/command.ts';
import { onlyOperand } from '../definition/only-operand.ts';

const POLICY_FILE = 'audit-policy.yaml';
const WEBHOOK_FILE = 'audit-webhook.kubeconfig';
/** It has the key or the token. */
const PRIVATE_MODE = 0o600;
const PUBLIC_MODE = 0o644;
const CERTIFICATE = { form: /-----BEGIN CERTIFICATE-----/, name: 'certificate' };
const PRIVATE_KEY = { form: /-----BEGIN [A-Z ]*PRIVATE KEY-----/, name: 'private key' };

export const AUDIT_CONFIG = defineCommand({
  name: 'audit-config',
  usage: 'FOLDER --server URL',
  operands: [{ values: 'path' }],
  description: `
    Writes the files that make a Kubernetes API server send its audit events to an agent (\`sources.k8s_audit\`) into the folder:
    ${POLICY_FILE} selects the events; ${WEBHOOK_FILE} has the agent's address and the API server's credentials.
    It prints the options of the API server that name these files. Existing files are not overwritten.

    The API server reads them at its start, on its own machine: they must be in a folder that its pod mounts. The policy sends
    neither values of secrets nor tokens.`,
  status: { ok: 'Both files are written.', failure: "A file can't be read, is there already, or can't be written." },
  options: {
    server: {
      kind: 'text',
      value: 'URL',
      description:
        "Address of the agent, as the API server reaches it: https://HOST:9765/k8s-audit. The agent's certificate must name HOST.",
    },
    ca: {
      kind: 'text',
      value: 'FILE',
      description: "CA certificate of the agent (PEM). Default: the CAs of the API server's machine.",
    },
    'client-certificate': {
      kind: 'text',
      value: 'FILE',
      description: 'Client certificate of the API server (PEM), signed by client_ca. With --client-key.',
    },
    'client-key': { kind: 'text', value: 'FILE', description: 'Key of that certificate (PEM).' },
    'token-file': {
      kind: 'text',
      value: 'FILE',
      description: "File with the token, the same as the agent's token_file.",
    },
  },
  examples: [
    {
      command:
        'wasprey audit-config /etc/kubernetes/audit --server https://10.0.0.5:9765/k8s-audit --ca agent-ca.crt --token-file token',
      effect: 'Writes both files for a receiver that authenticates the API server by a token.',
    },
  ],
  async run({ options, operands }, terminal) {
    const folder = onlyOperand(operands, 'folder', 'wasprey audit-config FOLDER');
    const server = serverOf(options.server);
    const [certificate, key] = [options['client-certificate'], options['client-key']];
    if ((certificate === undefined) !== (key === undefined)) {
      throw new UsageError('--client-certificate and --client-key belong together');
    }
    const tokenFile = options['token-file'];
    if (certificate === undefined && tokenFile === undefined) {
      throw new UsageError(
        'a certificate or a token is required',
        'give --client-certificate and --client-key, or --token-file',
      );
    }
    const kubeconfig = webhookKubeconfig({
      server,
      ...(options.ca !== undefined && { authority: readPem(options.ca, CERTIFICATE) }),
      ...(certificate !== undefined &&
        key !== undefined && {
          client: { certificate: readPem(certificate, CERTIFICATE), key: readPem(key, PRIVATE_KEY) },
        }),
      ...(tokenFile !== undefined && { token: readToken(tokenFile) }),
    });
    // The API server has another working folder.
    const [policyPath, webhookPath] = [resolve(folder, POLICY_FILE), resolve(folder, WEBHOOK_FILE)];
    writeNewFile(webhookPath, kubeconfig, PRIVATE_MODE);
    writeNewFile(policyPath, auditPolicy(), PUBLIC_MODE);
    terminal.print(
      apiServerOptions(policyPath, webhookPath)
        .map((line) => `${line}\n`)
        .join(''),
    );
    return EXIT.ok;
  },
});

/**
 * Of larger events the API server leaves out the objects: no rule on them could match. So this is far above what is evaluated, and a request
 * that is padded comes whole, is refused, and raises an alert of its loss. Without the option batches could be larger than a body may be.
 */
const TRUNCATED_BYTES = 4 * 1024 * 1024;

function apiServerOptions(policy: string, webhook: string): string[] {
  return [
    `--audit-policy-file=${policy}`,
    `--audit-webhook-config-file=${webhook}`,
    '--audit-webhook-mode=batch',
    '--audit-webhook-batch-max-size=100',
    '--audit-webhook-batch-max-wait=1s',
    '--audit-webhook-truncate-enabled=true',
    `--audit-webhook-truncate-max-event-size=${TRUNCATED_BYTES}`,
  ];
}

function serverOf(text: string | undefined): string {
  const url = text === undefined ? undefined : URL.parse(text);
  // Without TLS an agent listens on its own machine alone.
  const isMeant =
    url && url.hostname !== '' && (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname)));
  if (!isMeant) {
    const problem = text === undefined ? 'missing --server' : 'invalid --server';
    throw new UsageError(problem, "the agent's address: https://HOST:9765/k8s-audit");
  }
  return url.href;
}

/** An API server does not start with one that it can't read. */
function readPem(path: string, { form, name }: typeof CERTIFICATE): string {
  const pem = readText(path);
  if (!form.test(pem)) throw new CommandFailure(`${path} has no ${name} in PEM form`);
  return pem;
}

function readToken(path: string): string {
  const token = readText(path).trim();
  if (!/^[\x21-\x7e]+$/.test(token)) throw new CommandFailure(`${path} has no token`, 'it is one line without blanks');
  return token;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    throw new CommandFailure(`can't read ${path}: ${reasonOf(error)}`);
  }
}
