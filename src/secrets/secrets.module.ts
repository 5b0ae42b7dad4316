import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { MetricsModule } from '../metrics/metrics.module.js';
import { KeyHolder } from './key-holder.entity.js';
import { KeyHolders } from './key-holders.js';
import { KeyRegistry } from './key-registry.js';
import { MissingKeys } from './missing-keys.js';
import { SecretCipher } from './secret-cipher.js';
import { SecretKey } from './secret-key.entity.js';
import { SecretRotation } from './secret-rotation.js';
import { SecretVault } from './secret-vault.js';

/**
 * Owns the encryption of what is stored: boxes for the columns of other rooms, the rotation of the key, and which keys
 * the database and the live processes have.
 */
@Module({
  imports: [TypeOrmModule.forFeature([SecretKey, KeyHolder]), MetricsModule],
  providers: [SecretCipher, SecretVault, SecretRotation, KeyRegistry, KeyHolders, MissingKeys],
  exports: [SecretVault, SecretRotation, KeyRegistry, KeyHolders, MissingKeys],
})
export class SecretsModule {}
