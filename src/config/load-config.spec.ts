import { describe, expect, it } from 'vitest';
import { configOf } from './load-config.js';
import { readSettings } from './settings.js';

describe('the settings in use', () => {
  it('open loopback with the embedded database only', () => {
    const settings = readSettings({ SECRET_KEY: 'a key for tests only, of some length' });
    expect(configOf(settings, 'postgres://127.0.0.1/x').egress).toEqual({ isLoopbackOpen: true, allow: [], deny: [] });
    expect(configOf(settings, null).egress.isLoopbackOpen).toBe(false);
  });
});
