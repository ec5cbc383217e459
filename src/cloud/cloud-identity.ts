/** On whose account calls are made, and where they go. */
export interface CloudIdentity {
  readonly accountId: string;
  readonly regionId: string;
}
