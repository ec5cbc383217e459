import { leftOut } from './operator-base-client.ts';

/** Stands, in the bundle, for the HTTP client of the base class's helpers, which are not used. */
export { leftOut as request };
