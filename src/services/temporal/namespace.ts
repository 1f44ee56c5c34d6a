// Namespaces: which one it is, and making one on the embedded server.
import { setTimeout as sleep } from 'node:timers/promises';
import { msToTs } from '@temporalio/common/lib/time.js';
import type { TemporalConnection } from '../../temporal/connection.js';
import { GRPC, grpcCode } from '../../temporal/grpc.js';

const RETENTION_MS = 30 * 86_400_000;
/** The server tells a new namespace to all its parts within seconds. */
const READY_MS = 20_000;
const POLL_MS = 100;

export async function ensureNamespace({ connection }: TemporalConnection, namespace: string): Promise<void> {
  if (await exists(connection, namespace)) return;
  try {
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: msToTs(RETENTION_MS),
    });
  } catch (error) {
    // Another node of the app made it in the meantime.
    if (grpcCode(error) !== GRPC.ALREADY_EXISTS) throw error;
  }
  const deadline = Date.now() + READY_MS;
  while (!(await isUsable(connection, namespace)) && Date.now() < deadline) await sleep(POLL_MS);
}

/** Whether every part of the server knows it: they look for new namespaces in turns. */
async function isUsable(connection: TemporalConnection['connection'], namespace: string): Promise<boolean> {
  try {
    await connection.workflowService.listWorkflowExecutions({ namespace, pageSize: 1 });
    await connection.operatorService.listSearchAttributes({ namespace });
    return true;
  } catch (error) {
    if (grpcCode(error) === GRPC.NOT_FOUND) return false;
    throw error;
  }
}

async function exists(connection: TemporalConnection['connection'], namespace: string): Promise<boolean> {
  try {
    await connection.workflowService.describeNamespace({ namespace });
    return true;
  } catch (error) {
    if (grpcCode(error) === GRPC.NOT_FOUND) return false;
    throw error;
  }
}

/** The id of the connection's namespace; where the server does not tell it, its address and name stand for it. */
export async function namespaceId({ connection, address, namespace }: TemporalConnection): Promise<string> {
  try {
    const { namespaceInfo } = await connection.workflowService.describeNamespace({ namespace });
    const id = namespaceInfo?.id;
    if (typeof id === 'string' && id !== '') return id;
  } catch (error) {
    // Keys that may run workflows but not describe namespaces are common.
    if (grpcCode(error) === undefined) throw error;
  }
  return `${address}/${namespace}`;
}
