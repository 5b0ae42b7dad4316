/** The envelope of every list. */
export class PageDto {
  /**
   * Number of items in the whole collection.
   * @example 1
   */
  count: number;

  /** @example null */
  next: string | null;

  /** @example null */
  previous: string | null;
}
