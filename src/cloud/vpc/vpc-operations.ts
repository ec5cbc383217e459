import { CreateRouteEntriesRequest } from '@alicloud/vpc20160428/dist/models/CreateRouteEntriesRequest.js';
import { CreateRouteEntriesResponseBody } from '@alicloud/vpc20160428/dist/models/CreateRouteEntriesResponseBody.js';
import { DeleteRouteEntriesRequest } from '@alicloud/vpc20160428/dist/models/DeleteRouteEntriesRequest.js';
import { DeleteRouteEntriesResponseBody } from '@alicloud/vpc20160428/dist/models/DeleteRouteEntriesResponseBody.js';
import { DescribeRouteEntryListRequest } from '@alicloud/vpc20160428/dist/models/DescribeRouteEntryListRequest.js';
import { DescribeRouteEntryListResponseBody } from '@alicloud/vpc20160428/dist/models/DescribeRouteEntryListResponseBody.js';
import { DescribeRouteTableListRequest } from '@alicloud/vpc20160428/dist/models/DescribeRouteTableListRequest.js';
import { DescribeRouteTableListResponseBody } from '@alicloud/vpc20160428/dist/models/DescribeRouteTableListResponseBody.js';
import { DescribeVpcsRequest } from '@alicloud/vpc20160428/dist/models/DescribeVpcsRequest.js';
import { DescribeVpcsResponseBody } from '@alicloud/vpc20160428/dist/models/DescribeVpcsResponseBody.js';
import { modelOperation } from '../transport/model-caller.ts';

/** The version of the API that the operations belong to. */
export const VPC_VERSION = '2016-04-28';

/**
 * The operations that are called, with the vendor's models.
 *
 * Shape: only the models that are used are imported; the whole package would load some fifty
 *   megabytes more.
 */
export const VPC_OPERATIONS = {
  createRouteEntries: modelOperation(
    'CreateRouteEntries',
    CreateRouteEntriesRequest,
    CreateRouteEntriesResponseBody,
  ),
  deleteRouteEntries: modelOperation(
    'DeleteRouteEntries',
    DeleteRouteEntriesRequest,
    DeleteRouteEntriesResponseBody,
  ),
  describeRouteEntryList: modelOperation(
    'DescribeRouteEntryList',
    DescribeRouteEntryListRequest,
    DescribeRouteEntryListResponseBody,
  ),
  describeRouteTableList: modelOperation(
    'DescribeRouteTableList',
    DescribeRouteTableListRequest,
    DescribeRouteTableListResponseBody,
  ),
  describeVpcs: modelOperation('DescribeVpcs', DescribeVpcsRequest, DescribeVpcsResponseBody),
} as const;
