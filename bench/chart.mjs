import { compact } from './numbers.mjs';

const WIDTH = 720;
const MARGIN = 16;
const LABEL_WIDTH = 210;
const VALUE_WIDTH = 100;
const BAR_HEIGHT = 16;
const BAR_STEP = 22;
const TITLE_HEIGHT = 40;
// Read on white and on black alike: nothing is drawn behind them.
const COLOURS = { text: '#808080', ours: '#2f81f7', others: '#9a9a9a' };

/** @returns an SVG picture: one row of bars for each scenario that has some */
export function chartOf({ scenarios, machine, at, commit }) {
  const panels = scenarios.filter(({ chart }) => chart);
  let y = MARGIN;
  const parts = panels.map(({ title, chart }) => {
    const panel = panelOf(title, chart, y);
    y += TITLE_HEIGHT + chart.bars.length * BAR_STEP;
    return panel;
  });
  const foot = `${machine.cpus} x ${machine.model ?? 'CPU'}, Node.js ${machine.node}, ${at.slice(0, 10)}, ${commit ?? ''}`;
  parts.push(text(MARGIN, y + MARGIN, foot, { size: 11 }));
  const height = y + 2 * MARGIN;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="system-ui, sans-serif">
${parts.join('\n')}
</svg>
`;
}

function panelOf(title, { unit, bars }, top) {
  const highest = Math.max(...bars.map(({ value }) => value));
  const room = WIDTH - 2 * MARGIN - LABEL_WIDTH - VALUE_WIDTH;
  const left = MARGIN + LABEL_WIDTH;
  const drawn = bars.flatMap(({ label, value, isOurs }, index) => {
    const y = top + TITLE_HEIGHT - 14 + index * BAR_STEP;
    const width = Math.max(1, (value / highest) * room);
    const middle = y + BAR_HEIGHT - 4;
    return [
      text(left - 8, middle, label, { anchor: 'end' }),
      `<rect x="${left}" y="${y}" width="${width.toFixed(1)}" height="${BAR_HEIGHT}" rx="2" fill="${isOurs ? COLOURS.ours : COLOURS.others}"/>`,
      text(left + width + 6, middle, `${compact(value)}${unit}`),
    ];
  });
  return [text(MARGIN, top + 14, title, { weight: 600 }), ...drawn].join('\n');
}

function text(x, y, content, { anchor = 'start', weight = 400, size = 13 } = {}) {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" font-size="${size}" font-weight="${weight}" text-anchor="${anchor}" fill="${COLOURS.text}">${escape(content)}</text>`;
}

function escape(content) {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
