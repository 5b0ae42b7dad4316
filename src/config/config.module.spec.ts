import { Inject, Injectable, Module } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from 'vitest';
import { ConfigModule } from './config.module.js';
import { CONFIG, completeConfig, readConfig, type Config } from './config.js';
import { VERSION } from './version.js';

@Injectable()
class Reader {
  constructor(
    @Inject(CONFIG) readonly config: Config,
    readonly service: ConfigService,
  ) {}
}

@Module({ providers: [Reader] })
class ReaderModule {}

describe('the configuration', () => {
  it('reaches every module as the one frozen object, and Nest’s ConfigService with the same values', async () => {
    const config = completeConfig(readConfig({ PORT: '3001' }), { databaseUrl: 'postgres://x/y', secretKey: 'k' });
    const app = await Test.createTestingModule({ imports: [ConfigModule.forRoot(config), ReaderModule] }).compile();
    const reader = app.get(Reader, { strict: false });

    expect(reader.config).toBe(config);
    expect(reader.service.get('http.port')).toBe(3001);
    expect(reader.service.get('PATH')).toBeUndefined();
    await app.close();
  });

  it('knows the version of the service', () => {
    expect(VERSION).toMatch(/^\d+\.\d+\.\d+/);
  });
});
