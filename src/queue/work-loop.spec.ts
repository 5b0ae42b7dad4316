import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WorkLoop } from './work-loop.js';

describe('a loop', () => {
  beforeAll(() => Logger.overrideLogger(false));
  afterAll(() => Logger.overrideLogger(['log', 'warn', 'error']));

  it.each<[unknown]>([[new Error('broken')], [undefined], [null], ['text']])(
    'goes on after a step that throws %s',
    async (thrown) => {
      let steps = 0;
      const isDone = Promise.withResolvers<undefined>();
      const broken = Promise.withResolvers<boolean>();
      broken.reject(thrown);
      const step = () => {
        steps += 1;
        if (steps === 1) return broken.promise;
        isDone.resolve(undefined);
        return Promise.resolve(false);
      };
      const loop = new WorkLoop('Test', step, 60_000);

      loop.start();
      await isDone.promise;
      await loop.stop();

      expect(steps).toBe(2);
    },
  );
});
