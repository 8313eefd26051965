import { total, type Line } from '@example/cart';
import { format } from '@example/money';

export function receipt(lines: readonly Line[]): string {
  const rows = lines.map((line) => `${line.quantity} x ${line.product} at ${format(line.price)}`);
  return [...rows, `total ${format(total(lines, 'EUR'))}`].join('\n');
}
