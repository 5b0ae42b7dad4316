import { ApiProperty } from '@nestjs/swagger';

/** The envelope of every list. */
export class PageDto {
  /**
   * Number of items in the whole list.
   * @example 1
   */
  @ApiProperty({ type: 'integer', minimum: 0 })
  count: number;

  /**
   * URL of the next page; null on the last one.
   * @example "http://scheduler.example.org/api/v1/schedule/?limit=100&offset=100"
   */
  @ApiProperty({ type: 'string', format: 'uri', nullable: true })
  next: string | null;

  /**
   * URL of the previous page; null on the first one.
   * @example null
   */
  @ApiProperty({ type: 'string', format: 'uri', nullable: true })
  previous: string | null;
}
