import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freePorts } from '../../hack/control-plane/endpoint-probe.ts';
import { ensurePrograms } from '../../hack/control-plane/program-locator.ts';
import { NodeScene } from '../support/node-scene.ts';
import { eventually, pause, startOperatorWorld } from '../support/operator-world.ts';

const RANGES = ['--allocate-node-cidrs=true', '--cluster-cidr=172.20.0.0/20'];

const world = await startOperatorWorld({ instances: 1 });
const { controlPlane } = world.cluster;
const nodes = new NodeScene(world);
const programs = await ensurePrograms(['kube-controller-manager']);

/** Starts the real kube-controller-manager, with nothing to do but to give nodes their ranges. */
async function startControllerManager(...flags: readonly string[]): Promise<() => Promise<void>> {
  const [port = 0] = await freePorts(1);
  const name = `controller-manager-${port}`;
  await controlPlane.processes.run(name, programs['kube-controller-manager'], [
    `--kubeconfig=${controlPlane.kubeconfig}`,
    '--controllers=node-ipam-controller',
    '--cloud-provider=external',
    '--leader-elect=false',
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    ...flags,
  ]);
  return () => controlPlane.processes.end(name);
}

async function podCidrOf(name: string): Promise<string> {
  return (await nodes.get(name)).spec.podCIDR ?? '';
}

/** Adds a node, and waits until somebody has given it a range. */
async function joins(name: string): Promise<string> {
  await nodes.register(name, { taints: [] });
  return eventually(async () => {
    const range = await podCidrOf(name);
    assert.match(range, /^172\.20\./);
    return range;
  });
}

async function waitsForARange(name: string): Promise<void> {
  await nodes.register(name, { taints: [] });
  await pause(2_000);
  assert.equal(await podCidrOf(name), '');
}

test('MIG-09: the ranges that kube-controller-manager gave stay, and after it the operator gives the next ones; and back', async (context) => {
  const endFirst = await startControllerManager(...RANGES);
  context.after(endFirst);
  const first = await joins('first');
  await endFirst();

  // Step: kube-controller-manager goes on without; nobody gives ranges until the next step.
  const endWithout = await startControllerManager('--allocate-node-cidrs=false');
  context.after(endWithout);
  await waitsForARange('between');

  // Step: the operator does it.
  const operator = await world.startOperator('--controllers=node-ipam-controller', ...RANGES);
  const between = await eventually(async () => {
    const range = await podCidrOf('between');
    assert.notEqual(range, '');
    return range;
  });
  const second = await joins('second');
  assert.ok(
    (await world.operatorWrites()).every(({ objectRef }) => objectRef?.name !== 'first'),
    'What has a range is left alone',
  );

  // And back again.
  await operator.stop();
  await endWithout();
  const endLast = await startControllerManager(...RANGES);
  context.after(endLast);
  const third = await joins('third');
  const given = [first, between, second, third];
  assert.equal(new Set(given).size, given.length, given.join());
  assert.deepEqual(
    [await podCidrOf('first'), await podCidrOf('between'), await podCidrOf('second')],
    [first, between, second],
  );
});
