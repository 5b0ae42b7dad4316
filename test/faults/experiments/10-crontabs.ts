import fc from 'fast-check';
import { nextTick } from '../../../src/schedules/definitions/definition.js';
import { expression, instant, isNearTransition, tickOfCronParser } from '../../support/crontabs.js';
import { exactly, experiment, type Figure, noted } from '../library/experiment.js';

const TICKS_OF_EACH = 5;

export default experiment({
  number: 10,
  title: 'random crontabs in every time zone, against cron-parser',
  full: { zones: Intl.supportedValuesOf('timeZone'), runs: 100, seed: Date.now() },

  // No service is needed: the rule that computes the next tick is one function.
  async run(_lab, { zones, runs, seed }): Promise<Figure[]> {
    let equal = 0;
    let nearTransition = 0;
    const unexplained: string[] = [];
    for (const timeZone of zones) {
      const compare = fc.property(expression, instant, (text, start) => {
        for (let i = 0, after = start; i < TICKS_OF_EACH; i++) {
          const tick = nextTick({ kind: 'cron', text, timeZone }, new Date(after))!.getTime();
          const other = tickOfCronParser(text, timeZone, after);
          if (tick === other) equal++;
          else if (isNearTransition(timeZone, Math.min(tick, other ?? tick))) nearTransition++;
          else unexplained.push(`  ${text} in ${timeZone} after ${after}: ${tick}, cron-parser ${other}`);
          after = tick;
        }
      });
      fc.assert(compare, { seed, numRuns: runs });
    }
    return [
      exactly('differences far from a clock change', unexplained.length, 0, unexplained.slice(0, 20).join('\n')),
      noted('ticks that are equal', `${equal} in ${zones.length} time zones, seed ${seed}`),
      noted('differences at a clock change (documented)', String(nearTransition)),
    ];
  },
});
