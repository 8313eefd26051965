import { add, type Money } from '@example/money';

export interface Line {
  readonly product: string;
  readonly quantity: number;
  readonly price: Money;
}

export function total(lines: readonly Line[], currency: string): Money {
  return lines.reduce((sum, line) => add(sum, { ...line.price, minor: line.price.minor * line.quantity }), { minor: 0, currency });
}
