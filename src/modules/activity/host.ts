// What a node answers about the activity within which a call runs.
import type { HostHandlers } from '../../core/handler.js';

export const activityHandlers: HostHandlers = {
  'activity.info': (_command, { activity }) => activity?.info() ?? null,
  'activity.heartbeat': ({ details = null }, { activity }) => {
    activity?.heartbeat(details);
    return true;
  },
};
