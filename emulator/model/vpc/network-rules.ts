import type { RuleArea } from '../cloud-rules.ts';

/** The rules of VPCs, vSwitches, route tables and their entries. */
export const NETWORK_RULES: readonly RuleArea[] = [
  [
    'VPCs, vSwitches and route tables',
    [
      [
        'vpc-create',
        'documented',
        'A VPC is Pending, then Available; it has a router and a system route table from the start, and 172.16.0.0/12 unless told.',
      ],
      [
        'vpc-modify',
        'documented',
        'Name, description, block and IPv6 of a VPC change at once, while it is Available; all its vSwitches lie in the block: IllegalCidrBlock. IPv6 stays while a vSwitch has it: OperationFailed.IpV6VSwitchInuse. That the VPC is not held meanwhile is assumed.',
      ],
      [
        'vswitch-modify',
        'documented',
        'Name, description and IPv6 of a vSwitch change at once, while it is Available: IncorrectStatus.VSwitch. Its block stays.',
      ],
      [
        'vpc-delete',
        'documented',
        'A VPC with vSwitches, security groups, custom route tables or custom route entries stays: DependencyViolation.VSwitch, .SecurityGroup, .CustomRouteTable, .RouteEntry; else it is Deleting, then gone.',
      ],
      [
        'vpc-lock',
        'assumed',
        'An accepted write to a VPC, its vSwitches, route tables or entries holds the VPC for the 100 ms until its answer unless the settings say otherwise. Another write to it meanwhile is TaskConflict, or OperationConflict where only that is published; that such writes are refused is documented, for how long is not.',
      ],
      [
        'vswitch-block',
        'documented',
        'The block of a vSwitch has a mask of 16 to 29 bits, lies in the VPC, overlaps with no other and with none of 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16, 224.0.0.0/4; a route entry that leads into it is RouteConflict.AlreadyExist.',
      ],
      [
        'vswitch-states',
        'documented',
        'A vSwitch is Pending, then Available; a deleted one shows Pending until it is gone. One that instances, interfaces, load balancers or a custom table need stays: DependencyViolation.',
      ],
      [
        'vswitch-ipv6',
        'documented',
        'The IPv6 block of a vSwitch is the /64 of the number given, 0 to 255, in the /56 of its VPC.',
      ],
      [
        'table-states',
        'documented',
        'A custom route table is Pending, Available, Deleting, then gone.',
      ],
      [
        'table-delete',
        'documented',
        'The system’s table is IncorrectRouteTableType; a table that a vSwitch is associated with is IncorrectRouteTableStatus; one with entries is IncorrectRouteTableStatus.RouteEntryExist.',
      ],
      [
        'table-associate',
        'documented',
        'A vSwitch is Pending while it is associated with a custom table or taken from it; it goes back to the system’s.',
      ],
      [
        'table-modify',
        'documented',
        'Names and descriptions of tables change at once. An unknown table has the code that the operation publishes, for the list of entries InvalidRouteTable.NotFound.',
      ],
      [
        'table-lists',
        'documented',
        'DescribeRouteTableList tells the VPC of a table, DescribeRouteTables its entries; both leave out what does not exist, and take 50 a page at most.',
      ],
      [
        'vpc-tags',
        'documented',
        'VPCs, vSwitches and route tables carry at most 20 tags, which filter their lists; keys may have 128 characters.',
      ],
      [
        'quota-networks',
        'documented',
        'A region has 10 VPCs, a VPC 150 vSwitches and 9 custom route tables: QuotaExceeded.Vpc, .VSwitch, .RouteTable.',
      ],
    ],
  ],
  [
    'Route entries',
    [
      [
        'route-states',
        'documented',
        'An entry is Pending, then Available; Deleting, then gone. Only an Available one is deleted, and none is made where one is on its way: IncorrectRouteEntryStatus.',
      ],
      [
        'route-form',
        'documented',
        'An entry has one next hop by type and id, Instance unless told, or a list of 2 to 16: InvalidNexthopTypeAndList.BothNull, .BothNotNull, InvalidNexthopListSize.',
      ],
      [
        'route-destination',
        'documented',
        'A destination is a block without bits behind its mask, or a bare address; not 100.64.0.0/10, not a vSwitch’s block or inside of one, and once in a table: InvalidCIDRBlock.Duplicate.',
      ],
      [
        'route-ipv6',
        'documented',
        'An entry of IPv6 needs a VPC with IPv6: OperationDenied.VpcIpv6NotEnabled.',
      ],
      [
        'route-hop',
        'assumed',
        'A next hop exists, is in the VPC, and an instance runs or is stopped. That it must be so is documented; which of the published codes answers which mistake is not.',
      ],
      [
        'route-ecmp',
        'documented',
        'An entry with several next hops keeps and shows them all, with their weights.',
      ],
      [
        'route-batch',
        'documented',
        'CreateRouteEntries and DeleteRouteEntries take 50 items and answer 200 with the items that failed: VPC_ROUTE_ENTRY_CIDR_BLOCK_DUPLICATE, VPC_ROUTE_ENTRY_STATUS_ERROR, VPC_ROUTER_ENTRY_NOT_EXIST. For other mistakes (assumed) an item has the code of the single operation.',
      ],
      [
        'route-token',
        'documented',
        'CreateRouteEntry takes a ClientToken; while its first call runs, a repetition is LastTokenProcessing. The batch operations take none.',
      ],
      [
        'route-delete',
        'documented',
        'An entry is named by its id, or by table and destination, with or without its next hop or, of several, the list of all; both forms exclude each other. An absent one is InvalidRouteEntry.NotFound.',
      ],
      [
        'route-system',
        'documented',
        'Every table has an entry of the system for each block of a vSwitch and for 100.64.0.0/10; deleting one is OperationDenied.',
      ],
      [
        'route-modify',
        'documented',
        'Name and description of an entry change at once, its next hop through Modifying. It is named by its id, or as a client in practice does by table and destination.',
      ],
      [
        'route-list',
        'documented',
        'The list is filtered by id, name, kind, family, destinations and next hop; an unknown next hop is InvalidNextHop.NotFound.',
      ],
      [
        'route-pages',
        'seen in a client',
        'Pages come by token; MaxResult is 100 unless told and may be 500, beyond the documented 100.',
      ],
      [
        'route-blackhole',
        'assumed',
        'The entries that lead to a released instance or a deleted interface stay as they are, with a next hop that is not enabled any more.',
      ],
      [
        'route-tombstone',
        'assumed',
        'An entry’s tombstone tells the calls that made and removed it, and the time at which it was gone.',
      ],
      [
        'quota-routes',
        'documented',
        'A table takes 200 custom entries: QuotaExceeded. Entries on their way out count until they are gone (assumed).',
      ],
    ],
  ],
];
