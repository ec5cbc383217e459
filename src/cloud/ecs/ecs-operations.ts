import { DescribeDisksRequest } from '@alicloud/ecs20140526/dist/models/DescribeDisksRequest.js';
import { DescribeDisksResponseBody } from '@alicloud/ecs20140526/dist/models/DescribeDisksResponseBody.js';
import { DescribeInstancesRequest } from '@alicloud/ecs20140526/dist/models/DescribeInstancesRequest.js';
import { DescribeInstancesResponseBody } from '@alicloud/ecs20140526/dist/models/DescribeInstancesResponseBody.js';
import { DescribeNetworkInterfacesRequest } from '@alicloud/ecs20140526/dist/models/DescribeNetworkInterfacesRequest.js';
import { DescribeNetworkInterfacesResponseBody } from '@alicloud/ecs20140526/dist/models/DescribeNetworkInterfacesResponseBody.js';
import { ModifyNetworkInterfaceAttributeRequest } from '@alicloud/ecs20140526/dist/models/ModifyNetworkInterfaceAttributeRequest.js';
import { ModifyNetworkInterfaceAttributeResponseBody } from '@alicloud/ecs20140526/dist/models/ModifyNetworkInterfaceAttributeResponseBody.js';
import { modelOperation } from '../transport/model-caller.ts';

/** The version of the API that the operations belong to. */
export const ECS_VERSION = '2014-05-26';

/**
 * The operations that are called, with the vendor's models.
 *
 * Shape: only the models that are used are imported; the whole package would load some fifty
 *   megabytes more.
 */
export const ECS_OPERATIONS = {
  describeDisks: modelOperation('DescribeDisks', DescribeDisksRequest, DescribeDisksResponseBody),
  describeInstances: modelOperation(
    'DescribeInstances',
    DescribeInstancesRequest,
    DescribeInstancesResponseBody,
  ),
  describeNetworkInterfaces: modelOperation(
    'DescribeNetworkInterfaces',
    DescribeNetworkInterfacesRequest,
    DescribeNetworkInterfacesResponseBody,
  ),
  modifyNetworkInterfaceAttribute: modelOperation(
    'ModifyNetworkInterfaceAttribute',
    ModifyNetworkInterfaceAttributeRequest,
    ModifyNetworkInterfaceAttributeResponseBody,
  ),
} as const;
