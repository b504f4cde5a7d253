/** Codes of every error and named outcome; stable, one page each in docs/errors. */
export const errorStatus = {
  // HTTP
  unauthorized: 401,
  not_found: 404,
  conflict: 409,
  message_conflict: 409,
  cursor_ahead: 409,
  message_started: 409,
  edit_overtaken: 409,
  turn_running: 409,
  request_resolved: 409,
  request_expired: 410,
  payload_too_large: 413,
  unsupported_media_type: 415,
  invalid_json: 400,
  invalid_request: 422,
  unknown_model: 422,
  unknown_tool: 422,
  unknown_chain: 422,
  invalid_answers: 422,
  host_not_allowed: 421,
  queue_full: 429,
  too_many_requests: 429,
  too_many_streams: 429,
  too_many_turns: 429,
  too_many_conversations: 429,
  unsupported_setting: 422,
  not_a_user_message: 422,
  import_invalid: 422,
  internal: 500,
  temporal_unavailable: 503,
  database_unavailable: 503,
  no_worker: 503,
  shutting_down: 503,
  service_busy: 503,
  service_unavailable: 503,
  // Models
  model_rate_limited: 503,
  model_unavailable: 503,
  model_rejected: 502,
  model_unauthorized: 502,
  model_stream_cut: 502,
  model_silent: 504,
  model_timeout: 504,
  model_garbage: 502,
  answer_too_long: 502,
  output_limit: 502,
  content_filtered: 502,
  // Turns
  too_many_rounds: 500,
  turn_time_limit: 500,
  context_full: 500,
  compaction_failed: 502,
  turn_budget: 402,
  day_budget: 402,
  owner_budget: 402,
  stopped: 500,
  stalled: 500,
  // Tools
  tool_unknown: 404,
  tool_not_allowed: 403,
  tool_input_invalid: 422,
  tool_output_invalid: 500,
  result_too_large: 500,
  result_unknown: 404,
  tool_failed: 500,
  tool_crashed: 500,
  tool_timeout: 504,
  permission_denied: 403,
  permission_rejected: 403,
  permission_expired: 403,
  question_declined: 403,
  no_answer: 403,
  too_many_tool_calls: 422,
  too_many_background_calls: 429,
  left_behind: 404,
  chain_unavailable: 503,
  chain_rejected: 502,
  invalid_address: 422,
  compile_failed: 422,
  // Start-up
  configuration: 500,
  permission_rules_invalid: 500,
  migration_edited: 500,
  database_newer: 500,
  tool_file_invalid: 500,
} as const

export type ErrorCode = keyof typeof errorStatus

export type AppErrorOptions = {
  details?: Record<string, unknown>
  cause?: unknown
  /** How long to wait before a retry, in milliseconds. */
  retryAfterMs?: number
}

/**
 * The one error class of the product. The code is stable; the message says what happened, with which
 * value, and what to do. Never put keys, signatures or URLs with credentials in it.
 */
export class AppError extends Error {
  override readonly name = 'AppError'
  readonly code: ErrorCode
  readonly details: Record<string, unknown>
  readonly retryAfterMs: number | undefined

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.details = options.details ?? {}
    this.retryAfterMs = options.retryAfterMs
  }
}
