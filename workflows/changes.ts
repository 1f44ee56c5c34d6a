// What a replay of an older history sees of later changes: one constant each, with its biography. Sealed.
// C1: a constant is never reused; `patched(constant)` decides, and a recorded history guards each side (test/replay).

/**
 * The supervisor tells nodes of the states of groups, by an activity for each node.
 * Before, nodes heard of the lives that they have only, and `supervisor.state.*` had nothing of a process.supervisor.
 * To be dropped when no supervisor of a version before 0.1.0's release runs any more.
 */
export const GROUP_NEWS = 'moontide-1';
