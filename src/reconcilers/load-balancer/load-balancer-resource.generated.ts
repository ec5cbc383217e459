/* Generated from crds/; run `npm run generate`. */

/**
 * What is asked of the load balancer. An unset field means "as the Service says, or the default".
 */
export interface AlibabaLoadBalancerSpec {
  /**
   * The product that serves the load balancer. Only CLB is served by this version; NLB is refused with Accepted=False.
   */
  type: 'CLB' | 'NLB';
  /**
   * The Service whose ports, endpoints and traffic policy are served. Immutable.
   */
  serviceRef: {
    /**
     * The name of a Service in the namespace of this object.
     */
    name: string;
  };
  /**
   * The load balancer's name in the cloud. Default is the letter "a" and the Service's uid without dashes, cut to 32 characters.
   */
  name?: string;
  /**
   * Internet gives a public address (the default), Intranet one of the vSwitch. It cannot be changed once the load balancer exists.
   */
  addressType?: 'Internet' | 'Intranet';
  /**
   * The address families to serve, in order. A CLB load balancer has one; this version serves IPv4. One owner decides the whole list.
   */
  ipFamilies?: ('IPv4' | 'IPv6')[];
  /**
   * An existing load balancer to adopt. Not supported by this version.
   */
  loadBalancerId?: string;
  /**
   * The resource group to create the load balancer in. It cannot be changed once the load balancer exists.
   */
  resourceGroupId?: string;
  /**
   * Further tags of the load balancer. Keys with a meaning to a controller, and keys that start with "acs:" or "aliyun", are refused.
   */
  tags?: {
    /**
     * The tag's key.
     */
    key: string;
    /**
     * The tag's value; unset is the empty value.
     */
    value?: string;
  }[];
  /**
   * The client networks that may connect. Not supported by this version, so no new listener opens while it is set. One owner decides the whole list; an empty list means no restriction.
   */
  sourceRanges?: string[];
  /**
   * What happens to the load balancer in the cloud when this object is deleted. Delete (the default) removes it, Retain leaves it as it is.
   */
  deletionPolicy?: 'Delete' | 'Retain';
  /**
   * Apply (the default) keeps the cloud as asked. Observe makes no change and shows in status.plan what Apply would do; deletion waits too. Paused makes no change; deletion waits too.
   */
  reconcilePolicy?: 'Apply' | 'Observe' | 'Paused';
  /**
   * What is registered behind the listeners.
   */
  backends?: {
    /**
     * Node registers nodes on the Service's node ports (the default). Pod, which registers pods directly, is not supported by this version.
     */
    mode?: 'Node' | 'Pod';
    /**
     * Labels that a node must carry to be registered. Not supported by this version. One owner decides the whole map.
     */
    nodeSelector?: {
      [k: string]: string;
    };
    /**
     * How long a backend keeps its connections after it left the set. Not supported by this version.
     */
    drainTimeoutSeconds?: number;
  };
  /**
   * What only CLB knows.
   */
  clb?: {
    /**
     * The instance specification, for example slb.s2.small; only with instanceChargeType PayBySpec, where slb.s1.small is the default.
     */
    spec?:
      | 'slb.s1.small'
      | 'slb.s2.small'
      | 'slb.s2.medium'
      | 'slb.s3.small'
      | 'slb.s3.medium'
      | 'slb.s3.large';
    /**
     * PayByCLCU (the default) charges by use, PayBySpec by specification.
     */
    instanceChargeType?: 'PayByCLCU' | 'PayBySpec';
    /**
     * How traffic of a public address is charged. The default is the cloud's, PayByTraffic.
     */
    internetChargeType?: 'PayByTraffic' | 'PayByBandwidth';
    /**
     * The peak bandwidth of a public address, in Mbit/s; only with internetChargeType PayByBandwidth.
     */
    bandwidthMbps?: number;
    /**
     * The vSwitch of an Intranet load balancer. The default is the configured one. It cannot be changed once the load balancer exists.
     */
    vSwitchId?: string;
    /**
     * The primary zone. It cannot be changed once the load balancer exists.
     */
    masterZoneId?: string;
    /**
     * The standby zone. It cannot be changed once the load balancer exists.
     */
    slaveZoneId?: string;
    /**
     * On blocks the deletion of the load balancer until it is set Off or removed. Unset, the operator protects the load balancer and lifts that protection itself right before it deletes.
     */
    deletionProtection?: 'On' | 'Off';
    /**
     * On (the default) keeps people from changing the load balancer in the console.
     */
    modificationProtection?: 'On' | 'Off';
  };
  /**
   * The listeners, one for each transport and port. The generator writes one for each Service port; an entry without backend is a person's override that waits for its port, without a listener in the cloud.
   */
  listeners?: {
    /**
     * The transport protocol.
     */
    transport: 'TCP' | 'UDP';
    /**
     * The port that clients connect to.
     */
    port: number;
    /**
     * The listener's protocol; the transport by default. HTTP and HTTPS are not supported by this version.
     */
    protocol?: 'TCP' | 'UDP' | 'HTTP' | 'HTTPS';
    /**
     * false closes a generated listener without forgetting it; removing the field gives the decision back.
     */
    enabled?: boolean;
    /**
     * What answers behind the listener.
     */
    backend?: {
      /**
       * The number of the Service's port; its transport is the listener's.
       */
      servicePort: number;
    };
    /**
     * How the cloud decides whether a backend answers.
     */
    healthCheck?: {
      /**
       * TCP connects (the default of TCP listeners), HTTP asks for a path (the default with externalTrafficPolicy Local), UDP is the only check of UDP listeners, Off makes none.
       */
      mode?: 'TCP' | 'HTTP' | 'UDP' | 'Off';
      /**
       * The backend's port that is checked; the backend's own port by default.
       */
      port?: number;
      /**
       * The path asked for by HTTP checks.
       */
      path?: string;
      /**
       * The Host header of HTTP checks; $_ip stands for the backend's address.
       */
      domain?: string;
      /**
       * The classes of answers that count as healthy. One owner decides the whole list.
       */
      httpCodes?: ('http_2xx' | 'http_3xx' | 'http_4xx' | 'http_5xx')[];
      /**
       * The time between two checks.
       */
      intervalSeconds?: number;
      /**
       * How long one check waits for its answer.
       */
      timeoutSeconds?: number;
      /**
       * How many good checks in a row make a backend healthy.
       */
      healthyThreshold?: number;
      /**
       * How many bad checks in a row make a backend unhealthy.
       */
      unhealthyThreshold?: number;
    };
    /**
     * The certificates of an HTTPS listener, the default one first. Not supported by this version, so the listener does not open while it is set.
     */
    certificates?: string[];
    /**
     * What only CLB knows.
     */
    clb?: {
      /**
       * How connections are spread. The default is rr. sch, tch and qch need a PayBySpec or PayByCLCU instance; qch is for UDP.
       */
      scheduler?: 'rr' | 'wrr' | 'wlc' | 'sch' | 'tch' | 'qch';
      /**
       * How long the connections of one client address go to one backend; 0 turns it off. Generated from the Service's session affinity. TCP only.
       */
      persistenceTimeoutSeconds?: number;
      /**
       * How long an idle TCP connection is kept. The default is the cloud's, 900.
       */
      establishedTimeoutSeconds?: number;
      /**
       * An access control list of the listener. Not supported by this version, so the listener does not open while it is set.
       */
      acl?: {
        /**
         * The ids of the lists. One owner decides the whole list.
         */
        ids: string[];
        /**
         * Allow lets only the listed networks in, Deny keeps them out.
         */
        type?: 'Allow' | 'Deny';
      };
    };
  }[];
}

/**
 * What was seen of the load balancer; written only by the operator.
 */
export interface AlibabaLoadBalancerStatus {
  /**
   * The generation of the spec that the rest of the status speaks of.
   */
  observedGeneration?: number;
  /**
   * The Service that the load balancer was made for.
   */
  service?: {
    /**
     * The Service's uid. Nothing is written to the cloud for a Service of another uid.
     */
    uid: string;
  };
  /**
   * The id of the load balancer in the cloud.
   */
  loadBalancerId?: string;
  /**
   * How the load balancer came to this object. Created ones are deleted with it.
   */
  ownership?: 'Created' | 'Adopted' | 'Reused';
  /**
   * The Alibaba Cloud account that the load balancer belongs to.
   */
  accountId?: string;
  /**
   * The region that the load balancer is in.
   */
  regionId?: string;
  /**
   * When the cloud answered that the load balancer exists.
   */
  createdTime?: string;
  /**
   * When the removal of the load balancer from the cloud began. It goes on to its end from there, even if the Service wants a load balancer again.
   */
  removalStartedTime?: string;
  /**
   * The addresses that clients use.
   */
  addresses?: {
    /**
     * The address in canonical form.
     */
    ip: string;
    /**
     * The address family.
     */
    family?: 'IPv4' | 'IPv6';
  }[];
  /**
   * The load balancer's own settings as last seen, by the cloud's names; what cannot be changed is judged against them.
   */
  attributes?: {
    [k: string]: string;
  };
  /**
   * A digest of the load balancer's own settings that the cloud last accepted; equal settings need no call.
   */
  appliedDigest?: string;
  /**
   * The keys of the further tags that were written; a key that leaves the spec is removed from the load balancer.
   */
  appliedTagKeys?: string[];
  /**
   * Backends registered of backends desired, summed over the server groups, for example "3/3".
   */
  backends?: string;
  /**
   * The listeners in the cloud.
   */
  listeners?: {
    /**
     * The transport protocol.
     */
    transport: 'TCP' | 'UDP';
    /**
     * The port that clients connect to.
     */
    port: number;
    /**
     * The listener's protocol in the cloud.
     */
    protocol?: 'TCP' | 'UDP' | 'HTTP' | 'HTTPS';
    /**
     * The listener's state. Pending has not been made yet.
     */
    state?: 'Pending' | 'Stopped' | 'Starting' | 'Running' | 'Configuring' | 'Stopping';
    /**
     * The server group behind the listener.
     */
    serverGroupId?: string;
    /**
     * A digest of the settings that the cloud last accepted; equal settings need no call.
     */
    appliedDigest?: string;
  }[];
  /**
   * The server groups in the cloud, one for each node port.
   */
  serverGroups?: {
    /**
     * The id of the group in the cloud.
     */
    id: string;
    /**
     * The node port that the group's members are registered with.
     */
    nodePort: number;
    /**
     * How many backends are desired.
     */
    desired?: number;
    /**
     * How many backends are registered.
     */
    registered?: number;
    /**
     * How many backends were healthy when last seen.
     */
    healthy?: number;
    /**
     * When the health was last seen.
     */
    healthSeenTime?: string;
    /**
     * A digest of the members that the cloud last accepted; equal members need no call.
     */
    appliedDigest?: string;
  }[];
  /**
   * The open request for a new load balancer, repeated unchanged until its answer is known.
   */
  creation?: {
    /**
     * The token that makes repeating the request safe.
     */
    token: string;
    /**
     * The request's parameters, by their names on the wire.
     */
    parameters: {
      [k: string]: string;
    };
    /**
     * When the request was recorded, before it was first sent.
     */
    startedAt: string;
    /**
     * The account that the request was recorded for.
     */
    accountId: string;
    /**
     * The region that the request was recorded for.
     */
    regionId: string;
  };
  /**
   * How many load balancers of this object were confirmed to be gone; each later one is asked for with another token.
   */
  creationEpoch?: number;
  /**
   * The load balancer was not found where it should be.
   */
  missing?: {
    /**
     * When it was first not found.
     */
    firstSeenTime: string;
  };
  /**
   * When a load balancer that had vanished was last made again.
   */
  lastRecreationTime?: string;
  /**
   * Generated fields that carry a person's value, by path; at most 64 of them.
   */
  overriddenFields?: {
    /**
     * The field's path in this object.
     */
    path: string;
    /**
     * The field manager that owns the value.
     */
    manager?: string;
    /**
     * The value in force, as JSON.
     */
    value?: string;
    /**
     * The value that the Service asks for, as JSON.
     */
    generatedValue?: string;
  }[];
  /**
   * How many generated fields carry a person's value.
   */
  overriddenFieldsTotal?: number;
  /**
   * Listener entries without backend, as transport and port, that wait for a Service port.
   */
  dormantListeners?: string[];
  /**
   * Under Observe, what Apply would do, step by step, at most 64 of them; empty where there is nothing to do.
   */
  plan?: {
    /**
     * What would be done.
     */
    action: 'Adopt' | 'Create' | 'Update' | 'Start' | 'Stop' | 'Delete';
    /**
     * What it would be done to, for example the listener TCP:80.
     */
    object: string;
    /**
     * What would change, in words.
     */
    change?: string;
  }[];
  /**
   * How many steps the plan has.
   */
  planTotal?: number;
  /**
   * What the last check found in the cloud otherwise than asked.
   */
  drift?: {
    /**
     * The difference in words.
     */
    summary: string;
    /**
     * When the difference was seen.
     */
    seenTime: string;
  };
  /**
   * When the load balancer was last compared with the cloud beyond what the operator itself had written.
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
  };
  /**
   * Ready, Accepted, Programmed, BackendsSynced, Reconciling and Stalled.
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
