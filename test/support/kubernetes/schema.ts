import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import type { KubernetesObject } from './objects.js';

interface Model {
  validate(): void;
}

const DIRECTORY = fileURLToPath(new URL('.', import.meta.url));
const OWN_TYPES: Record<string, string> = { 'monitoring.coreos.com/v1': './service-monitor.js' };

/**
 * What is wrong with objects by the schemas of the Kubernetes API. The models check values; types of the same schemas
 * find unknown fields, which the API server would drop without a word.
 */
export async function faultsOfObjects(objects: KubernetesObject[]): Promise<string[]> {
  const values = await Promise.all(objects.map(valueFaults));
  return [...values.flat(), ...fieldFaults(objects)];
}

async function valueFaults(object: KubernetesObject): Promise<string[]> {
  if (object.apiVersion in OWN_TYPES) return [];
  const models = (await import(moduleOf(object))) as Record<string, (new (data: object) => Model) | undefined>;
  const KindOfModel = models[object.kind];
  if (!KindOfModel) return [`${nameOf(object)}: there is no ${object.kind} in ${object.apiVersion}`];
  try {
    new KindOfModel(object).validate();
    return [];
  } catch (error) {
    return [`${nameOf(object)}: ${(error as Error).message}`];
  }
}

/** Each object is written down as a constant of its type: the compiler refuses fields that the type does not have. */
function fieldFaults(objects: KubernetesObject[]): string[] {
  const path = `${DIRECTORY}written-down.ts`;
  const lines = objects.map((object, i) => {
    return `import type { I${object.kind} as T${i} } from '${moduleOf(object)}'; const o${i}: T${i} = ${JSON.stringify(object)};`;
  });
  const options: ts.CompilerOptions = {
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
  };
  const files = ts.createCompilerHost(options);
  const host: ts.CompilerHost = {
    ...files,
    fileExists: (file) => file === path || files.fileExists(file),
    readFile: (file) => (file === path ? lines.join('\n') : files.readFile(file)),
    getSourceFile: (file, version) =>
      file === path ? ts.createSourceFile(file, lines.join('\n'), version) : files.getSourceFile(file, version),
  };
  const program = ts.createProgram([path], options, host);
  const source = program.getSourceFile(path);
  return ts.getPreEmitDiagnostics(program, source).map(({ messageText, start }) => {
    const line = source && start !== undefined ? source.getLineAndCharacterOfPosition(start).line : 0;
    return `${nameOf(objects[line])}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
  });
}

/** The package's module: the core group has no name, and its folder is the version. */
function moduleOf({ apiVersion }: KubernetesObject): string {
  return OWN_TYPES[apiVersion] ?? `kubernetes-models/${apiVersion}`;
}

function nameOf(object: KubernetesObject | undefined): string {
  return `${object?.kind}/${object?.metadata.name}`;
}
