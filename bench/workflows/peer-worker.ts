// The TypeScript worker of `npm run bench -- workflows`, in a process of its own: `peer-worker.js ADDRESS QUEUE`.
// Prints `ready` when it polls; ends on SIGTERM.
import { fileURLToPath } from 'node:url';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';

const [address, taskQueue] = process.argv.slice(2);
if (address === undefined || taskQueue === undefined)
  throw new TypeError('usage: peer-worker.js ADDRESS QUEUE');

Runtime.install({ logger: new DefaultLogger('WARN') });
const connection = await NativeConnection.connect({ address });
const worker = await Worker.create({
  connection,
  taskQueue,
  workflowsPath: fileURLToPath(new URL('./peer-workflows.js', import.meta.url)),
  activities: {
    addTax: async (order: { id: string; total: number; count: number }) => ({
      ...order,
      total: order.total + Math.floor(order.total / 5),
    }),
  },
});
process.stdout.write('ready\n');
await worker.run();
await connection.close();
