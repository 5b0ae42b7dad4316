import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsEmail } from 'class-validator';

export class TokenRequestDto {
  /**
   * The address of the user to make or use.
   * @example "bob@example.org"
   */
  @ApiProperty({ type: 'string', format: 'email' })
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.trim() : value))
  @IsEmail({}, { message: 'Enter a valid email address.' })
  email: string;
}

export class TokenDto {
  /** @example "c05fbab6d5f912429052830c77eeb022249324cb" */
  token: string;
}
