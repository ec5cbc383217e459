const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/**
 * Writes an answer as XML, for callers that ask for no format.
 *
 * Shape: a list is its element once per item; an empty list is an empty element.
 */
export function writeXml(rootName: string, answer: Readonly<Record<string, unknown>>): string {
  return `<?xml version='1.0' encoding='UTF-8'?>${element(rootName, answer)}`;
}

function element(name: string, value: unknown): string {
  if (value === undefined || value === null) return '';
  if (Array.isArray(value)) return value.map((item) => element(name, item)).join('');
  return `<${name}>${content(value)}</${name}>`;
}

function content(value: unknown): string {
  switch (typeof value) {
    case 'object':
      return Object.entries(value ?? {})
        .map(([name, member]) => element(name, member))
        .join('');
    case 'string':
      return value.replaceAll(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
    case 'number':
    case 'boolean':
      return String(value);
    default:
      return '';
  }
}
