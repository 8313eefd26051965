/** A path below a service's URL, whether or not that ends with a slash. */
export function join(base: string, path: string): string {
  return `${base.replace(/\/+$/, '')}/${path}`;
}
