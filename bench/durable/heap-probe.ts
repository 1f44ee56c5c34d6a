// Loaded into a worker's process (`node --import`): answers each message of its parent with the heap in use, garbage collected before.
// H1: threads of the process load this too, and do nothing.
// H2: workflows run in worker threads, each with a heap of its own; they are asked through Node's own inspector.
import { Session } from 'node:inspector/promises';
import { isMainThread } from 'node:worker_threads';

interface Answer {
  readonly id: number;
  readonly result?: { readonly usedSize?: number };
}

const session = new Session();
const threads = new Set<string>();
const waiting = new Map<string, (answer: Answer) => void>();
let next = 1;

async function ask(sessionId: string, method: string): Promise<Answer> {
  const id = next++;
  const answered = new Promise<Answer>((resolve) => waiting.set(`${sessionId} ${id}`, resolve));
  await session.post('NodeWorker.sendMessageToWorker', {
    sessionId,
    message: JSON.stringify({ id, method }),
  });
  const answer = await answered;
  waiting.delete(`${sessionId} ${id}`);
  return answer;
}

/** Bytes in use in all threads that run workflows. */
async function threadHeap(): Promise<number> {
  let sum = 0;
  for (const thread of threads) {
    for (let times = 0; times < 2; times++) await ask(thread, 'HeapProfiler.collectGarbage');
    sum += (await ask(thread, 'Runtime.getHeapUsage')).result?.usedSize ?? 0;
  }
  return sum;
}

if (isMainThread) {
  session.connect();
  session.on('NodeWorker.attachedToWorker', ({ params }) => void threads.add(params.sessionId));
  session.on('NodeWorker.detachedFromWorker', ({ params }) => void threads.delete(params.sessionId));
  session.on('NodeWorker.receivedMessageFromWorker', ({ params }) => {
    const answer = JSON.parse(params.message) as Answer;
    waiting.get(`${params.sessionId} ${answer.id}`)?.(answer);
  });
  await session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });

  process.on('message', () => {
    threadHeap().then(
      (bytes) => process.send?.({ bytes, threads: threads.size }),
      (error: unknown) => process.send?.({ error: String(error) }),
    );
  });
  process.channel?.unref();
}
