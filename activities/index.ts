// All activities of a node's worker, made from what the node offers.
import { Context } from '@temporalio/activity';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { ATTRIBUTES_ACTIVITY, RESOLVE_ACTIVITY, ROUTE_ACTIVITY } from '../src/temporal/names.js';
import { rememberHeaders } from './call-context.js';
import { commandActivity } from './command.js';
import type { CommandDependencies } from './command.js';
import { functionActivity } from './function.js';
import type { FunctionDependencies } from './function.js';
import { attributesActivity, resolveActivity, routeActivity } from './registry.js';
import type { DirectoryDependencies } from './registry.js';

export type ActivityDependencies = FunctionDependencies & CommandDependencies & DirectoryDependencies;

export interface NodeActivities {
  /** For the `activities` of a worker; `default` takes every type that has no activity of its own. */
  readonly activities: Readonly<Record<string, (...args: unknown[]) => Promise<unknown>>>;
  readonly interceptors: readonly ActivityInterceptorsFactory[];
}

export function createActivities(dependencies: ActivityDependencies): NodeActivities {
  const runFunction = functionActivity(dependencies);
  const runCommand = commandActivity(dependencies);
  return {
    activities: {
      [RESOLVE_ACTIVITY]: resolveActivity(dependencies),
      [ROUTE_ACTIVITY]: routeActivity(dependencies),
      [ATTRIBUTES_ACTIVITY]: attributesActivity(dependencies),
      // Entry ids have a colon, command types have none.
      default: (...args) =>
        Context.current().info.activityType.includes(':') ? runFunction(...args) : runCommand(args[0]),
    },
    interceptors: [rememberHeaders],
  };
}
