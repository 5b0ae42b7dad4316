import { pieces, type Piece, type Token, tokens } from './template-lexer.js';

export type Expression =
  | { kind: 'literal'; value: unknown }
  | { kind: 'dot' }
  | { kind: 'variable'; name: string }
  | { kind: 'field'; of: Expression; name: string }
  | { kind: 'call'; name: string; args: Expression[] }
  | { kind: 'pipeline'; commands: Expression[] };

export interface Pipe {
  /** variables that take the value */
  names: string[];
  isDeclaration: boolean;
  value: Expression;
}

export type Node =
  | { kind: 'text'; text: string }
  | { kind: 'action'; pipe: Pipe }
  | { kind: 'if' | 'with' | 'range'; pipe: Pipe; body: Node[]; otherwise: Node[] }
  | { kind: 'define'; name: string; body: Node[] };

type Block = Exclude<Node, { kind: 'text' | 'action' }>;

/** Reads a template of Go's text/template, as far as charts use it. */
export function parseTemplate(source: string): Node[] {
  const queue = pieces(source);
  const nodes = parseBlock(queue);
  if (queue.length > 0) throw new Error('an {{ end }} or {{ else }} has no beginning');
  return nodes;
}

/** Takes nodes up to the `end` or `else` that belongs to the caller. */
function parseBlock(queue: Piece[]): Node[] {
  const nodes: Node[] = [];
  for (let piece = queue[0]; piece; piece = queue[0]) {
    if (piece.kind === 'action' && /^(end|else)\b/.test(piece.text)) return nodes;
    queue.shift();
    if (piece.kind === 'text') nodes.push({ kind: 'text', text: piece.text });
    else nodes.push(parseAction(piece.text, queue));
  }
  return nodes;
}

function parseAction(action: string, queue: Piece[]): Node {
  const keyword = /^(if|with|range|define)\s+([^]*)$/.exec(action);
  if (!keyword) return { kind: 'action', pipe: parsePipe(action) };
  const [, kind, head = ''] = keyword;
  const block: Block =
    kind === 'define'
      ? { kind, name: JSON.parse(head) as string, body: parseBlock(queue) }
      : { kind: kind as 'if', pipe: parsePipe(head), body: parseBlock(queue), otherwise: [] };
  const closing = queue.shift();
  if (!closing) throw new Error(`{{ ${action} }} has no end`);
  const chained = /^else\s+(if\s[^]*)$/.exec(closing.text);
  if (block.kind !== 'define') {
    if (chained?.[1]) block.otherwise = [parseAction(chained[1], queue)];
    else if (closing.text === 'else') {
      block.otherwise = parseBlock(queue);
      if (queue.shift()?.text !== 'end') throw new Error(`{{ ${action} }} has no end`);
    }
  }
  return block;
}

function parsePipe(text: string): Pipe {
  const queue = tokens(text);
  const assignment = queue.findIndex(({ kind, text: sign }) => kind === 'sign' && (sign === ':=' || sign === '='));
  const head = assignment < 0 ? [] : queue.splice(0, assignment + 1);
  const pipe = {
    names: head.filter(({ kind }) => kind === 'variable').map(({ text: name }) => name),
    isDeclaration: head.at(-1)?.text === ':=',
    value: parsePipeline(queue),
  };
  if (queue.length > 0) throw new Error(`"${queue[0]?.text}" is one too many in ${text}`);
  return pipe;
}

function parsePipeline(queue: Token[]): Expression {
  const commands = [parseCommand(queue)];
  while (isSign(queue[0], '|')) {
    queue.shift();
    commands.push(parseCommand(queue));
  }
  return commands.length === 1 ? commands[0] : { kind: 'pipeline', commands };
}

function parseCommand(queue: Token[]): Expression {
  const first = queue[0];
  if (first?.kind !== 'word') {
    // Methods of fields, such as `.Capabilities.APIVersions.Has "v1"`, are not known here.
    return parseOperand(queue);
  }
  queue.shift();
  const args: Expression[] = [];
  while (queue[0] && !isSign(queue[0], '|') && !isSign(queue[0], ')')) args.push(parseOperand(queue));
  return { kind: 'call', name: first.text, args };
}

function parseOperand(queue: Token[]): Expression {
  const token = queue.shift();
  if (!token) throw new Error('an operand is missing');
  let operand = startOfOperand(token, queue);
  while (queue[0]?.kind === 'field' && queue[0].isAttached) {
    operand = { kind: 'field', of: operand, name: queue.shift()!.text };
  }
  return operand;
}

function startOfOperand(token: Token, queue: Token[]): Expression {
  if (token.kind === 'literal') return { kind: 'literal', value: token.value };
  if (token.kind === 'variable') return { kind: 'variable', name: token.text };
  if (token.kind === 'field') return { kind: 'field', of: { kind: 'dot' }, name: token.text };
  if (token.kind === 'word') return { kind: 'call', name: token.text, args: [] };
  if (token.text === '.') return { kind: 'dot' };
  if (token.text !== '(') throw new Error(`"${token.text}" is not an operand`);
  const inner = parsePipeline(queue);
  if (!isSign(queue.shift(), ')')) throw new Error('a parenthesis is not closed');
  return inner;
}

function isSign(token: Token | undefined, text: string): boolean {
  return token?.kind === 'sign' && token.text === text;
}
