// The rival: actors as one writes them in plain Node, a Map of async functions with queues of their own.

interface Message {
  readonly from: number;
  readonly topic: string;
  readonly value?: number;
}

class Inbox {
  #queue: Message[] = [];
  #next = 0;
  #wake: ((message: Message) => void) | undefined;

  put(message: Message): void {
    const wake = this.#wake;
    this.#wake = undefined;
    if (wake === undefined) this.#queue.push(message);
    else wake(message);
  }

  receive(): Message | Promise<Message> {
    if (this.#next < this.#queue.length) {
      const message = this.#queue[this.#next++]!;
      if (this.#next === this.#queue.length) {
        this.#queue = [];
        this.#next = 0;
      }
      return message;
    }
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

export class PlainActors {
  readonly #inboxes = new Map<number, Inbox>();
  #last = 0;

  #spawn(main: (inbox: Inbox, pid: number) => Promise<void>): { pid: number; ended: Promise<void> } {
    const pid = ++this.#last;
    const inbox = new Inbox();
    this.#inboxes.set(pid, inbox);
    const ended = Promise.resolve()
      .then(() => main(inbox, pid))
      .finally(() => this.#inboxes.delete(pid));
    return { pid, ended };
  }

  #send(to: number, message: Message): boolean {
    const inbox = this.#inboxes.get(to);
    inbox?.put(message);
    return inbox !== undefined;
  }

  async spawns(count: number): Promise<void> {
    let last = { pid: 0, ended: Promise.resolve() };
    for (let i = 0; i < count; i++)
      last = this.#spawn(async (inbox) => {
        await inbox.receive();
      });
    this.#send(last.pid, { from: 0, topic: 'end' });
    await last.ended;
  }

  async pings(count: number): Promise<void> {
    const echo = this.#spawn(async (inbox, pid) => {
      for (;;) {
        const { from, topic } = await inbox.receive();
        if (topic === 'end') return;
        this.#send(from, { from: pid, topic: 'pong' });
      }
    });
    const { ended } = this.#spawn(async (inbox, pid) => {
      for (let i = 0; i < count; i++) {
        this.#send(echo.pid, { from: pid, topic: 'ping' });
        await inbox.receive();
      }
      this.#send(echo.pid, { from: pid, topic: 'end' });
    });
    await ended;
  }

  async sends(count: number): Promise<void> {
    const sink = this.#spawn(async (inbox) => {
      for (let i = 0; i < count; i++) await inbox.receive();
    });
    for (let i = 0; i < count; i++) this.#send(sink.pid, { from: 0, topic: 'n', value: i });
    await sink.ended;
  }

  async passes(size: number, rounds: number): Promise<void> {
    const { ended } = this.#spawn(async (inbox, pid) => {
      let first = pid;
      for (let i = 0; i < size; i++) {
        const next = first;
        first = this.#spawn(async (own) => {
          for (let turn = 0; turn < rounds; turn++) this.#send(next, await own.receive());
        }).pid;
      }
      for (let turn = 0; turn < rounds; turn++) {
        this.#send(first, { from: pid, topic: 'token' });
        await inbox.receive();
      }
    });
    await ended;
  }
}
