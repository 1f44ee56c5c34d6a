// The hand-written side of `npm run bench -- workflows`: what src/bench.lua says, in TypeScript.
import { condition, defineSignal, proxyActivities, setHandler } from '@temporalio/workflow';

interface Order {
  readonly id: string;
  readonly lines: readonly { readonly sku: string; readonly quantity: number; readonly price: number }[];
}
interface Total {
  readonly id: string;
  readonly total: number;
  readonly count: number;
}

const { addTax } = proxyActivities<{ addTax(total: Total): Promise<Total> }>({ startToCloseTimeout: '10m' });

function total(order: Order): Total {
  let sum = 0;
  let count = 0;
  for (const line of order.lines) {
    sum += line.quantity * line.price;
    count += line.quantity;
  }
  return { id: order.id, total: sum, count };
}

export async function noActivity(order: Order): Promise<Total> {
  return total(order);
}

export async function oneActivity(order: Order): Promise<Total> {
  return addTax(total(order));
}

export async function manySteps(order: Order): Promise<Total> {
  let result = total(order);
  for (let step = 0; step < 30; step++) result = await addTax(result);
  return result;
}

const go = defineSignal('go');

export async function waits(order: Order): Promise<Total> {
  const sums = total(order);
  let gone = false;
  setHandler(go, () => void (gone = true));
  await condition(() => gone);
  return sums;
}

export async function timedSteps(order: Order, steps: number): Promise<Total> {
  let result = total(order);
  for (let step = 0; step < steps; step++) result = await addTax(result);
  return result;
}
