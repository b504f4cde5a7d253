/** The status codes of gRPC that are told apart; Temporal's client passes them on as numbers. */
export const grpcStatus = {
  deadlineExceeded: 4,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  unimplemented: 12,
  unavailable: 14,
} as const
