// The component of a node that commands on the same machine talk to.
// D1: it goes last of its level, so that people see what a node that stops still waits for: by its name, which is before
//     'functions' and 'processes' (C2 of core/components.ts).
import { defineComponent } from '../../core/component.js';
import type { Component } from '../../core/component.js';
import type { ErrorData } from '../../core/error-data.js';
import { keys } from '../keys.js';
import { openControlSocket } from './control-socket.js';
import { nodeControl } from './node-control.js';
import type { ControlHandlers } from './node-control.js';

export function controlComponent(stateFolder: string, toErrorData: (error: unknown) => ErrorData): Component {
  let opened: AsyncDisposable | undefined;
  let handlers: ControlHandlers = new Map();
  return defineComponent({
    name: 'control',
    dependsOn: ['factory'],
    load(app) {
      handlers = nodeControl({
        topology: app.get(keys.topology),
        router: app.get(keys.router),
        peers: app.get(keys.peers),
      });
    },
    async start(app) {
      const { node } = app.get(keys.peers);
      const logger = app.get(keys.logger);
      try {
        opened = await openControlSocket({ stateFolder, node, handlers, logger, toErrorData });
      } catch (error) {
        // The node does its work without it.
        logger.warn('`moontide ps` and its like do not reach this node', { error });
      }
    },
    stop: async () => {
      await opened?.[Symbol.asyncDispose]();
    },
  });
}
