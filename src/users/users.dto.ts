import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsArray, IsBoolean, ValidateIf } from 'class-validator';
import { groupUrl } from '../groups/groups.dto.js';
import { ReadOnlyFields } from '../http/input.pipe.js';
import { PageDto } from '../http/page.dto.js';
import type { User } from './user.entity.js';

const IfGiven = () => ValidateIf((_, value) => value !== undefined);

/** Absent fields keep their value. */
@ReadOnlyFields(['id', 'url', 'email', 'username'])
export class UserInputDto {
  /** The groups that the user is in from now on, by URL or id. */
  @ApiPropertyOptional({
    type: 'array',
    items: { oneOf: [{ type: 'string', format: 'uri' }, { type: 'integer' }] },
    example: ['http://scheduler.example.org/api/v1/group/1/'],
  })
  @IfGiven()
  @IsArray({ message: 'Expected a list of items.' })
  groups?: unknown[];

  /** False: no token of the user is made or accepted. Its schedules keep running. */
  @ApiPropertyOptional({ type: 'boolean', example: true })
  @IfGiven()
  @IsBoolean({ message: 'Must be a valid boolean.' })
  is_active?: boolean;
}

export class UserDto {
  /** @example 1 */
  id: number;

  /** @example "john@example.org" */
  email: string;

  /** @example "john@example.org" */
  username: string;

  /** @example ["http://scheduler.example.org/api/v1/group/1/"] */
  groups: string[];

  /**
   * Whether the user's tokens are accepted.
   * @example true
   */
  is_active: boolean;

  /** @example "http://scheduler.example.org/api/v1/user/1/" */
  url: string;

  static of(user: User, publicUrl: string): UserDto {
    const groups = user.groups.map((group) => groupUrl(group.id, publicUrl));
    const { id, email, username, isActive: is_active } = user;
    return { id, email, username, groups, is_active, url: userUrl(id, publicUrl) };
  }
}

export class UserPageDto extends PageDto {
  @ApiProperty({ type: [UserDto] })
  results: UserDto[];
}

export function userUrl(id: number, publicUrl: string): string {
  return `${publicUrl}/api/v1/user/${id}/`;
}
