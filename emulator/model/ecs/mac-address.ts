/** The hardware address of an interface, which follows from its id. */
export function macAddress(networkInterfaceId: string): string {
  let hash = 0;
  for (const character of networkInterfaceId) {
    hash = (hash * 31 + character.charCodeAt(0)) % 2 ** 32;
  }
  const hex = hash.toString(16).padStart(8, '0');
  return ['00', '16', hex.slice(0, 2), hex.slice(2, 4), hex.slice(4, 6), hex.slice(6, 8)].join(':');
}
