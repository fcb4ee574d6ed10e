/** Where a pane is whose session is no longer called as its agent is. */
export interface Away {
  readonly how: "renamed" | "moved";
  /** The session's name. */
  readonly to: string;
}
