/** The default parameter of the SQL below, in the form that TypeORM's query builders bind. */
const CALLER = ':callerId';

// A user, and the members of the groups that it is in. A piece of each statement: a change of membership acts at the
// next one, and no list of ids travels. UNION, not UNION ALL, since a list reads each owner's rows.
const visibleOwners = (caller: string) => `
  SELECT CAST(${caller} AS int) AS id
   UNION
  SELECT peer.user_id FROM user_groups mine JOIN user_groups peer USING (group_id) WHERE mine.user_id = ${caller}`;

/**
 * Whose schedules a caller may see and change, as a condition for the WHERE of each statement about them: everybody's,
 * or those of the caller and of the members of its groups. What nobody owns any more is in the former only.
 */
export class Scope {
  private constructor(
    /** who acts; null for the service itself */
    readonly callerId: number | null,
    private readonly isEverything: boolean,
  ) {}

  static everything(callerId: number | null = null): Scope {
    return new Scope(callerId, true);
  }

  static ofGroups(callerId: number): Scope {
    return new Scope(callerId, false);
  }

  /**
   * SQL that is true where an owner is in scope.
   *
   * @param owner column that holds the owner's id
   * @param caller `:callerId`, to be bound to `parameters`, or a number such as `$1`, to be bound to `values`
   */
  includes(owner: string, caller = CALLER): string {
    return this.isEverything ? 'true' : `${owner} IN (${visibleOwners(caller)})`;
  }

  /**
   * SQL of the rows of all owners in scope. Those of each owner are read by themselves: with an index on the owner and
   * the order of the list, a page costs the same for who owns little of a large table and for who owns most of it.
   *
   * @param owner column that holds the owner's id
   * @param rowsOf SELECT, with an order and a limit of its own, of the rows that pass a condition
   */
  acrossOwners(owner: string, rowsOf: (condition: string) => string): string {
    if (this.isEverything) return rowsOf('true');
    return `
      SELECT theirs.* FROM (${visibleOwners(CALLER)}) visible
       CROSS JOIN LATERAL (${rowsOf(`${owner} = visible.id`)}) theirs`;
  }

  get parameters(): { callerId?: number | null } {
    return this.isEverything ? {} : { callerId: this.callerId };
  }

  get values(): unknown[] {
    return this.isEverything ? [] : [this.callerId];
  }
}
