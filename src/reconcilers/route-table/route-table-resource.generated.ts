/* Generated from crds/; run `npm run generate`. */

/**
 * What is asked of the route table.
 */
export interface AlibabaRouteTableSpec {
  /**
   * The route table in the cloud. Immutable.
   */
  routeTableId: string;
  /**
   * What happens to our entries in the cloud when this object is deleted. Delete (the default) removes them, Retain leaves them as they are.
   */
  deletionPolicy?: 'Delete' | 'Retain';
  /**
   * Apply (the default) keeps the cloud as asked. Observe makes no change and shows in status.plan what Apply would do; deletion waits too. Paused makes no change; deletion waits too.
   */
  reconcilePolicy?: 'Apply' | 'Observe' | 'Paused';
  /**
   * true lets the operator delete an entry that nobody marked, if its destination lies in the cluster CIDR and its instance is confirmed to be gone. Otherwise (the default) such an entry is shown as a conflict and stays.
   */
  adoptStaleRoutes?: boolean;
  /**
   * The routes, one for each destination. Rows with a node are generated from Nodes; people may add rows of their own, and a next hop that a person sets wins over the generated one.
   */
  routes?: {
    /**
     * The network that is routed, in canonical form; the default route is refused.
     */
    destinationCidr: string;
    /**
     * Where packets for the destination go. One owner decides both members. A row without it makes no route; one with a node gets it back from the Node.
     */
    nextHop?: {
      /**
       * Instance goes to the primary network interface of an ECS instance, NetworkInterface to the interface that is named.
       */
      type: 'Instance' | 'NetworkInterface';
      /**
       * The id of the instance or of the network interface.
       */
      id: string;
    };
    /**
     * The Node that the row comes from; only the generator writes it.
     */
    node?: {
      /**
       * The Node's name.
       */
      name: string;
      /**
       * The Node's uid; it is part of the entry's name in the cloud.
       */
      uid: string;
    };
  }[];
}

/**
 * What was seen of the route table; written only by the operator.
 */
export interface AlibabaRouteTableStatus {
  /**
   * The generation of the spec that the rest of the status speaks of.
   */
  observedGeneration?: number;
  /**
   * The VPC that the route table belongs to.
   */
  vpcId?: string;
  /**
   * The region that the route table is in.
   */
  regionId?: string;
  /**
   * The Alibaba Cloud account that the route table belongs to. Nothing is written with the credentials of another one.
   */
  accountId?: string;
  /**
   * How many rows are in which state.
   */
  routes?: {
    /**
     * Rows in the spec.
     */
    wished?: number;
    /**
     * Rows whose entry is in the cloud as asked and in use.
     */
    available?: number;
    /**
     * Rows whose destination is taken by an entry that is not ours.
     */
    conflicting?: number;
    /**
     * Rows that the cloud refused.
     */
    failed?: number;
    /**
     * Rows whose removal is held back until it is approved.
     */
    held?: number;
  };
  /**
   * How many entries the route table takes.
   */
  quota?: {
    /**
     * Entries that count against the limit, of whomever they are.
     */
    used?: number;
    /**
     * The most entries that the table takes.
     */
    limit?: number;
    /**
     * How many more entries the table takes.
     */
    left?: number;
    /**
     * Where the limit is known from. Learned is what an answer of the cloud has shown, Default is the limit of a table that nobody has raised.
     */
    limitSource?: 'Configured' | 'Default' | 'Learned';
    /**
     * When the limit will be reached if the cluster goes on growing as it does.
     */
    forecast?: string;
  };
  /**
   * Rows that are not in the cloud as asked, by destination; at most 64 of them.
   */
  notAsWished?: {
    /**
     * The row's destination.
     */
    destinationCidr: string;
    /**
     * The next hop that is asked for.
     */
    nextHopId?: string;
    /**
     * The Node that the row comes from.
     */
    nodeName?: string;
    /**
     * The reason in one CamelCase word.
     */
    reason: string;
    /**
     * The reason in words, with what to do.
     */
    message: string;
    /**
     * When the row was first found to be so.
     */
    since?: string;
  }[];
  /**
   * How many rows are not in the cloud as asked.
   */
  notAsWishedTotal?: number;
  /**
   * The entries in the cloud that are ours, one for each destination. Only these are ever deleted or replaced.
   */
  owned?: {
    /**
     * The entry's destination.
     */
    destinationCidr: string;
    /**
     * The entry's next hop.
     */
    nextHopId: string;
    /**
     * How the entry came to this object. Adopted ones were there before and equalled a row.
     */
    origin?: 'Created' | 'Adopted';
    /**
     * The entry's state; unset means that it is in use.
     */
    state?: 'Pending' | 'Deleting';
  }[];
  /**
   * Destinations of Nodes for which a person's row stands, by destination; at most 64 of them.
   */
  overriddenRoutes?: {
    /**
     * The destination.
     */
    destinationCidr: string;
    /**
     * The Node whose network of pods it is.
     */
    nodeName?: string;
    /**
     * The next hop in force, as the person asks.
     */
    nextHopId?: string;
    /**
     * The next hop that the Node asks for.
     */
    generatedNextHopId?: string;
  }[];
  /**
   * For how many destinations of Nodes a person's row stands.
   */
  overriddenRoutesTotal?: number;
  /**
   * Under Observe, what Apply would do, at most 64 steps.
   */
  plan?: {
    /**
     * What would be done.
     */
    action: 'Create' | 'Delete' | 'Adopt';
    /**
     * The entry's destination.
     */
    destinationCidr: string;
    /**
     * The entry's next hop.
     */
    nextHopId?: string;
  }[];
  /**
   * How many steps the plan has.
   */
  planTotal?: number;
  /**
   * When the route table was last read and compared.
   */
  lastDriftCheckTime?: string;
  /**
   * The last error of the cloud, until a pass succeeds.
   */
  lastError?: {
    /**
     * The cloud's error code.
     */
    code?: string;
    /**
     * The id of the request, to be given to the cloud's support.
     */
    requestId?: string;
    /**
     * The error in words.
     */
    message: string;
    /**
     * When the error was answered.
     */
    time?: string;
  };
  /**
   * Ready, Accepted, Programmed, Generated, Reconciling and Stalled.
   */
  conditions?: {
    /**
     * The condition's type.
     */
    type: string;
    /**
     * True, False or Unknown.
     */
    status: 'True' | 'False' | 'Unknown';
    /**
     * The generation of the spec that the condition speaks of.
     */
    observedGeneration?: number;
    /**
     * When the status last changed.
     */
    lastTransitionTime: string;
    /**
     * The reason in one CamelCase word.
     */
    reason: string;
    /**
     * The reason in words, with what to do.
     */
    message: string;
  }[];
}
