import { describe, expect, it } from 'vitest';
import { type Bearer, PrincipalCache } from './principal-cache.js';

const ANN: Bearer = { id: 1, email: 'ann@example.org', isAdmin: true, tokenId: 1 };

/** A cache on a clock that the test sets, over a directory that counts how often it is asked. */
function aCache(directory: Record<string, Bearer>, validMs: number | null = null) {
  const clock = { ms: 0 };
  let lookUps = 0;
  const cache = new PrincipalCache(() => clock.ms);
  const look = (key: string) => async () => {
    lookUps++;
    const bearer = directory[key];
    return bearer ? { bearer, validMs } : null;
  };
  return { clock, directory, who: (key: string) => cache.get(key, look(key)), lookUps: () => lookUps, cache };
}

describe('whom a token stands for', () => {
  it('is looked up once for calls at the same time and shortly after', async () => {
    const { who, lookUps, clock } = aCache({ ann: ANN });
    expect(await Promise.all([who('ann'), who('ann')])).toEqual([ANN, ANN]);
    clock.ms = 2_999;
    expect(await who('ann')).toEqual(ANN);
    expect(lookUps()).toBe(1);
  });

  it('is looked up again after three seconds, so that a revoked token is refused', async () => {
    const { who, directory, clock } = aCache({ ann: ANN });
    await who('ann');
    delete directory.ann;
    clock.ms = 3_000;
    expect(await who('ann')).toBeNull();
  });

  it('is looked up again when the token expires, however soon that is', async () => {
    const { who, lookUps, clock } = aCache({ ann: ANN }, 40);
    await who('ann');
    clock.ms = 39;
    await who('ann');
    expect(lookUps()).toBe(1);
    clock.ms = 40;
    await who('ann');
    expect(lookUps()).toBe(2);
  });

  it('is looked up again once it was forgotten', async () => {
    const { who, cache, lookUps } = aCache({ ann: ANN });
    await who('ann');
    cache.forget('ann');
    await who('ann');
    expect(lookUps()).toBe(2);
  });

  it('is looked up again for a call that came while it was not found: the token may have been made since', async () => {
    const cache = new PrincipalCache();
    let end: (found: null) => void = () => {};
    const before = cache.get('ann', () => new Promise((resolve) => (end = resolve)));
    const after = [1, 2, 3].map(() => cache.get('ann', () => Promise.resolve({ bearer: ANN, validMs: null })));
    end(null);
    expect(await before).toBeNull();
    expect(await Promise.all(after)).toEqual([ANN, ANN, ANN]);
  });

  it('is not remembered from a look-up that was under way when it was forgotten', async () => {
    const cache = new PrincipalCache();
    let end: (found: { bearer: Bearer; validMs: null }) => void = () => {};
    const underWay = cache.get('ann', () => new Promise((resolve) => (end = resolve)));
    cache.forget('ann');
    end({ bearer: ANN, validMs: null });
    await underWay;
    expect(await cache.get('ann', () => Promise.resolve(null))).toBeNull();
  });

  it('is remembered however many tokens that nobody has are looked up', async () => {
    const { who, lookUps } = aCache({ ann: ANN });
    await who('ann');
    await Promise.all(Array.from({ length: 20_000 }, (_, i) => who(`guess ${i}`)));
    await who('ann');
    expect(lookUps()).toBe(20_001);
  });

  it('is not remembered when it is nobody: a new token is valid at once', async () => {
    const { who, directory } = aCache({});
    expect(await who('ann')).toBeNull();
    directory.ann = ANN;
    expect(await who('ann')).toEqual(ANN);
  });

  it('is not remembered when the look-up failed', async () => {
    const { who, cache } = aCache({ ann: ANN });
    await expect(cache.get('ann', () => Promise.reject(new Error('database is away')))).rejects.toThrow('away');
    expect(await who('ann')).toEqual(ANN);
  });

  it('is forgotten for the token seen longest ago when there are more than ten thousand', async () => {
    const everybody = Object.fromEntries(Array.from({ length: 10_001 }, (_, id) => [`t${id}`, { ...ANN, id }]));
    const { who, lookUps } = aCache(everybody);
    for (const key of Object.keys(everybody)) await who(key);
    await who('t10000');
    expect(lookUps()).toBe(10_001);
    await who('t0');
    expect(lookUps()).toBe(10_002);
  });
});
