import { Module } from '@nestjs/common';
import { SecretCipher } from './secret-cipher.js';
import { SecretRotation } from './secret-rotation.js';
import { SecretVault } from './secret-vault.js';

/** Owns the encryption of what is stored: boxes for the columns of other rooms, and the rotation of the key. */
@Module({ providers: [SecretCipher, SecretVault, SecretRotation], exports: [SecretVault, SecretRotation] })
export class SecretsModule {}
