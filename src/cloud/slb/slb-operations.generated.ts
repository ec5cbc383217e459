/* Generated from src/cloud/published-api/slb.json; run `npm run generate`. */

import type { OperationTable } from '../transport/wire-codec.ts';

export interface AddVServerGroupBackendServersRequest {
  readonly backendServers: string;
  readonly regionId: string;
  readonly VServerGroupId: string;
}

export interface AddVServerGroupBackendServersResponseBodyBackendServersBackendServer {
  readonly description?: string;
  readonly port?: number;
  readonly serverId?: string;
  readonly type?: string;
  readonly weight?: number;
}

export interface AddVServerGroupBackendServersResponseBodyBackendServers {
  readonly backendServer?: readonly AddVServerGroupBackendServersResponseBodyBackendServersBackendServer[];
}

export interface AddVServerGroupBackendServersResponseBody {
  readonly backendServers?: AddVServerGroupBackendServersResponseBodyBackendServers;
  readonly requestId?: string;
  readonly VServerGroupId?: string;
}

export interface CreateLoadBalancerRequestTag {
  readonly key?: string | undefined;
  readonly value?: string | undefined;
}

export interface CreateLoadBalancerRequest {
  readonly address?: string | undefined;
  readonly addressIPVersion?: string | undefined;
  readonly addressType?: string | undefined;
  readonly autoPay?: boolean | undefined;
  readonly bandwidth?: number | undefined;
  readonly clientToken?: string | undefined;
  readonly deleteProtection?: string | undefined;
  readonly duration?: number | undefined;
  readonly instanceChargeType?: string | undefined;
  readonly internetChargeType?: string | undefined;
  readonly loadBalancerName?: string | undefined;
  readonly loadBalancerSpec?: string | undefined;
  readonly masterZoneId?: string | undefined;
  readonly modificationProtectionReason?: string | undefined;
  readonly modificationProtectionStatus?: string | undefined;
  readonly payType?: string | undefined;
  readonly pricingCycle?: string | undefined;
  readonly regionId: string;
  readonly resourceGroupId?: string | undefined;
  readonly slaveZoneId?: string | undefined;
  readonly tag?: readonly CreateLoadBalancerRequestTag[] | undefined;
  readonly vSwitchId?: string | undefined;
  readonly vpcId?: string | undefined;
}

export interface CreateLoadBalancerResponseBody {
  readonly address?: string;
  readonly addressIPVersion?: string;
  readonly loadBalancerId?: string;
  readonly loadBalancerName?: string;
  readonly networkType?: string;
  readonly orderId?: number;
  readonly requestId?: string;
  readonly resourceGroupId?: string;
  readonly vSwitchId?: string;
  readonly vpcId?: string;
}

export interface CreateLoadBalancerTCPListenerRequestTag {
  readonly key?: string | undefined;
  readonly value?: string | undefined;
}

export interface CreateLoadBalancerTCPListenerRequest {
  readonly aclId?: string | undefined;
  readonly aclStatus?: string | undefined;
  readonly aclType?: string | undefined;
  readonly backendServerPort?: number | undefined;
  readonly bandwidth: number;
  readonly connectionDrain?: string | undefined;
  readonly connectionDrainTimeout?: number | undefined;
  readonly description?: string | undefined;
  readonly establishedTimeout?: number | undefined;
  readonly healthCheckConnectPort?: number | undefined;
  readonly healthCheckConnectTimeout?: number | undefined;
  readonly healthCheckDomain?: string | undefined;
  readonly healthCheckHttpCode?: string | undefined;
  readonly healthCheckSwitch?: string | undefined;
  readonly healthCheckType?: string | undefined;
  readonly healthCheckURI?: string | undefined;
  readonly healthyThreshold?: number | undefined;
  readonly listenerPort: number;
  readonly loadBalancerId: string;
  readonly masterSlaveServerGroupId?: string | undefined;
  readonly persistenceTimeout?: number | undefined;
  readonly proxyProtocolV2Enabled?: boolean | undefined;
  readonly regionId?: string | undefined;
  readonly scheduler?: string | undefined;
  readonly tag?: readonly CreateLoadBalancerTCPListenerRequestTag[] | undefined;
  readonly unhealthyThreshold?: number | undefined;
  readonly VServerGroupId?: string | undefined;
  readonly healthCheckInterval?: number | undefined;
}

export interface CreateLoadBalancerTCPListenerResponseBody {
  readonly requestId?: string;
}

export interface CreateLoadBalancerUDPListenerRequestTag {
  readonly key?: string | undefined;
  readonly value?: string | undefined;
}

export interface CreateLoadBalancerUDPListenerRequest {
  readonly aclId?: string | undefined;
  readonly aclStatus?: string | undefined;
  readonly aclType?: string | undefined;
  readonly backendServerPort?: number | undefined;
  readonly bandwidth: number;
  readonly description?: string | undefined;
  readonly healthCheckConnectPort?: number | undefined;
  readonly healthCheckConnectTimeout?: number | undefined;
  readonly healthCheckSwitch?: string | undefined;
  readonly healthyThreshold?: number | undefined;
  readonly listenerPort: number;
  readonly loadBalancerId: string;
  readonly masterSlaveServerGroupId?: string | undefined;
  readonly proxyProtocolV2Enabled?: boolean | undefined;
  readonly regionId?: string | undefined;
  readonly scheduler?: string | undefined;
  readonly tag?: readonly CreateLoadBalancerUDPListenerRequestTag[] | undefined;
  readonly unhealthyThreshold?: number | undefined;
  readonly VServerGroupId?: string | undefined;
  readonly healthCheckExp?: string | undefined;
  readonly healthCheckInterval?: number | undefined;
  readonly healthCheckReq?: string | undefined;
}

export interface CreateLoadBalancerUDPListenerResponseBody {
  readonly requestId?: string;
}

export interface CreateVServerGroupRequestTag {
  readonly key?: string | undefined;
  readonly value?: string | undefined;
}

export interface CreateVServerGroupRequest {
  readonly backendServers?: string | undefined;
  readonly loadBalancerId: string;
  readonly regionId: string;
  readonly tag?: readonly CreateVServerGroupRequestTag[] | undefined;
  readonly VServerGroupName?: string | undefined;
}

export interface CreateVServerGroupResponseBodyBackendServersBackendServer {
  readonly description?: string;
  readonly port?: number;
  readonly serverId?: string;
  readonly type?: string;
  readonly weight?: number;
}

export interface CreateVServerGroupResponseBodyBackendServers {
  readonly backendServer?: readonly CreateVServerGroupResponseBodyBackendServersBackendServer[];
}

export interface CreateVServerGroupResponseBody {
  readonly backendServers?: CreateVServerGroupResponseBodyBackendServers;
  readonly requestId?: string;
  readonly VServerGroupId?: string;
}

export interface DeleteLoadBalancerRequest {
  readonly loadBalancerId: string;
  readonly regionId?: string | undefined;
}

export interface DeleteLoadBalancerResponseBody {
  readonly requestId?: string;
}

export interface DeleteLoadBalancerListenerRequest {
  readonly listenerPort: number;
  readonly listenerProtocol?: string | undefined;
  readonly loadBalancerId: string;
  readonly regionId?: string | undefined;
}

export interface DeleteLoadBalancerListenerResponseBody {
  readonly requestId?: string;
}

export interface DeleteVServerGroupRequest {
  readonly regionId: string;
  readonly VServerGroupId: string;
}

export interface DeleteVServerGroupResponseBody {
  readonly requestId?: string;
}

export interface DescribeHealthStatusRequest {
  readonly listenerPort?: number | undefined;
  readonly listenerProtocol?: string | undefined;
  readonly loadBalancerId: string;
  readonly regionId?: string | undefined;
}

export interface DescribeHealthStatusResponseBodyBackendServersBackendServer {
  readonly listenerPort?: number;
  readonly port?: number;
  readonly protocol?: string;
  readonly serverHealthStatus?: string;
  readonly serverId?: string;
  readonly serverIp?: string;
}

export interface DescribeHealthStatusResponseBodyBackendServers {
  readonly backendServer?: readonly DescribeHealthStatusResponseBodyBackendServersBackendServer[];
}

export interface DescribeHealthStatusResponseBody {
  readonly backendServers?: DescribeHealthStatusResponseBodyBackendServers;
  readonly requestId?: string;
}

export interface DescribeLoadBalancerAttributeRequest {
  readonly loadBalancerId: string;
  readonly regionId?: string | undefined;
}

export interface DescribeLoadBalancerAttributeResponseBodyBackendServersBackendServer {
  readonly description?: string;
  readonly serverId?: string;
  readonly serverIp?: string;
  readonly type?: string;
  readonly weight?: number;
}

export interface DescribeLoadBalancerAttributeResponseBodyBackendServers {
  readonly backendServer?: readonly DescribeLoadBalancerAttributeResponseBodyBackendServersBackendServer[];
}

export interface DescribeLoadBalancerAttributeResponseBodyListenerPorts {
  readonly listenerPort?: readonly number[];
}

export interface DescribeLoadBalancerAttributeResponseBodyListenerPortsAndProtocalListenerPortAndProtocal {
  readonly listenerPort?: number;
  readonly listenerProtocal?: string;
}

export interface DescribeLoadBalancerAttributeResponseBodyListenerPortsAndProtocal {
  readonly listenerPortAndProtocal?: readonly DescribeLoadBalancerAttributeResponseBodyListenerPortsAndProtocalListenerPortAndProtocal[];
}

export interface DescribeLoadBalancerAttributeResponseBodyListenerPortsAndProtocolListenerPortAndProtocol {
  readonly description?: string;
  readonly forwardPort?: number;
  readonly listenerForward?: string;
  readonly listenerPort?: number;
  readonly listenerProtocol?: string;
}

export interface DescribeLoadBalancerAttributeResponseBodyListenerPortsAndProtocol {
  readonly listenerPortAndProtocol?: readonly DescribeLoadBalancerAttributeResponseBodyListenerPortsAndProtocolListenerPortAndProtocol[];
}

export interface DescribeLoadBalancerAttributeResponseBodyTagsTag {
  readonly tagKey?: string;
  readonly tagValue?: string;
}

export interface DescribeLoadBalancerAttributeResponseBodyTags {
  readonly tag?: readonly DescribeLoadBalancerAttributeResponseBodyTagsTag[];
}

export interface DescribeLoadBalancerAttributeResponseBody {
  readonly address?: string;
  readonly addressIPVersion?: string;
  readonly addressType?: string;
  readonly autoReleaseTime?: number;
  readonly backendServers?: DescribeLoadBalancerAttributeResponseBodyBackendServers;
  readonly bandwidth?: number;
  readonly createTime?: string;
  readonly createTimeStamp?: number;
  readonly deleteProtection?: string;
  readonly endTime?: string;
  readonly endTimeStamp?: number;
  readonly instanceChargeType?: string;
  readonly internetChargeType?: string;
  readonly listenerPorts?: DescribeLoadBalancerAttributeResponseBodyListenerPorts;
  readonly listenerPortsAndProtocal?: DescribeLoadBalancerAttributeResponseBodyListenerPortsAndProtocal;
  readonly listenerPortsAndProtocol?: DescribeLoadBalancerAttributeResponseBodyListenerPortsAndProtocol;
  readonly loadBalancerId?: string;
  readonly loadBalancerName?: string;
  readonly loadBalancerSpec?: string;
  readonly loadBalancerStatus?: string;
  readonly masterZoneId?: string;
  readonly modificationProtectionReason?: string;
  readonly modificationProtectionStatus?: string;
  readonly networkType?: string;
  readonly payType?: string;
  readonly regionId?: string;
  readonly regionIdAlias?: string;
  readonly renewalCycUnit?: string;
  readonly renewalDuration?: number;
  readonly renewalStatus?: string;
  readonly requestId?: string;
  readonly resourceGroupId?: string;
  readonly slaveZoneId?: string;
  readonly tags?: DescribeLoadBalancerAttributeResponseBodyTags;
  readonly vSwitchId?: string;
  readonly vpcId?: string;
}

export interface DescribeLoadBalancerListenersRequestTag {
  readonly key?: string | undefined;
  readonly value?: string | undefined;
}

export interface DescribeLoadBalancerListenersRequest {
  readonly description?: string | undefined;
  readonly listenerPort?: number | undefined;
  readonly listenerProtocol?: string | undefined;
  readonly loadBalancerId?: readonly string[] | undefined;
  readonly maxResults?: number | undefined;
  readonly nextToken?: string | undefined;
  readonly regionId?: string | undefined;
  readonly tag?: readonly DescribeLoadBalancerListenersRequestTag[] | undefined;
}

export interface DescribeLoadBalancerListenersResponseBodyListenersHTTPListenerConfig {
  readonly cookie?: string;
  readonly cookieTimeout?: number;
  readonly forwardPort?: number;
  readonly gzip?: string;
  readonly healthCheck?: string;
  readonly healthCheckConnectPort?: number;
  readonly healthCheckDomain?: string;
  readonly healthCheckHttpCode?: string;
  readonly healthCheckHttpVersion?: string;
  readonly healthCheckInterval?: number;
  readonly healthCheckMethod?: string;
  readonly healthCheckTimeout?: number;
  readonly healthCheckType?: string;
  readonly healthCheckURI?: string;
  readonly healthyThreshold?: number;
  readonly idleTimeout?: number;
  readonly listenerForward?: string;
  readonly requestTimeout?: number;
  readonly stickySession?: string;
  readonly stickySessionType?: string;
  readonly unhealthyThreshold?: number;
  readonly XForwardedFor?: string;
  readonly XForwardedFor_ClientSrcPort?: string;
  readonly XForwardedFor_SLBID?: string;
  readonly XForwardedFor_SLBIP?: string;
  readonly XForwardedFor_SLBPORT?: string;
  readonly XForwardedFor_proto?: string;
}

export interface DescribeLoadBalancerListenersResponseBodyListenersHTTPSListenerConfig {
  readonly CACertificateId?: string;
  readonly cookie?: string;
  readonly cookieTimeout?: number;
  readonly enableHttp2?: string;
  readonly gzip?: string;
  readonly healthCheck?: string;
  readonly healthCheckConnectPort?: number;
  readonly healthCheckDomain?: string;
  readonly healthCheckHttpCode?: string;
  readonly healthCheckHttpVersion?: string;
  readonly healthCheckInterval?: number;
  readonly healthCheckMethod?: string;
  readonly healthCheckTimeout?: number;
  readonly healthCheckType?: string;
  readonly healthCheckURI?: string;
  readonly healthyThreshold?: number;
  readonly idleTimeout?: number;
  readonly requestTimeout?: number;
  readonly serverCertificateId?: string;
  readonly stickySession?: string;
  readonly stickySessionType?: string;
  readonly TLSCipherPolicy?: string;
  readonly unhealthyThreshold?: number;
  readonly XForwardedFor?: string;
  readonly XForwardedFor_ClientCertClientVerify?: string;
  readonly XForwardedFor_ClientCertFingerprint?: string;
  readonly XForwardedFor_ClientCertIssuerDN?: string;
  readonly XForwardedFor_ClientCertSubjectDN?: string;
  readonly XForwardedFor_ClientSrcPort?: string;
  readonly XForwardedFor_SLBID?: string;
  readonly XForwardedFor_SLBIP?: string;
  readonly XForwardedFor_SLBPORT?: string;
  readonly XForwardedFor_proto?: string;
}

export interface DescribeLoadBalancerListenersResponseBodyListenersTCPListenerConfig {
  readonly connectionDrain?: string;
  readonly connectionDrainTimeout?: number;
  readonly establishedTimeout?: number;
  readonly healthCheck?: string;
  readonly healthCheckConnectPort?: number;
  readonly healthCheckConnectTimeout?: number;
  readonly healthCheckDomain?: string;
  readonly healthCheckHttpCode?: string;
  readonly healthCheckInterval?: number;
  readonly healthCheckMethod?: string;
  readonly healthCheckType?: string;
  readonly healthCheckURI?: string;
  readonly healthyThreshold?: number;
  readonly masterSlaveServerGroupId?: string;
  readonly persistenceTimeout?: number;
  readonly proxyProtocolV2Enabled?: string;
  readonly unhealthyThreshold?: number;
}

export interface DescribeLoadBalancerListenersResponseBodyListenersTags {
  readonly tagKey?: string;
  readonly tagValue?: string;
}

export interface DescribeLoadBalancerListenersResponseBodyListenersUDPListenerConfig {
  readonly connectionDrain?: string;
  readonly connectionDrainTimeout?: number;
  readonly healthCheck?: string;
  readonly healthCheckConnectPort?: number;
  readonly healthCheckConnectTimeout?: number;
  readonly healthCheckExp?: string;
  readonly healthCheckInterval?: number;
  readonly healthCheckReq?: string;
  readonly healthyThreshold?: number;
  readonly masterSlaveServerGroupId?: string;
  readonly proxyProtocolV2Enabled?: string;
  readonly unhealthyThreshold?: number;
}

export interface DescribeLoadBalancerListenersResponseBodyListeners {
  readonly aclId?: string;
  readonly aclIds?: readonly string[];
  readonly aclStatus?: string;
  readonly aclType?: string;
  readonly backendServerPort?: number;
  readonly bandwidth?: number;
  readonly description?: string;
  readonly HTTPListenerConfig?: DescribeLoadBalancerListenersResponseBodyListenersHTTPListenerConfig;
  readonly HTTPSListenerConfig?: DescribeLoadBalancerListenersResponseBodyListenersHTTPSListenerConfig;
  readonly listenerPort?: number;
  readonly listenerProtocol?: string;
  readonly loadBalancerId?: string;
  readonly scheduler?: string;
  readonly status?: string;
  readonly TCPListenerConfig?: DescribeLoadBalancerListenersResponseBodyListenersTCPListenerConfig;
  readonly tags?: readonly DescribeLoadBalancerListenersResponseBodyListenersTags[];
  readonly UDPListenerConfig?: DescribeLoadBalancerListenersResponseBodyListenersUDPListenerConfig;
  readonly VServerGroupId?: string;
}

export interface DescribeLoadBalancerListenersResponseBody {
  readonly listeners?: readonly DescribeLoadBalancerListenersResponseBodyListeners[];
  readonly maxResults?: number;
  readonly nextToken?: string;
  readonly requestId?: string;
  readonly totalCount?: number;
}

export interface DescribeLoadBalancersRequestTag {
  readonly key?: string | undefined;
  readonly value?: string | undefined;
}

export interface DescribeLoadBalancersRequest {
  readonly address?: string | undefined;
  readonly addressIPVersion?: string | undefined;
  readonly addressType?: string | undefined;
  readonly internetChargeType?: string | undefined;
  readonly loadBalancerId?: string | undefined;
  readonly loadBalancerName?: string | undefined;
  readonly loadBalancerStatus?: string | undefined;
  readonly masterZoneId?: string | undefined;
  readonly networkType?: string | undefined;
  readonly pageNumber?: number | undefined;
  readonly pageSize?: number | undefined;
  readonly payType?: string | undefined;
  readonly regionId: string;
  readonly resourceGroupId?: string | undefined;
  readonly serverId?: string | undefined;
  readonly serverIntranetAddress?: string | undefined;
  readonly slaveZoneId?: string | undefined;
  readonly tag?: readonly DescribeLoadBalancersRequestTag[] | undefined;
  readonly tags?: string | undefined;
  readonly vSwitchId?: string | undefined;
  readonly vpcId?: string | undefined;
}

export interface DescribeLoadBalancersResponseBodyLoadBalancersLoadBalancerTagsTag {
  readonly tagKey?: string;
  readonly tagValue?: string;
}

export interface DescribeLoadBalancersResponseBodyLoadBalancersLoadBalancerTags {
  readonly tag?: readonly DescribeLoadBalancersResponseBodyLoadBalancersLoadBalancerTagsTag[];
}

export interface DescribeLoadBalancersResponseBodyLoadBalancersLoadBalancer {
  readonly address?: string;
  readonly addressIPVersion?: string;
  readonly addressType?: string;
  readonly bandwidth?: number;
  readonly createTime?: string;
  readonly createTimeStamp?: number;
  readonly deleteProtection?: string;
  readonly instanceChargeType?: string;
  readonly internetChargeType?: string;
  readonly internetChargeTypeAlias?: string;
  readonly loadBalancerId?: string;
  readonly loadBalancerName?: string;
  readonly loadBalancerSpec?: string;
  readonly loadBalancerStatus?: string;
  readonly masterZoneId?: string;
  readonly modificationProtectionReason?: string;
  readonly modificationProtectionStatus?: string;
  readonly networkType?: string;
  readonly payType?: string;
  readonly regionId?: string;
  readonly regionIdAlias?: string;
  readonly resourceGroupId?: string;
  readonly slaveZoneId?: string;
  readonly tags?: DescribeLoadBalancersResponseBodyLoadBalancersLoadBalancerTags;
  readonly vSwitchId?: string;
  readonly vpcId?: string;
}

export interface DescribeLoadBalancersResponseBodyLoadBalancers {
  readonly loadBalancer?: readonly DescribeLoadBalancersResponseBodyLoadBalancersLoadBalancer[];
}

export interface DescribeLoadBalancersResponseBody {
  readonly loadBalancers?: DescribeLoadBalancersResponseBodyLoadBalancers;
  readonly pageNumber?: number;
  readonly pageSize?: number;
  readonly requestId?: string;
  readonly totalCount?: number;
}

export interface DescribeVServerGroupAttributeRequest {
  readonly regionId: string;
  readonly VServerGroupId: string;
}

export interface DescribeVServerGroupAttributeResponseBodyBackendServersBackendServer {
  readonly description?: string;
  readonly port?: number;
  readonly serverId?: string;
  readonly serverIp?: string;
  readonly type?: string;
  readonly weight?: number;
}

export interface DescribeVServerGroupAttributeResponseBodyBackendServers {
  readonly backendServer?: readonly DescribeVServerGroupAttributeResponseBodyBackendServersBackendServer[];
}

export interface DescribeVServerGroupAttributeResponseBodyTagsTag {
  readonly tagKey?: string;
  readonly tagValue?: string;
}

export interface DescribeVServerGroupAttributeResponseBodyTags {
  readonly tag?: readonly DescribeVServerGroupAttributeResponseBodyTagsTag[];
}

export interface DescribeVServerGroupAttributeResponseBody {
  readonly backendServers?: DescribeVServerGroupAttributeResponseBodyBackendServers;
  readonly createTime?: string;
  readonly loadBalancerId?: string;
  readonly requestId?: string;
  readonly tags?: DescribeVServerGroupAttributeResponseBodyTags;
  readonly VServerGroupId?: string;
  readonly VServerGroupName?: string;
}

export interface DescribeVServerGroupsRequestTag {
  readonly key?: string | undefined;
  readonly value?: string | undefined;
}

export interface DescribeVServerGroupsRequest {
  readonly description?: string | undefined;
  readonly includeListener?: boolean | undefined;
  readonly includeRule?: boolean | undefined;
  readonly loadBalancerId: string;
  readonly regionId: string;
  readonly tag?: readonly DescribeVServerGroupsRequestTag[] | undefined;
}

export interface DescribeVServerGroupsResponseBodyVServerGroupsVServerGroupAssociatedObjectsListenersListener {
  readonly port?: number;
  readonly protocol?: string;
}

export interface DescribeVServerGroupsResponseBodyVServerGroupsVServerGroupAssociatedObjectsListeners {
  readonly listener?: readonly DescribeVServerGroupsResponseBodyVServerGroupsVServerGroupAssociatedObjectsListenersListener[];
}

export interface DescribeVServerGroupsResponseBodyVServerGroupsVServerGroupAssociatedObjectsRulesRule {
  readonly domain?: string;
  readonly ruleId?: string;
  readonly ruleName?: string;
  readonly url?: string;
}

export interface DescribeVServerGroupsResponseBodyVServerGroupsVServerGroupAssociatedObjectsRules {
  readonly rule?: readonly DescribeVServerGroupsResponseBodyVServerGroupsVServerGroupAssociatedObjectsRulesRule[];
}

export interface DescribeVServerGroupsResponseBodyVServerGroupsVServerGroupAssociatedObjects {
  readonly listeners?: DescribeVServerGroupsResponseBodyVServerGroupsVServerGroupAssociatedObjectsListeners;
  readonly rules?: DescribeVServerGroupsResponseBodyVServerGroupsVServerGroupAssociatedObjectsRules;
}

export interface DescribeVServerGroupsResponseBodyVServerGroupsVServerGroupTagsTag {
  readonly tagKey?: string;
  readonly tagValue?: string;
}

export interface DescribeVServerGroupsResponseBodyVServerGroupsVServerGroupTags {
  readonly tag?: readonly DescribeVServerGroupsResponseBodyVServerGroupsVServerGroupTagsTag[];
}

export interface DescribeVServerGroupsResponseBodyVServerGroupsVServerGroup {
  readonly associatedObjects?: DescribeVServerGroupsResponseBodyVServerGroupsVServerGroupAssociatedObjects;
  readonly createTime?: string;
  readonly serverCount?: number;
  readonly tags?: DescribeVServerGroupsResponseBodyVServerGroupsVServerGroupTags;
  readonly VServerGroupId?: string;
  readonly VServerGroupName?: string;
}

export interface DescribeVServerGroupsResponseBodyVServerGroups {
  readonly VServerGroup?: readonly DescribeVServerGroupsResponseBodyVServerGroupsVServerGroup[];
}

export interface DescribeVServerGroupsResponseBody {
  readonly requestId?: string;
  readonly VServerGroups?: DescribeVServerGroupsResponseBodyVServerGroups;
}

export interface ModifyLoadBalancerInstanceChargeTypeRequest {
  readonly bandwidth?: number | undefined;
  readonly instanceChargeType: string;
  readonly internetChargeType?: string | undefined;
  readonly loadBalancerId: string;
  readonly loadBalancerSpec?: string | undefined;
  readonly regionId: string;
}

export interface ModifyLoadBalancerInstanceChargeTypeResponseBody {
  readonly requestId?: string;
}

export interface ModifyLoadBalancerInstanceSpecRequest {
  readonly autoPay?: boolean | undefined;
  readonly loadBalancerId: string;
  readonly loadBalancerSpec: string;
  readonly regionId?: string | undefined;
}

export interface ModifyLoadBalancerInstanceSpecResponseBody {
  readonly orderId?: number;
  readonly requestId?: string;
}

export interface ModifyLoadBalancerInternetSpecRequest {
  readonly autoPay?: boolean | undefined;
  readonly bandwidth?: number | undefined;
  readonly internetChargeType?: string | undefined;
  readonly loadBalancerId: string;
  readonly regionId?: string | undefined;
}

export interface ModifyLoadBalancerInternetSpecResponseBody {
  readonly orderId?: number;
  readonly requestId?: string;
}

export interface RemoveVServerGroupBackendServersRequest {
  readonly backendServers: string;
  readonly regionId: string;
  readonly VServerGroupId: string;
}

export interface RemoveVServerGroupBackendServersResponseBodyBackendServersBackendServer {
  readonly port?: number;
  readonly serverId?: string;
  readonly type?: string;
  readonly weight?: number;
}

export interface RemoveVServerGroupBackendServersResponseBodyBackendServers {
  readonly backendServer?: readonly RemoveVServerGroupBackendServersResponseBodyBackendServersBackendServer[];
}

export interface RemoveVServerGroupBackendServersResponseBody {
  readonly backendServers?: RemoveVServerGroupBackendServersResponseBodyBackendServers;
  readonly requestId?: string;
  readonly VServerGroupId?: string;
}

export interface SetLoadBalancerDeleteProtectionRequest {
  readonly deleteProtection: string;
  readonly loadBalancerId: string;
  readonly regionId: string;
}

export interface SetLoadBalancerDeleteProtectionResponseBody {
  readonly requestId?: string;
}

export interface SetLoadBalancerModificationProtectionRequest {
  readonly loadBalancerId: string;
  readonly modificationProtectionReason?: string | undefined;
  readonly modificationProtectionStatus: string;
  readonly regionId: string;
}

export interface SetLoadBalancerModificationProtectionResponseBody {
  readonly requestId?: string;
}

export interface SetLoadBalancerNameRequest {
  readonly loadBalancerId: string;
  readonly loadBalancerName: string;
  readonly regionId?: string | undefined;
}

export interface SetLoadBalancerNameResponseBody {
  readonly requestId?: string;
}

export interface SetLoadBalancerTCPListenerAttributeRequest {
  readonly aclId?: string | undefined;
  readonly aclStatus?: string | undefined;
  readonly aclType?: string | undefined;
  readonly bandwidth?: number | undefined;
  readonly connectionDrain?: string | undefined;
  readonly connectionDrainTimeout?: number | undefined;
  readonly description?: string | undefined;
  readonly establishedTimeout?: number | undefined;
  readonly healthCheckConnectPort?: number | undefined;
  readonly healthCheckConnectTimeout?: number | undefined;
  readonly healthCheckDomain?: string | undefined;
  readonly healthCheckHttpCode?: string | undefined;
  readonly healthCheckInterval?: number | undefined;
  readonly healthCheckSwitch?: string | undefined;
  readonly healthCheckType?: string | undefined;
  readonly healthCheckURI?: string | undefined;
  readonly healthyThreshold?: number | undefined;
  readonly listenerPort: number;
  readonly loadBalancerId: string;
  readonly masterSlaveServerGroup?: string | undefined;
  readonly masterSlaveServerGroupId?: string | undefined;
  readonly persistenceTimeout?: number | undefined;
  readonly proxyProtocolV2Enabled?: boolean | undefined;
  readonly regionId?: string | undefined;
  readonly scheduler?: string | undefined;
  readonly synProxy?: string | undefined;
  readonly unhealthyThreshold?: number | undefined;
  readonly VServerGroup?: string | undefined;
  readonly VServerGroupId?: string | undefined;
  readonly dryRun?: boolean | undefined;
}

export interface SetLoadBalancerTCPListenerAttributeResponseBody {
  readonly requestId?: string;
}

export interface SetLoadBalancerUDPListenerAttributeRequest {
  readonly aclId?: string | undefined;
  readonly aclStatus?: string | undefined;
  readonly aclType?: string | undefined;
  readonly bandwidth?: number | undefined;
  readonly description?: string | undefined;
  readonly healthCheckConnectPort?: number | undefined;
  readonly healthCheckConnectTimeout?: number | undefined;
  readonly healthCheckInterval?: number | undefined;
  readonly healthCheckSwitch?: string | undefined;
  readonly healthyThreshold?: number | undefined;
  readonly listenerPort: number;
  readonly loadBalancerId: string;
  readonly masterSlaveServerGroup?: string | undefined;
  readonly masterSlaveServerGroupId?: string | undefined;
  readonly proxyProtocolV2Enabled?: boolean | undefined;
  readonly regionId?: string | undefined;
  readonly scheduler?: string | undefined;
  readonly unhealthyThreshold?: number | undefined;
  readonly VServerGroup?: string | undefined;
  readonly VServerGroupId?: string | undefined;
  readonly healthCheckExp?: string | undefined;
  readonly healthCheckReq?: string | undefined;
  readonly dryRun?: boolean | undefined;
}

export interface SetLoadBalancerUDPListenerAttributeResponseBody {
  readonly requestId?: string;
}

export interface SetVServerGroupAttributeRequest {
  readonly backendServers?: string | undefined;
  readonly regionId: string;
  readonly VServerGroupId: string;
  readonly VServerGroupName?: string | undefined;
}

export interface SetVServerGroupAttributeResponseBodyBackendServersBackendServer {
  readonly description?: string;
  readonly port?: number;
  readonly serverId?: string;
  readonly type?: string;
  readonly weight?: number;
}

export interface SetVServerGroupAttributeResponseBodyBackendServers {
  readonly backendServer?: readonly SetVServerGroupAttributeResponseBodyBackendServersBackendServer[];
}

export interface SetVServerGroupAttributeResponseBody {
  readonly backendServers?: SetVServerGroupAttributeResponseBodyBackendServers;
  readonly requestId?: string;
  readonly VServerGroupId?: string;
  readonly VServerGroupName?: string;
}

export interface StartLoadBalancerListenerRequest {
  readonly listenerPort: number;
  readonly listenerProtocol?: string | undefined;
  readonly loadBalancerId: string;
  readonly regionId?: string | undefined;
}

export interface StartLoadBalancerListenerResponseBody {
  readonly requestId?: string;
}

export interface StopLoadBalancerListenerRequest {
  readonly listenerPort: number;
  readonly listenerProtocol?: string | undefined;
  readonly loadBalancerId: string;
  readonly regionId?: string | undefined;
}

export interface StopLoadBalancerListenerResponseBody {
  readonly requestId?: string;
}

export interface TagResourcesRequestTag {
  readonly key?: string | undefined;
  readonly value?: string | undefined;
}

export interface TagResourcesRequest {
  readonly regionId: string;
  readonly resourceId: readonly string[];
  readonly resourceType: string;
  readonly tag: readonly TagResourcesRequestTag[];
}

export interface TagResourcesResponseBody {
  readonly requestId?: string;
}

export interface UntagResourcesRequest {
  readonly all?: boolean | undefined;
  readonly regionId: string;
  readonly resourceId: readonly string[];
  readonly resourceType: string;
  readonly tagKey?: readonly string[] | undefined;
}

export interface UntagResourcesResponseBody {
  readonly requestId?: string;
}

/** What each operation takes and answers. */
export interface SlbOperations {
  readonly AddVServerGroupBackendServers: { readonly request: AddVServerGroupBackendServersRequest; readonly response: AddVServerGroupBackendServersResponseBody };
  readonly CreateLoadBalancer: { readonly request: CreateLoadBalancerRequest; readonly response: CreateLoadBalancerResponseBody };
  readonly CreateLoadBalancerTCPListener: { readonly request: CreateLoadBalancerTCPListenerRequest; readonly response: CreateLoadBalancerTCPListenerResponseBody };
  readonly CreateLoadBalancerUDPListener: { readonly request: CreateLoadBalancerUDPListenerRequest; readonly response: CreateLoadBalancerUDPListenerResponseBody };
  readonly CreateVServerGroup: { readonly request: CreateVServerGroupRequest; readonly response: CreateVServerGroupResponseBody };
  readonly DeleteLoadBalancer: { readonly request: DeleteLoadBalancerRequest; readonly response: DeleteLoadBalancerResponseBody };
  readonly DeleteLoadBalancerListener: { readonly request: DeleteLoadBalancerListenerRequest; readonly response: DeleteLoadBalancerListenerResponseBody };
  readonly DeleteVServerGroup: { readonly request: DeleteVServerGroupRequest; readonly response: DeleteVServerGroupResponseBody };
  readonly DescribeHealthStatus: { readonly request: DescribeHealthStatusRequest; readonly response: DescribeHealthStatusResponseBody };
  readonly DescribeLoadBalancerAttribute: { readonly request: DescribeLoadBalancerAttributeRequest; readonly response: DescribeLoadBalancerAttributeResponseBody };
  readonly DescribeLoadBalancerListeners: { readonly request: DescribeLoadBalancerListenersRequest; readonly response: DescribeLoadBalancerListenersResponseBody };
  readonly DescribeLoadBalancers: { readonly request: DescribeLoadBalancersRequest; readonly response: DescribeLoadBalancersResponseBody };
  readonly DescribeVServerGroupAttribute: { readonly request: DescribeVServerGroupAttributeRequest; readonly response: DescribeVServerGroupAttributeResponseBody };
  readonly DescribeVServerGroups: { readonly request: DescribeVServerGroupsRequest; readonly response: DescribeVServerGroupsResponseBody };
  readonly ModifyLoadBalancerInstanceChargeType: { readonly request: ModifyLoadBalancerInstanceChargeTypeRequest; readonly response: ModifyLoadBalancerInstanceChargeTypeResponseBody };
  readonly ModifyLoadBalancerInstanceSpec: { readonly request: ModifyLoadBalancerInstanceSpecRequest; readonly response: ModifyLoadBalancerInstanceSpecResponseBody };
  readonly ModifyLoadBalancerInternetSpec: { readonly request: ModifyLoadBalancerInternetSpecRequest; readonly response: ModifyLoadBalancerInternetSpecResponseBody };
  readonly RemoveVServerGroupBackendServers: { readonly request: RemoveVServerGroupBackendServersRequest; readonly response: RemoveVServerGroupBackendServersResponseBody };
  readonly SetLoadBalancerDeleteProtection: { readonly request: SetLoadBalancerDeleteProtectionRequest; readonly response: SetLoadBalancerDeleteProtectionResponseBody };
  readonly SetLoadBalancerModificationProtection: { readonly request: SetLoadBalancerModificationProtectionRequest; readonly response: SetLoadBalancerModificationProtectionResponseBody };
  readonly SetLoadBalancerName: { readonly request: SetLoadBalancerNameRequest; readonly response: SetLoadBalancerNameResponseBody };
  readonly SetLoadBalancerTCPListenerAttribute: { readonly request: SetLoadBalancerTCPListenerAttributeRequest; readonly response: SetLoadBalancerTCPListenerAttributeResponseBody };
  readonly SetLoadBalancerUDPListenerAttribute: { readonly request: SetLoadBalancerUDPListenerAttributeRequest; readonly response: SetLoadBalancerUDPListenerAttributeResponseBody };
  readonly SetVServerGroupAttribute: { readonly request: SetVServerGroupAttributeRequest; readonly response: SetVServerGroupAttributeResponseBody };
  readonly StartLoadBalancerListener: { readonly request: StartLoadBalancerListenerRequest; readonly response: StartLoadBalancerListenerResponseBody };
  readonly StopLoadBalancerListener: { readonly request: StopLoadBalancerListenerRequest; readonly response: StopLoadBalancerListenerResponseBody };
  readonly TagResources: { readonly request: TagResourcesRequest; readonly response: TagResourcesResponseBody };
  readonly UntagResources: { readonly request: UntagResourcesRequest; readonly response: UntagResourcesResponseBody };
}

/** The version of the API that the operations belong to. */
export const SLB_VERSION = '2014-05-15';

/** Names and shapes on the wire, by operation. */
export const SLB_OPERATIONS: { readonly [Name in keyof SlbOperations]: OperationTable } = {
  AddVServerGroupBackendServers: {"mutating":true,"request":{"BackendServers":"string","RegionId":"string","VServerGroupId":"string"},"response":{"BackendServers":{"BackendServer":[{"Description":"string","Port":"number","ServerId":"string","Type":"string","Weight":"number"}]},"RequestId":"string","VServerGroupId":"string"}},
  CreateLoadBalancer: {"mutating":true,"request":{"Address":"string","AddressIPVersion":"string","AddressType":"string","AutoPay":"boolean","Bandwidth":"number","ClientToken":"string","DeleteProtection":"string","Duration":"number","InstanceChargeType":"string","InternetChargeType":"string","LoadBalancerName":"string","LoadBalancerSpec":"string","MasterZoneId":"string","ModificationProtectionReason":"string","ModificationProtectionStatus":"string","PayType":"string","PricingCycle":"string","RegionId":"string","ResourceGroupId":"string","SlaveZoneId":"string","Tag":[{"Key":"string","Value":"string"}],"VSwitchId":"string","VpcId":"string"},"response":{"Address":"string","AddressIPVersion":"string","LoadBalancerId":"string","LoadBalancerName":"string","NetworkType":"string","OrderId":"number","RequestId":"string","ResourceGroupId":"string","VSwitchId":"string","VpcId":"string"}},
  CreateLoadBalancerTCPListener: {"mutating":true,"request":{"AclId":"string","AclStatus":"string","AclType":"string","BackendServerPort":"number","Bandwidth":"number","ConnectionDrain":"string","ConnectionDrainTimeout":"number","Description":"string","EstablishedTimeout":"number","HealthCheckConnectPort":"number","HealthCheckConnectTimeout":"number","HealthCheckDomain":"string","HealthCheckHttpCode":"string","HealthCheckSwitch":"string","HealthCheckType":"string","HealthCheckURI":"string","HealthyThreshold":"number","ListenerPort":"number","LoadBalancerId":"string","MasterSlaveServerGroupId":"string","PersistenceTimeout":"number","ProxyProtocolV2Enabled":"boolean","RegionId":"string","Scheduler":"string","Tag":[{"Key":"string","Value":"string"}],"UnhealthyThreshold":"number","VServerGroupId":"string","healthCheckInterval":"number"},"response":{"RequestId":"string"}},
  CreateLoadBalancerUDPListener: {"mutating":true,"request":{"AclId":"string","AclStatus":"string","AclType":"string","BackendServerPort":"number","Bandwidth":"number","Description":"string","HealthCheckConnectPort":"number","HealthCheckConnectTimeout":"number","HealthCheckSwitch":"string","HealthyThreshold":"number","ListenerPort":"number","LoadBalancerId":"string","MasterSlaveServerGroupId":"string","ProxyProtocolV2Enabled":"boolean","RegionId":"string","Scheduler":"string","Tag":[{"Key":"string","Value":"string"}],"UnhealthyThreshold":"number","VServerGroupId":"string","healthCheckExp":"string","healthCheckInterval":"number","healthCheckReq":"string"},"response":{"RequestId":"string"}},
  CreateVServerGroup: {"mutating":true,"request":{"BackendServers":"string","LoadBalancerId":"string","RegionId":"string","Tag":[{"Key":"string","Value":"string"}],"VServerGroupName":"string"},"response":{"BackendServers":{"BackendServer":[{"Description":"string","Port":"number","ServerId":"string","Type":"string","Weight":"number"}]},"RequestId":"string","VServerGroupId":"string"}},
  DeleteLoadBalancer: {"mutating":true,"request":{"LoadBalancerId":"string","RegionId":"string"},"response":{"RequestId":"string"}},
  DeleteLoadBalancerListener: {"mutating":true,"request":{"ListenerPort":"number","ListenerProtocol":"string","LoadBalancerId":"string","RegionId":"string"},"response":{"RequestId":"string"}},
  DeleteVServerGroup: {"mutating":true,"request":{"RegionId":"string","VServerGroupId":"string"},"response":{"RequestId":"string"}},
  DescribeHealthStatus: {"mutating":false,"request":{"ListenerPort":"number","ListenerProtocol":"string","LoadBalancerId":"string","RegionId":"string"},"response":{"BackendServers":{"BackendServer":[{"ListenerPort":"number","Port":"number","Protocol":"string","ServerHealthStatus":"string","ServerId":"string","ServerIp":"string"}]},"RequestId":"string"}},
  DescribeLoadBalancerAttribute: {"mutating":false,"request":{"LoadBalancerId":"string","RegionId":"string"},"response":{"Address":"string","AddressIPVersion":"string","AddressType":"string","AutoReleaseTime":"number","BackendServers":{"BackendServer":[{"Description":"string","ServerId":"string","ServerIp":"string","Type":"string","Weight":"number"}]},"Bandwidth":"number","CreateTime":"string","CreateTimeStamp":"number","DeleteProtection":"string","EndTime":"string","EndTimeStamp":"number","InstanceChargeType":"string","InternetChargeType":"string","ListenerPorts":{"ListenerPort":["number"]},"ListenerPortsAndProtocal":{"ListenerPortAndProtocal":[{"ListenerPort":"number","ListenerProtocal":"string"}]},"ListenerPortsAndProtocol":{"ListenerPortAndProtocol":[{"Description":"string","ForwardPort":"number","ListenerForward":"string","ListenerPort":"number","ListenerProtocol":"string"}]},"LoadBalancerId":"string","LoadBalancerName":"string","LoadBalancerSpec":"string","LoadBalancerStatus":"string","MasterZoneId":"string","ModificationProtectionReason":"string","ModificationProtectionStatus":"string","NetworkType":"string","PayType":"string","RegionId":"string","RegionIdAlias":"string","RenewalCycUnit":"string","RenewalDuration":"number","RenewalStatus":"string","RequestId":"string","ResourceGroupId":"string","SlaveZoneId":"string","Tags":{"Tag":[{"TagKey":"string","TagValue":"string"}]},"VSwitchId":"string","VpcId":"string"}},
  DescribeLoadBalancerListeners: {"mutating":false,"request":{"Description":"string","ListenerPort":"number","ListenerProtocol":"string","LoadBalancerId":["string"],"MaxResults":"number","NextToken":"string","RegionId":"string","Tag":[{"Key":"string","Value":"string"}]},"response":{"Listeners":[{"AclId":"string","AclIds":["string"],"AclStatus":"string","AclType":"string","BackendServerPort":"number","Bandwidth":"number","Description":"string","HTTPListenerConfig":{"Cookie":"string","CookieTimeout":"number","ForwardPort":"number","Gzip":"string","HealthCheck":"string","HealthCheckConnectPort":"number","HealthCheckDomain":"string","HealthCheckHttpCode":"string","HealthCheckHttpVersion":"string","HealthCheckInterval":"number","HealthCheckMethod":"string","HealthCheckTimeout":"number","HealthCheckType":"string","HealthCheckURI":"string","HealthyThreshold":"number","IdleTimeout":"number","ListenerForward":"string","RequestTimeout":"number","StickySession":"string","StickySessionType":"string","UnhealthyThreshold":"number","XForwardedFor":"string","XForwardedFor_ClientSrcPort":"string","XForwardedFor_SLBID":"string","XForwardedFor_SLBIP":"string","XForwardedFor_SLBPORT":"string","XForwardedFor_proto":"string"},"HTTPSListenerConfig":{"CACertificateId":"string","Cookie":"string","CookieTimeout":"number","EnableHttp2":"string","Gzip":"string","HealthCheck":"string","HealthCheckConnectPort":"number","HealthCheckDomain":"string","HealthCheckHttpCode":"string","HealthCheckHttpVersion":"string","HealthCheckInterval":"number","HealthCheckMethod":"string","HealthCheckTimeout":"number","HealthCheckType":"string","HealthCheckURI":"string","HealthyThreshold":"number","IdleTimeout":"number","RequestTimeout":"number","ServerCertificateId":"string","StickySession":"string","StickySessionType":"string","TLSCipherPolicy":"string","UnhealthyThreshold":"number","XForwardedFor":"string","XForwardedFor_ClientCertClientVerify":"string","XForwardedFor_ClientCertFingerprint":"string","XForwardedFor_ClientCertIssuerDN":"string","XForwardedFor_ClientCertSubjectDN":"string","XForwardedFor_ClientSrcPort":"string","XForwardedFor_SLBID":"string","XForwardedFor_SLBIP":"string","XForwardedFor_SLBPORT":"string","XForwardedFor_proto":"string"},"ListenerPort":"number","ListenerProtocol":"string","LoadBalancerId":"string","Scheduler":"string","Status":"string","TCPListenerConfig":{"ConnectionDrain":"string","ConnectionDrainTimeout":"number","EstablishedTimeout":"number","HealthCheck":"string","HealthCheckConnectPort":"number","HealthCheckConnectTimeout":"number","HealthCheckDomain":"string","HealthCheckHttpCode":"string","HealthCheckInterval":"number","HealthCheckMethod":"string","HealthCheckType":"string","HealthCheckURI":"string","HealthyThreshold":"number","MasterSlaveServerGroupId":"string","PersistenceTimeout":"number","ProxyProtocolV2Enabled":"string","UnhealthyThreshold":"number"},"Tags":[{"TagKey":"string","TagValue":"string"}],"UDPListenerConfig":{"ConnectionDrain":"string","ConnectionDrainTimeout":"number","HealthCheck":"string","HealthCheckConnectPort":"number","HealthCheckConnectTimeout":"number","HealthCheckExp":"string","HealthCheckInterval":"number","HealthCheckReq":"string","HealthyThreshold":"number","MasterSlaveServerGroupId":"string","ProxyProtocolV2Enabled":"string","UnhealthyThreshold":"number"},"VServerGroupId":"string"}],"MaxResults":"number","NextToken":"string","RequestId":"string","TotalCount":"number"}},
  DescribeLoadBalancers: {"mutating":false,"request":{"Address":"string","AddressIPVersion":"string","AddressType":"string","InternetChargeType":"string","LoadBalancerId":"string","LoadBalancerName":"string","LoadBalancerStatus":"string","MasterZoneId":"string","NetworkType":"string","PageNumber":"number","PageSize":"number","PayType":"string","RegionId":"string","ResourceGroupId":"string","ServerId":"string","ServerIntranetAddress":"string","SlaveZoneId":"string","Tag":[{"Key":"string","Value":"string"}],"Tags":"string","VSwitchId":"string","VpcId":"string"},"response":{"LoadBalancers":{"LoadBalancer":[{"Address":"string","AddressIPVersion":"string","AddressType":"string","Bandwidth":"number","CreateTime":"string","CreateTimeStamp":"number","DeleteProtection":"string","InstanceChargeType":"string","InternetChargeType":"string","InternetChargeTypeAlias":"string","LoadBalancerId":"string","LoadBalancerName":"string","LoadBalancerSpec":"string","LoadBalancerStatus":"string","MasterZoneId":"string","ModificationProtectionReason":"string","ModificationProtectionStatus":"string","NetworkType":"string","PayType":"string","RegionId":"string","RegionIdAlias":"string","ResourceGroupId":"string","SlaveZoneId":"string","Tags":{"Tag":[{"TagKey":"string","TagValue":"string"}]},"VSwitchId":"string","VpcId":"string"}]},"PageNumber":"number","PageSize":"number","RequestId":"string","TotalCount":"number"}},
  DescribeVServerGroupAttribute: {"mutating":false,"request":{"RegionId":"string","VServerGroupId":"string"},"response":{"BackendServers":{"BackendServer":[{"Description":"string","Port":"number","ServerId":"string","ServerIp":"string","Type":"string","Weight":"number"}]},"CreateTime":"string","LoadBalancerId":"string","RequestId":"string","Tags":{"Tag":[{"TagKey":"string","TagValue":"string"}]},"VServerGroupId":"string","VServerGroupName":"string"}},
  DescribeVServerGroups: {"mutating":false,"request":{"Description":"string","IncludeListener":"boolean","IncludeRule":"boolean","LoadBalancerId":"string","RegionId":"string","Tag":[{"Key":"string","Value":"string"}]},"response":{"RequestId":"string","VServerGroups":{"VServerGroup":[{"AssociatedObjects":{"Listeners":{"Listener":[{"Port":"number","Protocol":"string"}]},"Rules":{"Rule":[{"Domain":"string","RuleId":"string","RuleName":"string","Url":"string"}]}},"CreateTime":"string","ServerCount":"number","Tags":{"Tag":[{"TagKey":"string","TagValue":"string"}]},"VServerGroupId":"string","VServerGroupName":"string"}]}}},
  ModifyLoadBalancerInstanceChargeType: {"mutating":true,"request":{"Bandwidth":"number","InstanceChargeType":"string","InternetChargeType":"string","LoadBalancerId":"string","LoadBalancerSpec":"string","RegionId":"string"},"response":{"RequestId":"string"}},
  ModifyLoadBalancerInstanceSpec: {"mutating":true,"request":{"AutoPay":"boolean","LoadBalancerId":"string","LoadBalancerSpec":"string","RegionId":"string"},"response":{"OrderId":"number","RequestId":"string"}},
  ModifyLoadBalancerInternetSpec: {"mutating":true,"request":{"AutoPay":"boolean","Bandwidth":"number","InternetChargeType":"string","LoadBalancerId":"string","RegionId":"string"},"response":{"OrderId":"number","RequestId":"string"}},
  RemoveVServerGroupBackendServers: {"mutating":true,"request":{"BackendServers":"string","RegionId":"string","VServerGroupId":"string"},"response":{"BackendServers":{"BackendServer":[{"Port":"number","ServerId":"string","Type":"string","Weight":"number"}]},"RequestId":"string","VServerGroupId":"string"}},
  SetLoadBalancerDeleteProtection: {"mutating":true,"request":{"DeleteProtection":"string","LoadBalancerId":"string","RegionId":"string"},"response":{"RequestId":"string"}},
  SetLoadBalancerModificationProtection: {"mutating":true,"request":{"LoadBalancerId":"string","ModificationProtectionReason":"string","ModificationProtectionStatus":"string","RegionId":"string"},"response":{"RequestId":"string"}},
  SetLoadBalancerName: {"mutating":true,"request":{"LoadBalancerId":"string","LoadBalancerName":"string","RegionId":"string"},"response":{"RequestId":"string"}},
  SetLoadBalancerTCPListenerAttribute: {"mutating":true,"request":{"AclId":"string","AclStatus":"string","AclType":"string","Bandwidth":"number","ConnectionDrain":"string","ConnectionDrainTimeout":"number","Description":"string","EstablishedTimeout":"number","HealthCheckConnectPort":"number","HealthCheckConnectTimeout":"number","HealthCheckDomain":"string","HealthCheckHttpCode":"string","HealthCheckInterval":"number","HealthCheckSwitch":"string","HealthCheckType":"string","HealthCheckURI":"string","HealthyThreshold":"number","ListenerPort":"number","LoadBalancerId":"string","MasterSlaveServerGroup":"string","MasterSlaveServerGroupId":"string","PersistenceTimeout":"number","ProxyProtocolV2Enabled":"boolean","RegionId":"string","Scheduler":"string","SynProxy":"string","UnhealthyThreshold":"number","VServerGroup":"string","VServerGroupId":"string","DryRun":"boolean"},"response":{"RequestId":"string"}},
  SetLoadBalancerUDPListenerAttribute: {"mutating":true,"request":{"AclId":"string","AclStatus":"string","AclType":"string","Bandwidth":"number","Description":"string","HealthCheckConnectPort":"number","HealthCheckConnectTimeout":"number","HealthCheckInterval":"number","HealthCheckSwitch":"string","HealthyThreshold":"number","ListenerPort":"number","LoadBalancerId":"string","MasterSlaveServerGroup":"string","MasterSlaveServerGroupId":"string","ProxyProtocolV2Enabled":"boolean","RegionId":"string","Scheduler":"string","UnhealthyThreshold":"number","VServerGroup":"string","VServerGroupId":"string","healthCheckExp":"string","healthCheckReq":"string","DryRun":"boolean"},"response":{"RequestId":"string"}},
  SetVServerGroupAttribute: {"mutating":true,"request":{"BackendServers":"string","RegionId":"string","VServerGroupId":"string","VServerGroupName":"string"},"response":{"BackendServers":{"BackendServer":[{"Description":"string","Port":"number","ServerId":"string","Type":"string","Weight":"number"}]},"RequestId":"string","VServerGroupId":"string","VServerGroupName":"string"}},
  StartLoadBalancerListener: {"mutating":true,"request":{"ListenerPort":"number","ListenerProtocol":"string","LoadBalancerId":"string","RegionId":"string"},"response":{"RequestId":"string"}},
  StopLoadBalancerListener: {"mutating":true,"request":{"ListenerPort":"number","ListenerProtocol":"string","LoadBalancerId":"string","RegionId":"string"},"response":{"RequestId":"string"}},
  TagResources: {"mutating":true,"request":{"RegionId":"string","ResourceId":["string"],"ResourceType":"string","Tag":[{"Key":"string","Value":"string"}]},"response":{"RequestId":"string"}},
  UntagResources: {"mutating":true,"request":{"All":"boolean","RegionId":"string","ResourceId":["string"],"ResourceType":"string","TagKey":["string"]},"response":{"RequestId":"string"}},
};
