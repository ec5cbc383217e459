/**
 * In which VPC each route table is that this process has seen; a table does not move.
 *
 * Shape: shared by whoever reads of tables, so that the cloud is asked for each once.
 */
export class RouteTablePlaces {
  readonly #vpcIds = new Map<string, string>();

  /** Keeps what a read of the cloud has told. */
  note({ id, vpcId }: { readonly id: string; readonly vpcId: string }): void {
    this.#vpcIds.set(id, vpcId);
  }

  /** Finds the VPC of a table; `undefined` where the cloud has yet to be asked. */
  findVpcId(routeTableId: string): string | undefined {
    return this.#vpcIds.get(routeTableId);
  }

  /** Forgets a table that is gone, or that nobody asks anything of. */
  forget(routeTableId: string): void {
    this.#vpcIds.delete(routeTableId);
  }
}
