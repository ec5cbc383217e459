import { join, stageOf, walkThrough } from '../support/node-crash-tests.ts';

const twoNodes = join(
  'there are two nodes',
  { index: 1, podCidrs: ['172.20.1.0/24'] },
  { index: 2, podCidrs: ['172.20.2.0/24', 'fd00:20:0:2::/64'] },
);

await walkThrough(
  [
    {
      rules: 'ROUTE-01',
      name: 'routes are created',
      ...stageOf('node-route-controller'),
      before: twoNodes,
      story: [
        join(
          'two nodes join',
          { index: 3, podCidrs: ['172.20.3.0/24', 'fd00:20:0:3::/64'] },
          { index: 4, podCidrs: ['172.20.4.0/24'] },
        ),
      ],
      // A node is told that its routes are on their way only if they are not there before that.
      certain: { 'PATCH nodes/status': 2 },
    },
    {
      rules: 'ROUTE-08 ROUTE-22',
      name: 'routes are deleted',
      ...stageOf('node-route-controller'),
      before: twoNodes,
      story: [{ what: 'a node is deleted', perform: (stage) => stage.leave(2) }],
    },
    {
      rules: 'ROUTE-09',
      name: 'a route is replaced',
      ...stageOf('node-route-controller'),
      before: twoNodes,
      story: [
        {
          what: 'a node is another instance',
          perform: async (stage) => {
            await stage.leave(1);
            await stage.join({ index: 3, podCidrs: ['172.20.1.0/24'] });
          },
        },
      ],
    },
    {
      rules: 'ROUTE-08 ROUTE-22',
      name: 'a node goes while its route is made',
      ...stageOf('node-route-controller'),
      before: twoNodes,
      story: [
        join('a node joins', { index: 3, podCidrs: ['172.20.3.0/24'] }),
        {
          what: 'the node is deleted',
          when: 'CreateRouteEntries',
          perform: (stage) => stage.leave(3),
        },
      ],
      mayMakeLess: true,
    },
  ],
  20,
);
