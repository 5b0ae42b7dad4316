import { describe, expect, it } from 'vitest';
import { renderChart } from '../support/helm/chart.js';
import { kustomized } from '../support/kubernetes/kustomize.js';
import { type KubernetesObject, objectOf, ofKind } from '../support/kubernetes/objects.js';
import { VALUES } from './values.js';

// What the service grants itself beyond the delay and the longest attempt: see SHUTDOWN_GRACE_MS.
const VERDICT_SECONDS = 30;

interface Peer {
  ipBlock?: { cidr: string };
  namespaceSelector?: { matchLabels?: Record<string, string> };
}

interface Rule {
  from?: Peer[];
  to?: Peer[];
  ports?: { port: number | string }[];
}

const sources: [string, () => KubernetesObject[]][] = [
  ...Object.entries(VALUES).map(([title, values]): [string, () => KubernetesObject[]] => [
    `the chart with ${title}`,
    () => renderChart(values),
  ]),
  ['the plain manifests', () => kustomized('base')],
  ['the overlay for production', () => kustomized('overlays/production')],
];

describe.each(sources)('every pod of %s', (_, objects) => {
  const pods = ofKind(objects(), 'Deployment').map(({ spec }) => ({ spec, pod: spec.template.spec }));

  it('there is', () => {
    expect(pods.length).toBeGreaterThan(0);
  });

  it('runs as a numbered user that is not root, with the runtime profile of system calls', () => {
    for (const { pod } of pods) {
      expect(pod.securityContext).toMatchObject({
        runAsNonRoot: true,
        runAsUser: 1000,
        runAsGroup: 1000,
        seccompProfile: { type: 'RuntimeDefault' },
      });
    }
  });

  it('can neither write to its image nor gain a right', () => {
    for (const { pod } of pods) {
      expect(pod.containers[0].securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(pod.hostNetwork ?? pod.hostPID ?? pod.hostIPC).toBeUndefined();
    }
  });

  it('has no token for the API of Kubernetes', () => {
    for (const { pod } of pods) expect(pod.automountServiceAccountToken).toBe(false);
    for (const account of ofKind(objects(), 'ServiceAccount')) expect(account.automountServiceAccountToken).toBe(false);
  });

  it('takes its secrets from Secrets', () => {
    for (const { pod } of pods) {
      const env = pod.containers[0].env as { name: string; value?: string; valueFrom?: { secretKeyRef?: object } }[];
      const secret = env.filter(({ name }) => /^(DATABASE_URL|SECRET_KEY|SCHEDULER_ADMIN_TOKEN)/.test(name));
      expect(secret.map(({ name }) => name)).toEqual([
        'DATABASE_URL',
        'SECRET_KEY',
        'SECRET_KEY_FALLBACKS',
        'SCHEDULER_ADMIN_TOKEN',
      ]);
      for (const variable of secret) expect(variable).toHaveProperty('valueFrom.secretKeyRef.key');
    }
    expect(ofKind(objects(), 'Secret')).toEqual([]);
  });

  it('is asked for its life without the database and for its readiness with it', () => {
    for (const { pod } of pods) {
      const { startupProbe, livenessProbe, readinessProbe } = pod.containers[0];
      expect([startupProbe, livenessProbe, readinessProbe].map(({ httpGet }) => String(httpGet.path))).toEqual([
        '/health/live',
        '/health/live',
        '/health/ready',
      ]);
      // The check of the database takes up to 3 s before it says that there is none.
      expect(readinessProbe.timeoutSeconds).toBeGreaterThan(3);
      expect(startupProbe.periodSeconds * startupProbe.failureThreshold).toBeGreaterThanOrEqual(300);
    }
  });

  it('is not killed before its longest attempt can be finished and recorded', () => {
    for (const { pod } of pods) {
      const seconds = (name: string) =>
        Number((pod.containers[0].env as { name: string; value: string }[]).find((one) => one.name === name)?.value);
      const drain = seconds('SHUTDOWN_DELAY') + seconds('DEFAULT_REQUEST_TIMEOUT') + VERDICT_SECONDS;
      expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(drain);
    }
  });

  it('is replaced only when another one is ready', () => {
    for (const { spec } of pods) {
      expect(spec.strategy.rollingUpdate).toEqual({ maxUnavailable: 0, maxSurge: 1 });
    }
  });
});

describe('the time for stopping', () => {
  it('follows from the delay and the timeout of a request', () => {
    const [deployment] = ofKind(renderChart({ requestTimeoutSeconds: 300, shutdownDelaySeconds: 10 }), 'Deployment');
    expect(deployment?.spec.template.spec.terminationGracePeriodSeconds).toBe(345);
  });

  it('cannot be set to less than the drain may take', () => {
    expect(() => renderChart({ terminationGracePeriodSeconds: 65 })).toThrow('must be more than');
    expect(() => renderChart({ terminationGracePeriodSeconds: 66 })).not.toThrow();
  });
});

describe('the network policy', () => {
  const policyOf = (values: Record<string, unknown>, name: string) =>
    objectOf(renderChart(values), 'NetworkPolicy', name).spec as { ingress: Rule[]; egress: Rule[] };

  it('excepts the metadata services of clouds wherever the whole Internet is allowed', () => {
    const { egress } = policyOf({}, 'seed-scheduler');
    const blocks = JSON.stringify(egress).match(/\{"cidr":"(0\.0\.0\.0|::)\/0"[^}]*\}/g) ?? [];

    expect(blocks).toHaveLength(4);
    for (const block of blocks) expect(block).toMatch(/169\.254\.0\.0\/16|fd00:ec2::254/);
  });

  it('lets out names, the database and what is configured, and nothing else', () => {
    const { egress } = policyOf(VALUES['everything switched on'], 'ticks');
    const ports = egress.map((rule) => rule.ports?.map(({ port }) => port));

    expect(ports).toEqual([[53, 53], [5432], [443, 8443], [4318]]);
    expect(egress[2]?.to?.map((peer) => peer.ipBlock?.cidr)).toEqual([undefined, '0.0.0.0/0', '10.0.0.0/8']);
  });

  it('keeps the cluster closed to deliveries when they only go outside', () => {
    const { egress } = policyOf(
      { networkPolicy: { endpoints: { inCluster: false, cidrs: ['::/0'] } } },
      'seed-scheduler',
    );
    expect(egress[2]?.to).toEqual([{ ipBlock: { cidr: '::/0', except: ['fe80::/10', 'fd00:ec2::254/128'] } }]);
  });

  it('lets in the namespaces that are named, and those of metrics on pods without the API too', () => {
    const values = VALUES['everything switched on'];
    const namespaces = (rule?: Rule) =>
      rule?.from?.flatMap((peer) => Object.values(peer.namespaceSelector?.matchLabels ?? {}));

    expect(namespaces(policyOf(values, 'ticks').ingress[0])).toEqual(['monitoring']);
    expect(namespaces(policyOf(values, 'ticks-api').ingress[0])).toEqual(['ingress-nginx']);
    expect(policyOf({}, 'seed-scheduler').ingress).toEqual([]);
  });
});
