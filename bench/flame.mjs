// Draws a flame graph, as an SVG picture, of a CPU profile that Node.js wrote (--cpu-prof).
//   node bench/flame.mjs <profile.cpuprofile> <picture.svg>
import { readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const WIDTH = 1_200;
const ROW = 17;
const TOP = 54;
const FOOT = 10;
const NARROWEST = 0.6;
const CHARACTER = 6.4;
// Frames that say that nothing ran.
const IDLE = new Set(['(idle)', '(program)', '(root)']);
const KINDS = {
  service: { fill: '#5b9bd5', label: 'this service' },
  packages: { fill: '#f0b35b', label: 'packages' },
  node: { fill: '#b9bec7', label: 'Node.js' },
  collector: { fill: '#d9736b', label: 'garbage collection' },
};

/**
 * @param profile as Node.js writes it
 * @param window first and last instant to be drawn, in microseconds of the monotonic clock; all of it otherwise
 * @returns the picture: the wider a frame, the longer it and what it called were running
 */
export function flameGraphOf(profile, { title, window: [from, to] = [-Infinity, Infinity] }) {
  const root = treeOf(profile, from, to);
  const depth = depthOf(root);
  const height = TOP + depth * ROW + FOOT;
  const frames = [];
  draw(root, { x: 0, level: 0, scale: WIDTH / root.time, total: root.time, height, frames });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="ui-monospace, monospace" font-size="11">
<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>
<text x="8" y="20" font-size="15" font-weight="600">${escape(title)}</text>
${legend()}
${frames.join('\n')}
</svg>
`;
}

/** Calls merged by what was called from where, each with the microseconds that it and its callees ran. */
function treeOf({ nodes, samples, timeDeltas, startTime }, from, to) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const root = { name: 'all', kind: 'node', time: 0, children: new Map() };
  let now = startTime;
  samples.forEach((id, index) => {
    now += timeDeltas[index];
    const duration = timeDeltas[index + 1] ?? 0;
    if (now < from || now > to || IDLE.has(byId.get(id).callFrame.functionName)) return;
    add(root, stackOf(id, byId, parents), duration);
  });
  return root;
}

function stackOf(id, byId, parents) {
  const stack = [];
  for (let at = id; at !== undefined; at = parents.get(at)) stack.unshift(byId.get(at).callFrame);
  return stack.slice(1);
}

function add(root, stack, duration) {
  root.time += duration;
  let node = root;
  for (const frame of stack) {
    const { name, kind } = named(frame);
    const key = `${kind} ${name}`;
    if (!node.children.has(key)) node.children.set(key, { name, kind, time: 0, children: new Map() });
    node = node.children.get(key);
    node.time += duration;
  }
}

/** A frame's name with the file or package it comes from. */
function named({ functionName, url, lineNumber }) {
  const name = functionName || 'anonymous';
  if (name === '(garbage collector)') return { name: 'garbage collection', kind: 'collector' };
  const inPackage = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1];
  if (inPackage) return { name: `${name} ${inPackage}`, kind: 'packages' };
  const own = /\/dist\/(.+)$/.exec(url)?.[1];
  if (own) return { name: `${name} ${own}:${lineNumber + 1}`, kind: 'service' };
  return { name: url ? `${name} ${url}` : name, kind: 'node' };
}

function depthOf(node) {
  return 1 + Math.max(0, ...[...node.children.values()].map(depthOf));
}

function draw(node, { x, level, scale, total, height, frames }) {
  const width = node.time * scale;
  if (width < NARROWEST) return;
  const y = height - FOOT - (level + 1) * ROW;
  const room = Math.floor((width - 6) / CHARACTER);
  const label = room < 3 ? '' : node.name.length <= room ? node.name : `${node.name.slice(0, room - 1)}…`;
  const share = ((100 * node.time) / total).toFixed(1);
  frames.push(
    `<g><title>${escape(node.name)}: ${(node.time / 1000).toFixed(0)} ms, ${share} %</title>` +
      `<rect x="${x.toFixed(1)}" y="${y}" width="${Math.max(width - 0.5, 0.3).toFixed(1)}" height="${ROW - 1}" rx="1" fill="${KINDS[node.kind].fill}"/>` +
      (label && `<text x="${(x + 3).toFixed(1)}" y="${y + 12}">${escape(label)}</text>`) +
      '</g>',
  );
  let left = x;
  // By name, so that pictures of two runs can be laid side by side.
  for (const child of [...node.children.values()].sort((a, b) => a.name.localeCompare(b.name))) {
    draw(child, { x: left, level: level + 1, scale, total, height, frames });
    left += child.time * scale;
  }
}

function legend() {
  return Object.values(KINDS)
    .map(({ fill, label }, i) => {
      const x = 8 + i * 150;
      return `<rect x="${x}" y="31" width="12" height="12" fill="${fill}"/><text x="${x + 17}" y="41">${label}</text>`;
    })
    .join('');
}

function escape(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [source, target] = process.argv.slice(2);
  const profile = JSON.parse(readFileSync(source, 'utf8'));
  writeFileSync(target, flameGraphOf(profile, { title: source.split('/').at(-1) }));
}
