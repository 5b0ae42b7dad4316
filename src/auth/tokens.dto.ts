import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, Matches, MaxLength, Validate, ValidatorConstraint } from 'class-validator';
import { ReadOnlyFields } from '../http/input.pipe.js';
import { PageDto } from '../http/page.dto.js';
import { isInstant } from './instant.js';
import type { Token } from './token.entity.js';
import type { TokenDetails } from './tokens.service.js';

const WRONG_FORMAT =
  'Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm:ss[.uuuuuu][+HH:MM|-HH:MM|Z].';

@ValidatorConstraint()
class IsInstant {
  validate = isInstant;
  defaultMessage = () => WRONG_FORMAT;
}

@ValidatorConstraint()
class IsToCome {
  validate = (text: unknown) => !isInstant(text) || Date.parse(text) > Date.now();
  defaultMessage = () => 'Ensure this value is in the future.';
}

@ReadOnlyFields(['id', 'prefix', 'created_at', 'last_used_at'])
export class NewTokenInputDto {
  /**
   * What the token is for: at most 100 characters, none of them a control character.
   * @example "nightly reports"
   */
  // The validator's pattern needs the flag `u`, which a pattern of JSON Schema cannot have.
  @ApiPropertyOptional({ type: 'string', nullable: true, pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f]+$' })
  @IsOptional()
  @MaxLength(100, { message: 'Ensure this field has no more than 100 characters.' })
  @Matches(/^\P{C}+$/u, { message: 'Not a valid string.' })
  label?: string | null;

  /**
   * From when on the token is refused; without it, it is valid until revoked.
   * @example "2030-01-01T00:00:00Z"
   */
  @ApiPropertyOptional({ type: 'string', format: 'date-time', nullable: true })
  @IsOptional()
  @Validate(IsInstant)
  @Validate(IsToCome)
  expires_at?: string | null;

  details(): TokenDetails {
    return { label: this.label, expiresAt: this.expires_at ? new Date(this.expires_at) : null };
  }
}

export class TokenDetailsDto {
  /** @example 7 */
  @ApiProperty({ type: 'integer', minimum: 1 })
  id: number;

  /** @example "nightly reports" */
  label: string | null;

  /**
   * The first 8 digits of the token, to recognise it by. Null for tokens of 40 digits, and for those chosen elsewhere.
   * @example "5c07bab6"
   */
  prefix: string | null;

  /** @example "2026-11-24T06:46:23.461Z" */
  @ApiProperty({ type: 'string', format: 'date-time' })
  created_at: string;

  /**
   * To the minute; null when it was never used.
   * @example "2026-11-24T07:00:00.012Z"
   */
  @ApiProperty({ type: 'string', format: 'date-time', nullable: true })
  last_used_at: string | null;

  /**
   * From when on the token is refused; null if it does not expire.
   * @example "2030-01-01T00:00:00.000Z"
   */
  @ApiProperty({ type: 'string', format: 'date-time', nullable: true })
  expires_at: string | null;

  static of(token: Token): TokenDetailsDto {
    return {
      id: token.id,
      label: token.label,
      prefix: token.prefix,
      created_at: token.createdAt.toISOString(),
      last_used_at: token.lastUsedAt?.toISOString() ?? null,
      expires_at: token.expiresAt?.toISOString() ?? null,
    };
  }
}

export class NewTokenDto extends TokenDetailsDto {
  /**
   * The token itself, 48 hex digits.
   * @example "5c07bab6d5f912429052830c77eeb022249324cb9b1de6a0"
   */
  token: string;
}

export class TokenPageDto extends PageDto {
  @ApiProperty({ type: [TokenDetailsDto] })
  results: TokenDetailsDto[];
}
