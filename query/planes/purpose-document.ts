import type { Changed } from "./documents.ts";

/** Somebody wanted this agent to be down (`stop`), up (`start`), or both, one after the other. The boot is known of systemd's jobs only. */
export interface Intent extends Changed {
  readonly kind: "stop" | "start" | "restart";
  /** `unit`: its unit was seen to be stopped while it ran, whatever the journal told of that. */
  readonly by: "systemd" | "operator" | "unit";
  readonly atUs: number;
  readonly bootId: string | null;
  /** It was told when nothing of the unit ran any longer: it was wanted before that. */
  readonly done?: true;
  /** With this a start sets out: each has one such word of a source, whatever else is told of it. */
  readonly begins?: true;
}

/** The newest stop or restart that each source tells of, and when anybody last wanted a start. */
export interface Purpose {
  readonly operator: Intent | null;
  readonly systemd: Intent | null;
  readonly startedAtUs: number | null;
  /** The newest stop that the state of its unit alone tells of. */
  readonly unit?: Intent;
  /** When the newest start of each source set out. */
  readonly begun?: Readonly<Partial<Record<Intent["by"], number>>>;
  /** Where the newest of a source is a restart, the newest stop before it. */
  readonly stopped?: Readonly<Partial<Record<Intent["by"], Intent>>>;
}
