/** Whose log is mirrored: what every span's resource says. */
export interface MirrorIdentity {
  readonly tenantId: string;
  readonly host: string;
  /** /etc/machine-id; null where the machine has none. */
  readonly hostId: string | null;
  readonly logId: string;
  readonly version: string;
}
