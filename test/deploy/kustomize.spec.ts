import { describe, expect, it } from 'vitest';
import { renderChart } from '../support/helm/chart.js';
import { kustomized } from '../support/kubernetes/kustomize.js';
import { byKindAndName, namesOf, objectOf, withoutHelmLabels } from '../support/kubernetes/objects.js';
import { faultsOfObjects } from '../support/kubernetes/schema.js';

describe('the plain manifests', () => {
  it('say what the chart says with its values as they are', () => {
    const chart = renderChart().map(withoutHelmLabels);
    expect(byKindAndName(kustomized('base'))).toEqual(byKindAndName(chart));
  });

  it.each(['base', 'overlays/production'])('are objects that the Kubernetes API knows: %s', async (folder) => {
    expect(await faultsOfObjects(kustomized(folder))).toEqual([]);
  });

  it('become three replicas of a given image in a namespace of their own', () => {
    const objects = kustomized('overlays/production');
    const { spec } = objectOf(objects, 'Deployment', 'seed-scheduler');

    expect(spec.replicas).toBe(3);
    expect(spec.template.spec.containers[0].image).toBe('registry.example.org/seed-scheduler:0.1.0');
    const inside = objects.filter(({ kind }) => kind !== 'Namespace');
    expect(new Set(inside.map(({ metadata }) => metadata.namespace))).toEqual(new Set(['seed-scheduler']));
    expect(namesOf(objects)).toContain('ServiceMonitor/seed-scheduler');
  });

  it('keep what the overlay does not name', () => {
    const [patched, base] = ['overlays/production', 'base'].map((folder) => {
      const { spec } = objectOf(kustomized(folder), 'Deployment', 'seed-scheduler');
      return spec.template.spec.containers[0] as { env: { name: string }[]; resources: object };
    });

    expect(patched?.env.map(({ name }) => name)).toEqual([...base.env.map(({ name }) => name), 'PUBLIC_URL']);
    expect(patched?.resources).toEqual({ requests: { cpu: '1', memory: '256Mi' }, limits: { memory: '512Mi' } });
  });
});
