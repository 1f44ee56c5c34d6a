// Writes the body of one function, as the plain function P or as its resumable twin R. Sealed.
// W1: a site is a call that may give S; each has a number (pc), counted from 1 in the order of writing.
// W2: the twin is entered with the pc of the site that suspended: what stands before it is skipped, `pc` becomes 0 there, and
//     everything after runs as in P. So: lines run if pc is 0; a structure with sites a..b is entered if pc <= b; a site k if pc <= k.
//     (pc is never one of what was passed already, because every site resets it.)
// W3: both are written by the same calls in the same order. Writing P records where the sites of each structure end; the twin reads it.
// W4: what can throw has a JavaScript line of its own, which knows its Lua line and the names of its operands.
// Long, since P and R must be written by the same methods (W3).

export interface Written {
  readonly text: string;
  /** Lua line of each JavaScript line of `text`. */
  readonly lines: readonly number[];
  readonly operands: ReadonlyMap<number, readonly string[]>;
  /** Lua line of each site; index 0 is unused. */
  readonly siteLines: readonly number[];
  /** Of observed code: the variables in scope, by JavaScript line of `text` and by site. */
  readonly scopes: ReadonlyMap<number, Scope>;
  readonly siteScopes: ReadonlyMap<number, Scope>;
}

/** The variables in scope, in order: name, and the text of the value in the function. */
export type Scope = readonly (readonly [name: string, js: string])[];

export interface Site {
  readonly line: number;
  readonly operands?: readonly string[];
  /** `if(...)r1=x;else `: what is tried before the call. */
  readonly fast?: string;
  /** The call, an expression. */
  readonly call: string;
  /** Where its value goes; undefined: nowhere. */
  readonly target?: string | undefined;
  /** A function of the runtime that its value goes through, S included. */
  readonly through?: string;
  /** Cut the result to one value. */
  readonly single?: boolean;
  /** A tail call: no frame unless the host itself waits in what it calls. */
  readonly onlyHost?: boolean;
  /** Slots below this one are alive afterwards. */
  readonly live: number;
}

/** An exit that is left open: where its text goes, pc ('k': it is in k already), and how many slots are alive. */
interface OpenExit {
  readonly hole: number;
  readonly pc: string;
  readonly live: number;
}

export class Writer {
  readonly isTwin: boolean;
  readonly ends: number[];
  readonly #exit: (pc: string, live: number) => string;
  #endAt = 0;
  /** Exits that are left open until the statement is whole; undefined: they are written at once. */
  #open: OpenExit[] | undefined;
  #sharedCount = 0;
  /** What was written before `#text`. Holes are parts that are filled later: the text is joined once. */
  readonly #parts: string[] = [];
  #text = '';
  readonly #lines: number[] = [0];
  readonly #operands = new Map<number, readonly string[]>();
  readonly #siteLines: number[] = [0];
  /** What is in scope, where code is observed (`unit-emitter.ts` isObserved). */
  scope: (() => Scope) | undefined;
  readonly #scopes = new Map<number, Scope>();
  readonly #siteScopes = new Map<number, Scope>();
  /** Sites may be resumed with an error. */
  raises = false;
  /** How many lines and sites were written: about what the code costs to run once. */
  cost = 0;
  /** Twin: an `if(pc===0){` is open. */
  #isGuarded = false;
  /** Twin: inside a structure without sites. */
  #plainDepth = 0;

  /** `exit` writes the statement that saves the slots below `live` and returns S. `ends`: of P, for its twin. */
  constructor(exit: (pc: string, live: number) => string, ends?: readonly number[]) {
    this.#exit = exit;
    this.isTwin = ends !== undefined;
    this.ends = ends === undefined ? [] : [...ends];
  }

  get siteCount(): number {
    return this.#siteLines.length - 1;
  }

  finish(): Written {
    this.#closeGuard();
    this.#parts.push(this.#text);
    return {
      text: this.#parts.join(''),
      lines: this.#lines,
      operands: this.#operands,
      siteLines: this.#siteLines,
      scopes: this.#scopes,
      siteScopes: this.#siteScopes,
    };
  }

  /** A place in the text for what is known later; `fill` puts it there. */
  hole(): number {
    this.#parts.push(this.#text);
    this.#text = '';
    return this.#parts.push('') - 1;
  }

  fill(hole: number, text: string): void {
    this.#parts[hole] = text;
  }

  /** Writes the exit of a site: at once, or where the statement's sites leave together. */
  #leave(pc: string, live: number): void {
    if (this.#open === undefined) this.#text += this.#exit(pc, live);
    else this.#open.push({ hole: this.hole(), pc, live });
  }

  /** Writes a statement, or a condition, whose sites leave by one exit if there are several. Slots from `base` on are its own. */
  shared(base: number, write: () => void): void {
    if (this.isTwin || this.#open !== undefined) {
      write();
      return;
    }
    const head = this.hole();
    const exits: OpenExit[] = (this.#open = []);
    write();
    this.#open = undefined;
    if (exits.length > 1) this.#joinExits(exits, head, base);
    else for (const { hole, pc, live } of exits) this.fill(hole, this.#exit(pc, live));
  }

  #joinExits(exits: readonly OpenExit[], head: number, base: number): void {
    const label = `X${this.#sharedCount++}`;
    let live = 0;
    for (const exit of exits) {
      this.fill(exit.hole, exit.pc === 'k' ? `break ${label}` : `{k=${exit.pc};break ${label}}`);
      live = Math.max(live, exit.live);
    }
    // Slots that are not set yet would keep what they held before, in frames and from one pass of a loop to the next.
    let reset = '';
    for (let slot = base; slot < live; slot++) reset += `r${slot}=`;
    this.fill(head, `${label}n:{${label}:{${reset === '' ? '' : `${reset}0;`}`);
    this.#text += `break ${label}n}${this.#exit('k', live)}}`;
  }

  /** A statement. `line` 0: it cannot throw. */
  line(js: string, line = 0, operands?: readonly string[]): void {
    this.#beginStatement();
    if (line !== 0) this.#beginLine(line, operands);
    this.#text += js;
    if (line !== 0) this.#text += '\n';
  }

  /** Takes a pass of a loop from the budget, and lets the code pause there. Gives the hole for what the pass costs. */
  pass(line: number, live: number): number {
    const pc = this.#addSite(line);
    this.cost++;
    if (this.isTwin) this.#closeGuard();
    this.#beginLine(line, undefined);
    if (this.isTwin)
      this.#text += `if(pc<=${pc}){if(pc===${pc}){pc=0;${this.raises ? 'if(v===RAISE)throw M.raised;' : ''}}else `;
    this.#text += 'if((B-=';
    const hole = this.hole();
    this.#text += ')<0&&(B=pause(B))<0)';
    this.#leave(String(pc), live);
    this.#text += this.isTwin ? ';}\n' : ';\n';
    return hole;
  }

  /** A statement with a hole between its parts. */
  lineWithHole(before: string, after: string, line = 0): number {
    this.#beginStatement();
    if (line !== 0) this.#beginLine(line, undefined);
    this.#text += before;
    const hole = this.hole();
    this.#text += line === 0 ? after : `${after}\n`;
    return hole;
  }

  #beginStatement(): void {
    this.cost++;
    if (this.isTwin && !this.#isGuarded && this.#plainDepth === 0) {
      this.#text += 'if(pc===0){';
      this.#isGuarded = true;
    }
  }

  /** What follows, up to the next line, is of this Lua line. */
  markLine(line: number): void {
    this.#text += '\n';
    this.#lines.push(line);
  }

  /** Begins a JavaScript line of its own (W4); whoever calls this ends it. */
  #beginLine(line: number, operands: readonly string[] | undefined): void {
    if (operands !== undefined) this.#operands.set(this.#lines.length, operands);
    if (this.scope !== undefined) this.#scopes.set(this.#lines.length, this.scope());
    this.#text += '\n';
    this.#lines.push(line, 0);
  }

  #closeGuard(): void {
    if (!this.#isGuarded) return;
    this.#text += '}';
    this.#isGuarded = false;
  }

  #addSite(line: number): number {
    const pc = this.#siteLines.push(line) - 1;
    if (this.scope !== undefined) this.#siteScopes.set(pc, this.scope());
    return pc;
  }

  site(site: Site): void {
    const { line, operands, fast = '', call: given, target, through, single = false } = site;
    const call = through === undefined ? given : `${through}(${given})`;
    const pc = this.#addSite(line);
    this.cost++;
    if (this.isTwin) this.#closeGuard();
    if (line !== 0) this.#beginLine(line, operands);
    if (this.isTwin) {
      const raised = this.raises ? 'if(v===RAISE)throw M.raised;' : '';
      const resumed =
        target === undefined ? '' : `${target}=${through === undefined ? 'v' : `${through}(v)`}`;
      this.#text += `if(pc<=${pc}){if(pc===${pc}){pc=0;${raised}${resumed}}else `;
    }
    const value = target === undefined ? call : `${target}=${call}`;
    if (!single || target === undefined) {
      this.#text += `${fast}if((${value})===S)`;
      this.#leaveSite(site, pc);
      this.#text += ';';
    } else {
      this.#text += this.isTwin ? `${fast}${value};if(A(${target}))` : `${fast}if(A(${value}))`;
      this.#text += `{if(${target}===S)`;
      this.#leaveSite(site, pc);
      this.#text += `;${target}=${target}[0]}`;
    }
    if (this.isTwin) this.#text += '}';
    if (line !== 0) this.#text += '\n';
  }

  #leaveSite({ onlyHost = false, live }: Site, pc: number): void {
    if (onlyHost) this.#text += '{if(M.tail.isHost===true)';
    this.#leave(String(pc), live);
    if (onlyHost) this.#text += '}';
  }

  /** `if(guard){ fast }else{ sites }`: of the sites, which keep the same slots, P has one exit. */
  group(guard: string | undefined, fast: string, sites: readonly Site[]): void {
    if (this.isTwin) {
      const write = (): void => sites.forEach((site) => this.site(site));
      this.ifElse(guard ?? 'false', () => this.line(fast), write);
      return;
    }
    const at = this.#reserve(2);
    this.#note(at + 1);
    if (guard !== undefined) this.#text += `if(${guard}){${fast}}else `;
    this.#text += 'if(';
    for (const { line, operands, call: given, target = 'x', through } of sites) {
      const call = through === undefined ? given : `${through}(${given})`;
      this.cost++;
      const pc = this.#addSite(line);
      if (line !== 0) this.#beginLine(line, operands);
      this.#text += `(${target}=${call})===S?k=${pc}:${line === 0 ? '' : '\n'}`;
    }
    this.#text += '0)';
    this.#leave('k', Math.max(...sites.map((site) => site.live)));
    this.#text += ';';
    this.#note(at);
  }

  /** Room for ends of a structure's parts, filled while P is written, known while its twin is. Gives the first one's place. */
  #reserve(parts: number): number {
    const at = this.isTwin ? this.#endAt : this.ends.length;
    if (this.isTwin) this.#endAt += parts;
    else for (let part = 0; part < parts; part++) this.ends.push(0);
    return at;
  }

  #note(at: number): void {
    if (!this.isTwin) this.ends[at] = this.siteCount;
  }

  #endOf(at: number): number {
    return this.ends[at] ?? 0;
  }

  /** Whether the structure that is about to be written has no sites (or this is P, where that does not matter). */
  #isPlain(end: number): boolean {
    return !this.isTwin || this.#plainDepth > 0 || end === this.siteCount;
  }

  /** Writes a structure without sites, or any structure of P: its parts stand as they are. */
  #plainly(write: () => void): void {
    if (!this.isTwin) {
      write();
      return;
    }
    this.line('');
    this.#plainDepth++;
    write();
    this.#plainDepth--;
  }

  /** `head{ body }`; `resumed` is the head for a twin that may be entered with a pc. */
  #structure(head: string, resumed: string, body: () => void): void {
    const at = this.#reserve(1);
    const end = this.#endOf(at);
    if (this.#isPlain(end)) {
      this.#plainly(() => {
        this.#text += `${head}{`;
        body();
        this.#text += '}';
      });
    } else {
      this.#closeGuard();
      this.#text += `if(pc<=${end}){${resumed}{`;
      body();
      this.#closeGuard();
      this.#text += '}}';
    }
    this.#note(at);
  }

  /** `label:for(;condition;step){ body }` */
  loop(label: string, condition: string, step: string, body: () => void): void {
    const resumed = condition === '' ? '' : `pc!==0||(${condition})`;
    this.#structure(`${label}:for(;${condition};${step})`, `${label}:for(;${resumed};${step})`, body);
  }

  /** `label:{ body }` */
  block(label: string, body: () => void): void {
    this.#structure(`${label}:`, `${label}:`, body);
  }

  /** `try{ body }catch(thrown){ handler }`; the handler has no sites. */
  attempt(body: () => void, handler: string): void {
    const at = this.#reserve(1);
    const end = this.#endOf(at);
    if (this.#isPlain(end)) {
      this.#plainly(() => {
        this.#text += 'try{';
        body();
        this.#text += `}catch(thrown){${handler}}`;
      });
    } else {
      this.#closeGuard();
      this.#text += `if(pc<=${end}){try{`;
      body();
      this.#closeGuard();
      this.#text += `}catch(thrown){${handler}}}`;
    }
    this.#note(at);
  }

  ifElse(condition: string, then: () => void, otherwise?: () => void): void {
    const at = this.#reserve(2);
    const end = this.#endOf(at);
    const thenEnd = this.#endOf(at + 1);
    const write = (): void => {
      then();
      this.#note(at + 1);
      this.#closeGuardUnlessPlain();
      if (otherwise !== undefined) {
        this.#text += '}else{';
        otherwise();
        this.#closeGuardUnlessPlain();
      }
    };
    if (this.#isPlain(end)) {
      this.#plainly(() => {
        this.#text += `if(${condition}){`;
        write();
        this.#text += '}';
      });
    } else {
      this.#closeGuard();
      const entered =
        thenEnd === this.siteCount ? `pc===0&&(${condition})` : `pc===0?${condition}:pc<=${thenEnd}`;
      this.#text += `if(pc<=${end}){if(${entered}){`;
      write();
      this.#text += '}}';
    }
    this.#note(at);
  }

  #closeGuardUnlessPlain(): void {
    if (this.#plainDepth === 0) this.#closeGuard();
  }

  /** `label:for(;;){switch(state){case 0: ... case n: ...}break label}`; each part falls through to the next. */
  jumpTable(label: string, state: string, parts: readonly (() => void)[]): void {
    const at = this.#reserve(parts.length);
    const ends = parts.map((_part, part) => this.#endOf(at + part));
    const end = ends.at(-1) ?? 0;
    const write = (selector: string): void => {
      this.#text += `${label}:for(;;){switch(${selector}){`;
      parts.forEach((part, number) => {
        this.#text += `case ${number}:`;
        part();
        this.#closeGuardUnlessPlain();
        this.#note(at + number);
      });
      this.#text += `}break ${label}}`;
    };
    if (this.#isPlain(end)) this.#plainly(() => write(state));
    else {
      this.#closeGuard();
      let selector = String(parts.length - 1);
      for (let part = parts.length - 2; part >= 0; part--)
        selector = `pc<=${ends[part] ?? 0}?${part}:${selector}`;
      this.#text += `if(pc<=${end}){`;
      write(`pc===0?${state}:${selector}`);
      this.#text += '}';
    }
  }

  /** Text that stands outside all guards: what has to run also when a twin is entered with a pc. */
  bare(js: string): void {
    if (this.#plainDepth === 0) this.#closeGuard();
    this.#text += js;
  }
}
