import { parseAllDocuments } from 'yaml';

// Objects of many kinds: the assertions of the tests say what they expect of one.
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- no one type fits; the assertions of the tests check it
type Anything = any;

export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  spec?: Anything;
  [field: string]: Anything;
}

/** Every object of a text of YAML documents. */
export function objectsOf(text: string): KubernetesObject[] {
  return parseAllDocuments(text)
    .map((document) => {
      if (document.errors[0]) throw new Error(`${document.errors[0].message}\n${text}`);
      return document.toJS() as KubernetesObject | null;
    })
    .filter((object) => object !== null);
}

export const namesOf = (objects: KubernetesObject[]): string[] =>
  objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`).sort();

export const ofKind = (objects: KubernetesObject[], kind: string): KubernetesObject[] =>
  objects.filter((object) => object.kind === kind);

/** The one object of this kind and name, which must be there. */
export function objectOf(objects: KubernetesObject[], kind: string, name: string): KubernetesObject {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  if (!found) throw new Error(`${kind}/${name} is not among ${namesOf(objects).join(', ')}`);
  return found;
}

/** An object without labels that only Helm puts there, its keys in order: what it means to the cluster. */
export function withoutHelmLabels(object: KubernetesObject): KubernetesObject {
  const text = JSON.stringify(object, (key, value: unknown) =>
    ['helm.sh/chart', 'app.kubernetes.io/managed-by'].includes(key) ? undefined : value,
  );
  return JSON.parse(text) as KubernetesObject;
}

/** In an order of their own, so that two lists of the same objects are equal. */
export function byKindAndName<T extends Named>(objects: T[]): T[] {
  return objects.sort((a, b) => (a.kind + a.metadata.name < b.kind + b.metadata.name ? -1 : 1));
}

interface Named {
  kind: string;
  metadata: { name: string };
}
