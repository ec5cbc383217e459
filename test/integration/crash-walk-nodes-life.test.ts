import { join, stageOf, walkThrough } from '../support/node-crash-tests.ts';

const oldNode = { index: 1, podCidrs: ['172.20.1.0/24'] } as const;

await walkThrough(
  [
    {
      rules: 'NODE-04 NODE-22',
      name: 'nodes are initialised',
      ...stageOf('cloud-node-controller'),
      before: join('there is a node', oldNode),
      story: [
        join(
          'two nodes join',
          { index: 2, podCidrs: ['172.20.2.0/24'], knows: 'providerId' },
          { index: 3, podCidrs: ['172.20.3.0/24'], knows: 'address' },
        ),
      ],
    },
    {
      rules: 'NODE-04 ROUTE-01',
      name: 'a node is initialised and gets its route',
      ...stageOf('cloud-node-controller', 'node-route-controller'),
      before: join('there is a node', oldNode),
      story: [join('a node joins', { index: 2, podCidrs: ['172.20.2.0/24'], knows: 'providerId' })],
    },
    {
      rules: 'LIFE-02 LIFE-05 ROUTE-08',
      name: 'a node goes whose instance is released',
      ...stageOf('cloud-node-lifecycle-controller', 'node-route-controller'),
      before: join(
        'there are three nodes',
        oldNode,
        { index: 2, podCidrs: ['172.20.2.0/24'] },
        { index: 3, podCidrs: ['172.20.3.0/24'] },
      ),
      story: [
        {
          what: 'an instance is released, and of another one nothing is heard',
          perform: async (stage) => {
            await stage.fallSilent(3);
            await stage.release(2);
          },
        },
      ],
      // The silent one is asked for in every round.
      certain: { DescribeInstances: 3 },
    },
  ],
  15,
);
