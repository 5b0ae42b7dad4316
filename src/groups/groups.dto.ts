import { ApiProperty } from '@nestjs/swagger';
import { IsNotEmpty, IsString, MaxLength } from 'class-validator';
import { ReadOnlyFields } from '../http/input.pipe.js';
import { PageDto } from '../http/page.dto.js';
import type { Group } from './group.entity.js';

@ReadOnlyFields(['id', 'url'])
export class GroupInputDto {
  /** @example "Admins" */
  @IsNotEmpty()
  @MaxLength(150, { message: 'Ensure this field has no more than 150 characters.' })
  @IsString({ message: 'Not a valid string.' })
  name: string;
}

export class GroupDto {
  /** @example 1 */
  @ApiProperty({ type: 'integer', minimum: 1 })
  id: number;

  /** @example "Admins" */
  name: string;

  /** @example "http://scheduler.example.org/api/v1/group/1/" */
  @ApiProperty({ type: 'string', format: 'uri' })
  url: string;

  static of(group: Group, publicUrl: string): GroupDto {
    return { id: group.id, name: group.name, url: groupUrl(group.id, publicUrl) };
  }
}

export class GroupPageDto extends PageDto {
  @ApiProperty({ type: [GroupDto] })
  results: GroupDto[];
}

export function groupUrl(id: number, publicUrl: string): string {
  return `${publicUrl}/api/v1/group/${id}/`;
}
