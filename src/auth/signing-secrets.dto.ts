import { ApiProperty } from '@nestjs/swagger';
import { IsInt, IsOptional, Max, Min } from 'class-validator';
import { ToInteger } from '../http/form-values.js';
import type { SigningSecret } from './signing-secret.entity.js';
import type { LiveSecrets } from './signing-secrets.service.js';

const DAY_SECONDS = 86_400;
const MAX_SECONDS = 30 * DAY_SECONDS;

export class RotateSigningSecretDto {
  /**
   * For how many seconds the secret before this one still signs beside it; 0 ends it at once. Default: 86400, a day.
   * @example 86400
   */
  @ApiProperty({ required: false, type: 'integer', minimum: 0, maximum: MAX_SECONDS, nullable: true })
  @ToInteger()
  @IsOptional()
  @Max(MAX_SECONDS, { message: `Ensure this value is less than or equal to ${MAX_SECONDS}.` })
  @Min(0, { message: 'Ensure this value is greater than or equal to 0.' })
  @IsInt({ message: 'A valid integer is required.' })
  expires_previous_in?: number | null;

  static previousForSeconds({ expires_previous_in }: RotateSigningSecretDto): number {
    return expires_previous_in ?? DAY_SECONDS;
  }
}

export class SigningSecretDto {
  /** @example 1 */
  @ApiProperty({ type: 'integer', minimum: 1 })
  id: number;

  created_at: Date;

  /** When it stops signing; null for the current one. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  expires_at: Date | null;

  static of(secret: SigningSecret | null): SigningSecretDto | null {
    return secret && { id: secret.id, created_at: secret.createdAt, expires_at: secret.retiresAt };
  }
}

export class SigningStateDto {
  /** Whether the user's deliveries are signed. */
  exists: boolean;

  @ApiProperty({ type: SigningSecretDto, nullable: true })
  current: SigningSecretDto | null;

  @ApiProperty({ type: SigningSecretDto, nullable: true })
  previous: SigningSecretDto | null;

  static of({ current, previous }: LiveSecrets): SigningStateDto {
    return {
      exists: current !== null,
      current: SigningSecretDto.of(current),
      previous: SigningSecretDto.of(previous),
    };
  }
}

export class NewSigningSecretDto extends SigningStateDto {
  /**
   * Shown only this once.
   * @example "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDHvZTDFbnSFY="
   */
  secret: string;
}
