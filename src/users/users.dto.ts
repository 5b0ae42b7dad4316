import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsArray, IsBoolean } from 'class-validator';
import { groupUrl } from '../groups/groups.dto.js';
import { ToBoolean } from '../http/form-values.js';
import { IfGiven, ReadOnlyFields } from '../http/input.pipe.js';
import { PageDto } from '../http/page.dto.js';
import type { User } from './user.entity.js';

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
  @IsArray({ message: ({ value }) => `Expected a list of items but got type "${typeNameOf(value)}".` })
  groups?: unknown[];

  /** False: no token of the user is made or accepted. Its schedules keep running. */
  @ApiPropertyOptional({ type: 'boolean', example: true })
  @IfGiven()
  @ToBoolean()
  @IsBoolean({ message: 'Must be a valid boolean.' })
  is_active?: boolean;
}

export class UserDto {
  /** @example 1 */
  @ApiProperty({ type: 'integer', minimum: 1 })
  id: number;

  /** @example "john@example.org" */
  email: string;

  /** @example "john@example.org" */
  username: string;

  /**
   * URLs of the groups of the user.
   * @example ["http://scheduler.example.org/api/v1/group/1/"]
   */
  @ApiProperty({ type: 'array', items: { type: 'string', format: 'uri' } })
  groups: string[];

  /**
   * Whether the user's tokens are accepted.
   * @example true
   */
  is_active: boolean;

  /** @example "http://scheduler.example.org/api/v1/user/1/" */
  @ApiProperty({ type: 'string', format: 'uri' })
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

/** A type of JSON by the name that the clients of the replaced service know. */
function typeNameOf(value: unknown): string {
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  return { string: 'str', boolean: 'bool' }[typeof value as string] ?? 'dict';
}

export function userUrl(id: number, publicUrl: string): string {
  return `${publicUrl}/api/v1/user/${id}/`;
}
