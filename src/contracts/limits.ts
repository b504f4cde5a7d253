/** Bounds of the product that clients may rely on. Configurable ones live in the configuration. */

/** Model calls in one turn; the turn then ends with outcome `limit`, code `too_many_rounds`. */
export const roundLimit = 25
/** Tool calls in one model reply; the rest are answered with `too_many_tool_calls`. */
export const toolCallLimit = 32
/** Characters (UTF-16 units) of one user message. */
export const messageTextLimit = 100_000
/** Bytes of one HTTP request body. */
export const bodySizeLimitBytes = 1_000_000
/** Bytes of a conversation that is imported. */
export const importSizeLimitBytes = 20_000_000
/** Messages of a conversation that is imported: more rows than that are not written in the time of one statement. */
export const importMessageLimit = 20_000
/** Facts that a compaction lists; the others are counted. */
export const factLimit = 400
/** Forks and imports of one owner. */
export const copiesPerMinute = 20
/** Characters of one model answer; more ends the turn with code `answer_too_long`. */
export const answerTextLimit = 1_000_000
/** Bytes of one tool's output as JSON; more is the tool error `result_too_large`. */
export const toolOutputLimitBytes = 16 * 1024 * 1024
/** Bytes of an output that stands in its event; of a larger one the event has a reference. */
export const inlineOutputLimitBytes = 64 * 1024
/** Characters of one tool's result that the model is given, about 4,000 tokens of prose, 6,500 of JSON; `read_result` reads on. */
export const toolResultTextLimit = 16 * 1024
/** Characters of one part of a result that the API gives. */
export const resultPartLimit = 256 * 1024
/** History events and bytes after which a conversation continues as new. */
export const historyEventLimit = 1_500
export const historySizeLimitBytes = 1024 * 1024
/** Message ids a workflow remembers to drop duplicates early; the database key decides beyond that. */
export const seenMessageLimit = 200
/** Milliseconds of one try of a tool: 23 days. Timers of Node hold no more than 24. */
export const longestToolTimeoutMs = 2_000_000_000
/** Questions in one form, options of one question, and characters of a free text. */
export const questionLimit = 20
export const optionLimit = 50
export const answerFieldLimit = 4_000
/** Days that a question or a permission may stay open, and that a grant may last. */
export const longestWaitDays = 30
export const longestGrantDays = 90
