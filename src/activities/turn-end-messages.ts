/** What the user is told of a turn that ended with a code, whoever ends it. */
export const turnEndMessages = {
  stopped: 'The turn was stopped.',
  too_many_rounds:
    'The model asked for tools again and again. Ask for less at once, or continue with a new message.',
  turn_time_limit: 'The turn took too long. Continue with a new message.',
  output_limit: 'The answer was cut at its limit of output tokens.',
  content_filtered: 'The service withheld its answer, or the rest of it.',
  internal: 'The turn failed through a fault of the program. The next message works.',
}
