import { ApiProperty } from '@nestjs/swagger';
import { IsEmail, IsString } from 'class-validator';

export class TokenRequestDto {
  /**
   * The address of the user to make or use.
   * @example "bob@example.org"
   */
  @ApiProperty({ type: 'string', format: 'email' })
  @IsEmail({}, { message: 'Enter a valid email address.' })
  @IsString({ message: 'Not a valid string.' })
  email: string;
}

export class TokenDto {
  /** @example "c05fbab6d5f912429052830c77eeb022249324cb" */
  token: string;
}
