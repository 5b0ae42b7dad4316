import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { type KubernetesObject, objectOf, objectsOf } from './objects.js';

export const MANIFESTS = fileURLToPath(new URL('../../../deploy/kubernetes', import.meta.url));

interface Kustomization {
  apiVersion: string;
  kind: string;
  resources?: string[];
  namespace?: string;
  replicas?: { name: string; count: number }[];
  images?: { name: string; newName?: string; newTag?: string }[];
  patches?: { path: string }[];
}

const KNOWN = ['apiVersion', 'kind', 'resources', 'namespace', 'replicas', 'images', 'patches'];

/** What `kubectl kustomize` makes of a folder, for the few fields that ours use; others are refused. */
export function kustomized(folder: string): KubernetesObject[] {
  const read = (file: string) => readFileSync(join(MANIFESTS, folder, file), 'utf8');
  const kustomization = parse(read('kustomization.yaml')) as Kustomization;
  const unknown = Object.keys(kustomization).filter((field) => !KNOWN.includes(field));
  if (unknown.length > 0) throw new Error(`${folder}: ${unknown.join()} is not known here`);
  const objects = (kustomization.resources ?? []).flatMap((resource) =>
    resource.endsWith('.yaml') ? objectsOf(read(resource)) : kustomized(join(folder, resource)),
  );
  for (const { path } of kustomization.patches ?? []) {
    for (const patch of objectsOf(read(path))) patchInto(objectOf(objects, patch.kind, patch.metadata.name), patch);
  }
  for (const object of objects) adjust(object, kustomization);
  return objects;
}

function adjust(object: KubernetesObject, { namespace, replicas = [], images = [] }: Kustomization): void {
  if (namespace && object.kind !== 'Namespace') object.metadata.namespace = namespace;
  if (object.kind !== 'Deployment') return;
  for (const { name, count } of replicas) if (object.metadata.name === name) object.spec.replicas = count;
  for (const container of object.spec.template.spec.containers as { image: string }[]) {
    const [name, tag] = container.image.split(':');
    const image = images.find((one) => one.name === name);
    if (image) container.image = `${image.newName ?? name}:${image.newTag ?? tag}`;
  }
}

type Tree = Record<string, unknown>;

/** A strategic merge: maps are merged, lists whose items have names by these, and null takes a key away. */
function patchInto(target: Tree, patch: Tree): void {
  for (const [key, value] of Object.entries(patch)) {
    const present = target[key];
    if (value === null) delete target[key];
    else if (isNamedList(value) && isNamedList(present)) {
      for (const item of value) {
        const same = present.find(({ name }) => name === item.name);
        if (same) patchInto(same, item);
        else present.push(item);
      }
    } else if (isTree(value) && isTree(present)) patchInto(present, value);
    else target[key] = value;
  }
}

function isTree(value: unknown): value is Tree {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function isNamedList(value: unknown): value is Tree[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => isTree(item) && 'name' in item);
}
