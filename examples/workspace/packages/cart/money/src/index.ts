/** An amount in the smallest unit of a currency, so that sums are exact. */
export interface Money {
  readonly minor: number;
  readonly currency: string;
}

export function add(a: Money, b: Money): Money {
  if (a.currency !== b.currency) throw new TypeError(`cannot add ${b.currency} to ${a.currency}`);
  return { minor: a.minor + b.minor, currency: a.currency };
}

export function format(money: Money): string {
  return `${(money.minor / 100).toFixed(2)} ${money.currency}`;
}
