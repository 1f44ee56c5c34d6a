// What a Temporal server's refusal says by its status (https://grpc.io/docs/guides/status-codes/). Host only.
import { isGrpcServiceError } from '@temporalio/client';

export const GRPC = {
  CANCELLED: 1,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const;

/** The status of a refused call; undefined: the error is none of the server's. */
export const grpcCode = (error: unknown): number | undefined =>
  isGrpcServiceError(error) ? Number(error.code) : undefined;
