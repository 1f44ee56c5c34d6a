// Numbers of the `websocket` module. Sealed.

/** Types of messages, as `send` takes them. */
export const TEXT = 1;
export const BINARY = 2;

/** Most bytes of a message that a connection can be made to take. */
export const MOST_MESSAGE = 128 * 1024 * 1024;

export const COMPRESSION = { DISABLED: 0, CONTEXT_TAKEOVER: 1, NO_CONTEXT: 2 } as const;

/** RFC 6455, 7.4.1, and its registry. */
export const CLOSE_CODES = {
  NORMAL: 1000,
  GOING_AWAY: 1001,
  PROTOCOL_ERROR: 1002,
  UNSUPPORTED_DATA: 1003,
  RESERVED: 1004,
  NO_STATUS: 1005,
  ABNORMAL_CLOSURE: 1006,
  INVALID_PAYLOAD: 1007,
  POLICY_VIOLATION: 1008,
  MESSAGE_TOO_BIG: 1009,
  MANDATORY_EXTENSION: 1010,
  INTERNAL_ERROR: 1011,
  SERVICE_RESTART: 1012,
  TRY_AGAIN_LATER: 1013,
  BAD_GATEWAY: 1014,
  TLS_HANDSHAKE: 1015,
} as const;
