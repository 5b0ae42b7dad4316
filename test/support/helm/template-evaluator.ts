import { type Expression, type Node, parseTemplate, type Pipe } from './template-parser.js';

export type TemplateFunction = (...args: never[]) => unknown;

interface Scope {
  dot: unknown;
  variables: Map<string, unknown>;
  parent: Scope | null;
}

/** A set of templates that can call each other by name, with the functions they may use. */
export class TemplateSet {
  private readonly defined = new Map<string, Node[]>();

  constructor(private readonly functions: Record<string, TemplateFunction>) {}

  /** Takes in the `define`s of a file. */
  add(source: string): Node[] {
    const nodes = parseTemplate(source);
    for (const node of nodes) if (node.kind === 'define') this.defined.set(node.name, node.body);
    return nodes;
  }

  include(name: string, dot: unknown): string {
    const body = this.defined.get(name);
    if (!body) throw new Error(`there is no template "${name}"`);
    return this.execute(body, dot);
  }

  execute(nodes: Node[], dot: unknown): string {
    return this.run(nodes, { dot, variables: new Map([['$', dot]]), parent: null });
  }

  private run(nodes: Node[], scope: Scope): string {
    return nodes.map((node) => this.runNode(node, scope)).join('');
  }

  private runNode(node: Node, scope: Scope): string {
    if (node.kind === 'text') return node.text;
    if (node.kind === 'define') return '';
    if (node.kind === 'action') {
      const value = this.evaluatePipe(node.pipe, scope);
      return node.pipe.names.length > 0 ? '' : print(value);
    }
    const inner: Scope = { dot: scope.dot, variables: new Map(), parent: scope };
    if (node.kind === 'range') return this.runRange(node, inner);
    const value = this.evaluatePipe(node.pipe, inner);
    if (!isTrue(value)) return this.run(node.otherwise, inner);
    return this.run(node.body, node.kind === 'with' ? { ...inner, dot: value } : inner);
  }

  private runRange(node: Extract<Node, { pipe: Pipe; body: Node[] }>, scope: Scope): string {
    const items = entries(this.evaluate(node.pipe.value, scope));
    if (items.length === 0) return this.run(node.otherwise, scope);
    const names = node.pipe.names;
    return items
      .map(([key, value]) => {
        const variables = new Map<string, unknown>();
        if (names.length > 1) variables.set(names[0], key);
        if (names.length > 0) variables.set(names.at(-1)!, value);
        return this.run(node.body, { dot: value, variables, parent: scope });
      })
      .join('');
  }

  private evaluatePipe(pipe: Pipe, scope: Scope): unknown {
    const value = this.evaluate(pipe.value, scope);
    for (const name of pipe.names) {
      if (pipe.isDeclaration) scope.variables.set(name, value);
      else holderOf(name, scope).variables.set(name, value);
    }
    return value;
  }

  private evaluate(expression: Expression, scope: Scope): unknown {
    switch (expression.kind) {
      case 'literal':
        return expression.value;
      case 'dot':
        return scope.dot;
      case 'variable':
        return holderOf(expression.name, scope).variables.get(expression.name);
      case 'field':
        return fieldOf(this.evaluate(expression.of, scope), expression.name);
      case 'call':
        return this.call(expression, scope, []);
      case 'pipeline':
        return expression.commands.reduce<unknown[]>((piped, command) => {
          if (piped.length > 0 && command.kind !== 'call') throw new Error('a value is piped into what is no function');
          return [command.kind === 'call' ? this.call(command, scope, piped) : this.evaluate(command, scope)];
        }, [])[0];
    }
  }

  private call({ name, args }: { name: string; args: Expression[] }, scope: Scope, piped: unknown[]): unknown {
    // Go stops at the first argument that settles it.
    if (name === 'and' || name === 'or') {
      let last: unknown;
      for (const arg of args) {
        last = this.evaluate(arg, scope);
        if (isTrue(last) === (name === 'or')) return last;
      }
      return piped.length > 0 ? piped[0] : last;
    }
    const values = [...args.map((arg) => this.evaluate(arg, scope)), ...piped];
    if (name === 'include') return this.include(values[0] as string, values[1]);
    const known = this.functions[name];
    if (!known) throw new Error(`function "${name}" is not defined`);
    return known(...(values as never[]));
  }
}

/** What Go's templates take for true. */
export function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (value !== null && typeof value === 'object') return Object.keys(value).length > 0;
  return Boolean(value);
}

/** As Go prints it; of a missing value Helm makes an empty text. */
export function print(value: unknown): string {
  if (value === null || value === undefined) return '';
  // Go prints float64, which all numbers of values.yaml are, as 1e+06.
  if (typeof value === 'number' && Math.abs(value) >= 1e6) throw new Error(`${value}: use int before it is printed`);
  if (typeof value === 'object')
    throw new Error(`a ${Array.isArray(value) ? 'list' : 'map'} is printed without toYaml`);
  return `${value as string | number | bigint | boolean}`;
}

function entries(value: unknown): [unknown, unknown][] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value.map((item, i) => [BigInt(i), item]);
  if (typeof value !== 'object') throw new Error(`range over ${typeof value}`);
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
}

function holderOf(name: string, scope: Scope): Scope {
  for (let at: Scope | null = scope; at; at = at.parent) if (at.variables.has(name)) return at;
  throw new Error(`the variable ${name} is not defined`);
}

function fieldOf(of: unknown, name: string): unknown {
  if (of === null || of === undefined) throw new Error(`nil pointer evaluating .${name}`);
  if (typeof of !== 'object' || Array.isArray(of)) throw new Error(`cannot read .${name} of ${typeof of}`);
  return Object.hasOwn(of, name) ? (of as Record<string, unknown>)[name] : null;
}
