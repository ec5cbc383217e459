// GiB of memory for one processor, by the first letter of the family.
const MEMORY_RATIO: Readonly<Record<string, number>> = { c: 2, g: 4, r: 8, t: 4, u: 4 };

/** Describes what a type such as `ecs.g7.2xlarge` has: processors, and memory in MiB. */
export function describedSize(instanceType: string): { Cpu: number; Memory: number } {
  const [, family = '', size = ''] = instanceType.split('.');
  const times = /^(\d+)xlarge$/.exec(size)?.[1];
  const cpu = times === undefined ? (size === 'xlarge' ? 4 : 2) : 4 * Number(times);
  const ratio = MEMORY_RATIO[family.charAt(0)] ?? 4;
  return { Cpu: cpu, Memory: cpu * ratio * 1024 };
}
