// The calling convention between compiled Lua, the runtime and the builtins. Sealed.
// P1: a Lua function is a JavaScript function of its arguments. It returns one value as itself, any other number as an array
//     (EMPTY for none), or S. Nobody changes an array that was returned; missing arguments are undefined.
// P2: S means "suspended": every function that gets S from a call pushes one frame that knows how to go on and returns S at once.
//     `return f(x)` may pass S on without a frame. Frames are pushed innermost first.
// P3: a frame is resumed with the result of the call that gave S, and returns what its function would have returned (S again included).
// P4: a builtin whose callbacks may suspend pushes a frame; one whose callbacks may not calls them with `callSync`, and a
//     suspension there is Lua's error "attempt to yield across a C-call boundary".
// P5: an error is a thrown LuaError; nothing else that is thrown reaches Lua as it is (errors.ts).
// P6: machine.depth and machine.barrier need no care on errors: whoever catches puts back what it saw before.
//
// pcall, xpcall, error, assert (protected.ts), coroutine.* (coroutine-library.ts), next, pairs, ipairs (iteration.ts) and
// tostring's text (text.ts) are here already; the library only lists them. Errors of builtins: errors.ts. Calls: metatables.ts.
export { charge, chargeMemory, chargeText } from './budget.js';
export {
  all,
  builtin,
  EMPTY,
  first,
  Frame,
  machine,
  push,
  results,
  S,
  SOFT,
  startMachine,
  suspend,
} from './machine.js';
export type { Callable, FrameStack, Reason, Result, Value } from './machine.js';
