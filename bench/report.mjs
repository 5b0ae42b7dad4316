import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chartOf } from './chart.mjs';
import { distanceOf } from './goals.mjs';
import { compact } from './numbers.mjs';

const BAR_WIDTH = 40;

/**
 * Prints a run and keeps it: as JSON, and as a chart beside it.
 *
 * @returns the exit code: 1 when a scenario broke down, and 0 whether or not goals are met
 */
export function report(results) {
  const flameGraph = results.scenarios.find((scenario) => scenario.flameGraph)?.flameGraph;
  const scenarios = results.scenarios.map(({ flameGraph: _, ...scenario }) => scenario);
  const told = { ...results, scenarios, commit: commit() };
  const folder = fileURLToPath(new URL('results/', import.meta.url));
  mkdirSync(folder, { recursive: true });
  const file = join(folder, results.at.replaceAll(':', '-'));
  writeFileSync(`${file}.json`, `${JSON.stringify(told, null, 2)}\n`);
  writeFileSync(`${file}.svg`, chartOf(told));
  if (flameGraph) writeFileSync(`${file}.flame.svg`, flameGraph);
  for (const scenario of scenarios) printScenario(scenario);
  printGoals(told);
  console.log(`\n${file}.json\n${file}.svg${flameGraph ? `\n${file}.flame.svg` : ''}`);
  return scenarios.some(({ error }) => error) ? 1 : 0;
}

function printScenario({ title, rows = [], chart }) {
  console.log(`\n${title}`);
  printTable(rows.map((row) => ['', ...row]));
  if (chart) printBars(chart);
}

function printBars({ unit, bars }) {
  const highest = Math.max(...bars.map(({ value }) => value));
  const width = Math.max(...bars.map(({ label }) => label.length));
  console.log();
  for (const { label, value, isOurs } of bars) {
    const bar = (isOurs ? '█' : '▒').repeat(Math.max(1, Math.round((value / highest) * BAR_WIDTH)));
    console.log(`  ${label.padEnd(width)}  ${bar} ${compact(value)}${unit}`);
  }
}

function printGoals({ scale, scenarios }) {
  console.log(`\nGoals${scale === 1 ? '' : `, which are for --scale 1; this was --scale ${scale}`}`);
  printTable(
    scenarios.flatMap(({ title, goals, error }) =>
      error
        ? [['', title, '', '', `broke down: ${error}`]]
        : goals.map((goal) => [
            '',
            title,
            `${goal.comparison} ${compact(goal.bound)}${goal.unit} ${goal.name}`,
            goal.value === null ? 'nothing' : `${compact(goal.value)}${goal.unit}`,
            verdictOf(goal),
          ]),
    ),
  );
}

function verdictOf(goal) {
  if (goal.isMet) return 'met';
  const distance = distanceOf(goal);
  return distance === null ? 'missed' : `missed by ${(distance * 100).toFixed(0)} %`;
}

/** Columns as wide as what is in them; the last one is left as it is. */
function printTable(rows) {
  const widths = [];
  for (const row of rows) row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell.length)));
  for (const row of rows)
    console.log(
      row
        .map((cell, i) => cell.padEnd(widths[i]))
        .join('  ')
        .trimEnd(),
    );
}

function commit() {
  try {
    const git = (...args) => execFileSync('git', args, { encoding: 'utf8', stdio: 'pipe' }).trim();
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain', 'src') ? ' and changes' : '');
  } catch {
    return null;
  }
}
