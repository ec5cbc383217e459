/**
 * Makes a process keep an accelerated time, before anything else in it runs: `node --import
 * accelerate-process.ts program.js`. The program itself stays as it is.
 */
import { ACCELERATION_VARIABLE, machineTimeMs, type Acceleration } from './accelerated-clock.ts';

const given = process.env[ACCELERATION_VARIABLE];
if (given === undefined) throw new Error(`The environment has no ${ACCELERATION_VARIABLE}`);
const origin = JSON.parse(given) as Acceleration;
const { factor } = origin;

const machineNow = performance.now.bind(performance);
const { timeOrigin } = performance;
const machineMs = (): number => timeOrigin + machineNow();
// The module's own function reads the clock that is replaced below.
const startMs = machineTimeMs();
const acceleratedMs = (): number =>
  Math.floor(origin.acceleratedMs + (machineMs() - origin.machineMs) * factor);

globalThis.Date = new Proxy(Date, {
  construct: (machine, parts, target) =>
    Reflect.construct(machine, parts.length === 0 ? [acceleratedMs()] : parts, target) as Date,
  get: (machine, member) =>
    member === 'now' ? acceleratedMs : (Reflect.get(machine, member) as unknown),
});
performance.now = () => (machineMs() - startMs) * factor;

const timers = { setTimeout: globalThis.setTimeout, setInterval: globalThis.setInterval };
for (const [name, machine] of Object.entries(timers)) {
  const accelerated = (callback: () => void, delayMs = 0, ...rest: readonly unknown[]): unknown =>
    Reflect.apply(machine, globalThis, [callback, delayMs / factor, ...rest]);
  // Whoever promisifies it, or reads another member, finds the same as before.
  Reflect.set(globalThis, name, Object.assign(accelerated, machine));
}
