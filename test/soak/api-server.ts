// The API server of a real Kubernetes goes away and comes back: alerts come all the same, and say what they lack.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { OWN_RULES } from '../../host/daemon/rules/rule-files.ts';
import type { KubernetesPlace } from '../../host/metadata/kubernetes/connection.ts';
import { Cluster, SHELL_IMAGE } from '../support/cluster/cluster.ts';
import { eventually } from '../support/cluster/cluster-agent.ts';
import { ClusterApi } from '../support/cluster/cluster-api.ts';
import { SoakAgent, type SoakAlert } from './agent.ts';
import { mustAddUp } from './drops.ts';
import { POD_MARK, POD_MARK_RULE, soakRules } from './rules.ts';
import type { Scenario, Session } from './scenario.ts';

const PODS = 10;
/** What the runtime does not know. */
const ACCOUNT = 'default';
const ALERTS_MS = 30_000;
const BACK_MS = 45_000;

export const API_SERVER: Scenario = {
  name: 'api-server',
  summary: 'the API server is killed while pods start, and comes back',
  seconds: 150,
  async run(session) {
    const cluster = await Cluster.start();
    session.atEnd(() => cluster.stop());
    const api = await ClusterApi.open(cluster);
    session.atEnd(() => api.close());
    const agent = await SoakAgent.start(session, {
      rules: [soakRules(), OWN_RULES],
      keep: (line) => line.includes(POD_MARK),
      configuration: {
        container_engines: { cri: { sockets: [cluster.containerdSocket] } },
        kubernetes: { node: api.place.node, kubeconfig: kubeconfig(session, api.place) },
      },
    });
    await eventually('a service account', async () => {
      return (await cluster.kubectl('get', 'serviceaccounts')).includes('default');
    });
    await cluster.apply(pods('with'));
    session.figure('pods with the server', described(await alertsOf(agent, 'with')));
    mustBeKnown(session, agent, 'with');

    session.progress('the API server is killed');
    await cluster.stopApiServer();
    await cluster.applyStatic(pods('without'));
    const without = await alertsOf(agent, 'without');
    session.figure('pods without it', described(without));
    const explained = without.filter((alert) => accountOf(alert) === undefined && reasonOf(alert) !== undefined);
    const reasons = [...new Set(without.map(reasonOf))].join(', ');
    session.must(
      'alerts of pods come without the server, by name, and say why there is no more',
      explained.length === PODS && without.every((alert) => typeof alert.output_fields['k8s.pod.name'] === 'string'),
      `${explained.length} of ${PODS}: ${reasons}`,
    );

    session.progress('the API server comes back');
    await cluster.startApiServer();
    const began = performance.now();
    await eventually('the server', async () => (await cluster.kubectl('get', '--raw', '/readyz')) === 'ok', BACK_MS);
    session.figure('the server is back after', `${((performance.now() - began) / 1000).toFixed(1)} s`);
    const reconnected = await reconnects(cluster, agent);
    session.figure('  the agent follows its pods again after', `${reconnected.toFixed(1)} s more`);
    await cluster.apply(pods('again'));
    session.figure('pods after that', described(await alertsOf(agent, 'again')));
    mustBeKnown(session, agent, 'again');
    await mustAddUp(session, agent);
  },
};

/** Starts a pod after the other until one is known. @returns s */
async function reconnects(cluster: Cluster, agent: SoakAgent): Promise<number> {
  const began = performance.now();
  for (let number = 0; performance.now() - began < BACK_MS; number++) {
    await cluster.apply(pods(`probe${number}`, 1));
    const [alert] = await alertsOf(agent, `probe${number}`, 1);
    if (alert && accountOf(alert) === ACCOUNT) break;
  }
  return (performance.now() - began) / 1000;
}

function kubeconfig(session: Session, place: KubernetesPlace): string {
  if (!('server' in place)) throw new TypeError('the cluster is reached by a service account');
  const { server, serviceAccount } = place;
  const name = 'soak';
  const config = {
    clusters: [{ name, cluster: { server, 'certificate-authority': join(serviceAccount, 'ca.crt') } }],
    users: [{ name, user: { tokenFile: join(serviceAccount, 'token') } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  };
  const path = join(session.folder, 'kubeconfig');
  writeFileSync(path, JSON.stringify(config)); // JSON is YAML
  return path;
}

function pods(prefix: string, total = PODS) {
  return Array.from({ length: total }, (_, number) => {
    const name = `${prefix}-${number}`;
    const command = ['sh', '-c', `: > ${POD_MARK}-${name}; exec sleep 0.05`];
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default' },
      spec: {
        restartPolicy: 'Never',
        terminationGracePeriodSeconds: 0,
        containers: [{ name: 'main', image: SHELL_IMAGE, imagePullPolicy: 'Never', command }],
      },
    };
  });
}

/** The alerts of those pods, one each, when all are there or patience is over. */
async function alertsOf(agent: SoakAgent, prefix: string, total = PODS): Promise<SoakAlert[]> {
  const found = (): SoakAlert[] => {
    const all = agent.alerts.filter(
      ({ rule, output_fields: fields }) =>
        rule === POD_MARK_RULE && String(fields['fd.name']).startsWith(`${POD_MARK}-${prefix}-`),
    );
    return [...new Map(all.map((alert) => [alert.output_fields['fd.name'], alert])).values()];
  };
  for (const end = performance.now() + ALERTS_MS; found().length < total && performance.now() < end; ) await sleep(50);
  return found();
}

function mustBeKnown(session: Session, agent: SoakAgent, prefix: string): void {
  const alerts = agent.alerts.filter(({ output_fields: fields }) => {
    return String(fields['fd.name']).startsWith(`${POD_MARK}-${prefix}-`);
  });
  const known = alerts.filter((alert) => accountOf(alert) === ACCOUNT);
  const missing = alerts.find((alert) => accountOf(alert) !== ACCOUNT);
  session.must(
    `alerts have what the server alone knows (pods ${prefix})`,
    known.length === PODS && missing === undefined,
    `${known.length} of ${PODS}${missing ? `; ${JSON.stringify(missing.output_fields)}` : ''}`,
  );
}

function described(alerts: readonly SoakAlert[]): string {
  const known = alerts.filter((alert) => accountOf(alert) === ACCOUNT).length;
  return `${alerts.length} alerts of ${PODS}, ${known} with what it alone knows`;
}

function accountOf({ output_fields: fields }: SoakAlert): unknown {
  return fields['k8smeta.pod.service_account'] ?? undefined;
}

function reasonOf({ output_fields: fields }: SoakAlert): unknown {
  return fields['container.metadata'];
}
